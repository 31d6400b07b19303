"""Applications, what people are signed in to there, what was issued, and the keys that sign."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0004_status_before_lock"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("public", models.JSONField()),
                ("private", models.BinaryField()),
                ("private_key_name", models.CharField(max_length=50)),
                ("made_at", models.DateTimeField()),
                ("signs_from", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("web", "Web application with a secret (OpenID Connect)"),
                            ("public", "Application without a secret, in a browser or on a device (OpenID Connect)"),
                            ("machine", "Machine that signs in for itself (client credentials)"),
                            ("forward", "Application behind a proxy that asks us at every request (forward auth)"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.CharField(default="", max_length=500)),
                ("redirect_addresses", models.JSONField(default=list)),
                ("after_sign_out_addresses", models.JSONField(default=list)),
                ("logout_address", models.CharField(default="", max_length=500)),
                ("question_address", models.CharField(default="", max_length=500)),
                ("asks_each_time", models.BooleanField(default=False)),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.UUIDField()),
                ("changed_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["web", "public", "machine", "forward"])),
                        name="application_kind_known",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("removed_at__isnull", True)),
                        name="application_name_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApplicationSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.UUIDField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="identity.application"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApplicationSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("generation", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.account"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="identity.application"),
                ),
                (
                    "session",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.session"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApplicationToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("code", "code"),
                            ("access", "access"),
                            ("refresh", "refresh"),
                            ("handover", "handover"),
                            ("forward", "forward"),
                        ],
                        max_length=10,
                    ),
                ),
                ("generation", models.BigIntegerField(null=True)),
                ("scope", models.CharField(default="", max_length=500)),
                ("grant", models.JSONField(default=dict)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.application"
                    ),
                ),
                (
                    "application_session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, to="identity.applicationsession"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApplicationAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="access", to="identity.application"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="identity.organisation"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("application", "organisation"), name="access_given_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="applicationsession",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["account"], name="application_session_open"
            ),
        ),
        migrations.AddIndex(
            model_name="applicationsession",
            index=models.Index(fields=["session"], name="application_session_of"),
        ),
        migrations.AddConstraint(
            model_name="applicationsession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("session", "application"),
                name="application_session_once",
            ),
        ),
        migrations.AddIndex(
            model_name="applicationtoken",
            index=models.Index(fields=["expires_at"], name="application_token_old"),
        ),
        migrations.AddConstraint(
            model_name="applicationtoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["code", "access", "refresh", "handover", "forward"])),
                name="application_token_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="applicationtoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("application_session__isnull", False), ("generation__isnull", False)),
                    models.Q(("application_session__isnull", True), ("generation__isnull", True), ("kind", "access")),
                    _connector="OR",
                ),
                name="application_token_bound",
            ),
        ),
    ]
