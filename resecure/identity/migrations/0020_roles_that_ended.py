"""As whom a second person decided, and which roles ended, by index, built beside a service that goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("identity", "0019_second_factor_changed")]
    operations = [
        migrations.AddField("approval", "decider_generation", models.BigIntegerField(null=True)),
        AddIndexConcurrently(
            "rolegrant",
            models.Index(
                condition=models.Q(withdrawn_at__isnull=False),
                fields=["account", "withdrawn_at"],
                name="role_ended_by_account",
            ),
        ),
    ]
