"""Approvals, and who approved a resecuring. New columns are empty or constant: no row is written."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0016_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("organisation_path", models.CharField(db_collation="C", max_length=200)),
                ("operation", models.CharField(max_length=20)),
                ("arguments", models.JSONField(default=dict)),
                ("needs", models.JSONField(default=list)),
                ("confirmation", models.UUIDField()),
                ("method", models.CharField(max_length=20)),
                ("reference", models.CharField(max_length=200)),
                ("asker", models.UUIDField()),
                ("asker_generation", models.BigIntegerField()),
                ("generation", models.BigIntegerField()),
                ("idempotency_key", models.CharField(max_length=100, null=True)),
                ("asked_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved, to be carried out by who asked"),
                            ("executed", "Approved and carried out"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("overtaken", "Overtaken: something changed meanwhile"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("reason", models.CharField(default="", max_length=500)),
                ("ended_at", models.DateTimeField(null=True)),
                ("resecuring", models.UUIDField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="resecuring",
            name="approval",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="resecuring",
            name="approved_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="resecuring",
            name="organisation_path",
            field=models.CharField(db_collation="C", db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="approval",
            name="account",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.account"),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "approved"])),
                fields=["organisation_path", "asked_at"],
                name="approval_open_by_place",
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(fields=["asker", "-asked_at"], name="approval_by_asker"),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(fields=["account", "-asked_at"], name="approval_by_account"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "approved", "executed", "declined", "withdrawn", "expired", "overtaken"])
                ),
                name="approval_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_by__isnull", False),
                        ("state__in", ["approved", "executed"]),
                        models.Q(("decided_by", models.F("asker")), _negated=True),
                        models.Q(("decided_by", models.F("account")), _negated=True),
                    ),
                    models.Q(("state__in", ["approved", "executed"]), _negated=True),
                    _connector="OR",
                ),
                name="approval_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["waiting", "approved"])),
                fields=("account", "operation"),
                name="approval_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(fields=("confirmation",), name="approval_by_one_confirmation"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(fields=("asker", "idempotency_key"), name="approval_asked_once"),
        ),
    ]
