"""Passkeys, authenticator apps, recovery codes and challenges; what a session and a sign-in know of them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0015_pending_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="password_is_short",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="by_password",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="session",
            name="second_factor",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="second_factor_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="second_factor_kind",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="signin",
            name="by_password",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="signin",
            name="second_factor",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="signin",
            name="second_factor_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="signin",
            name="second_factor_kind",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
        migrations.AlterField(
            model_name="identityconfirmation",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("resecure", "Resecure Account"),
                    ("reset_password", "Reset Password"),
                    ("unlock", "Unlock"),
                    ("reset_second_factor", "Reset second factor"),
                ],
                default="resecure",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="resecuring",
            name="second_factors_removed",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("add_passkey", "Add Passkey"),
                            ("add_totp", "Add Totp"),
                            ("use_passkey", "Use Passkey"),
                            ("sign_in", "Sign In"),
                        ],
                        max_length=20,
                    ),
                ),
                ("generation", models.BigIntegerField(null=True)),
                ("bound_to", models.UUIDField(null=True)),
                ("value", models.BinaryField()),
                ("secret_key_name", models.CharField(blank=True, default="", max_length=50)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="identity.account"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="identity.account")),
            ],
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("passkey", "Passkey"), ("totp", "Authenticator app")], max_length=20),
                ),
                ("name", models.CharField(max_length=60)),
                ("added_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("credential", models.BinaryField(null=True, unique=True)),
                ("public_key", models.BinaryField(null=True)),
                ("sign_count", models.BigIntegerField(default=0)),
                ("secret", models.BinaryField(null=True)),
                ("secret_key_name", models.CharField(blank=True, default="", max_length=50)),
                ("last_step", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="second_factors",
                        to="identity.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("credential__isnull", False),
                                ("kind", "passkey"),
                                ("public_key__isnull", False),
                                ("secret", None),
                            ),
                            models.Q(
                                ("credential", None),
                                ("kind", "totp"),
                                ("secret__isnull", False),
                                models.Q(("secret_key_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="second_factor_is_whole",
                    )
                ],
            },
        ),
    ]
