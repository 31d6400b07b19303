"""What the rules of watching count, by index, built beside a service that goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("identity", "0017_approvals")]
    operations = [
        AddIndexConcurrently("alert", models.Index(fields=["actor", "-raised_at"], name="alert_by_actor")),
        AddIndexConcurrently("resecuring", models.Index(fields=["by", "begun_at"], name="resecuring_by_administrator")),
        AddIndexConcurrently("resecuring", models.Index(fields=["account", "begun_at"], name="resecuring_by_account")),
        AddIndexConcurrently(
            "resecuring", models.Index(fields=["organisation_path", "begun_at"], name="resecuring_by_place")
        ),
    ]
