"""Addresses and numbers that wait for their code."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0011_confirmation_codes")]
    operations = [
        migrations.CreateModel(
            name="PendingContact",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("value", models.CharField(max_length=254)),
                ("generation", models.BigIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("code", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["asked_at"], name="pending_contact_by_time")],
                "constraints": [models.UniqueConstraint(fields=("account", "kind"), name="pending_contact_once")],
            },
        ),
    ]
