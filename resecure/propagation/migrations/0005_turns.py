"""Indexes by system and turn, built beside a service that goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("propagation", "0004_applications")]
    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(
                fields=["system", "turn"], name="propagation_open_by_system", condition=models.Q(state="requested")
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                fields=["target", "turn"],
                name="propagation_open_by_target",
                condition=models.Q(state="requested", system="application"),
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                fields=["account", "system", "target", "order"],
                name="propagation_open_in_order",
                condition=models.Q(state="requested"),
            ),
        ),
        RemoveIndexConcurrently("delivery", "propagation_open"),
    ]
