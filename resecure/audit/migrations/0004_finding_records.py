"""Indexes in the order in which people read: by time, of everything, of a person, of a place, of an event.

Made CONCURRENTLY: the service goes on recording meanwhile. Those by number alone are no longer asked.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_ends_stay")]
    operations = [
        AddIndexConcurrently("record", models.Index(fields=["at", "id"], name="audit_by_time")),
        AddIndexConcurrently("record", models.Index(fields=["target", "at", "id"], name="audit_of_target")),
        AddIndexConcurrently("record", models.Index(fields=["actor", "at", "id"], name="audit_of_actor")),
        AddIndexConcurrently("record", models.Index(fields=["event", "at", "id"], name="audit_of_event")),
        AddIndexConcurrently(
            "record", models.Index(fields=["organisation_path", "at", "id"], name="audit_of_organisation")
        ),
        RemoveIndexConcurrently("record", "audit_by_target"),
        RemoveIndexConcurrently("record", "audit_by_actor"),
    ]
