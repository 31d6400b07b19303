"""What a lock interrupted: the status before it and since when, so that the account goes back there."""

from django.db import migrations, models

_CONDITION = models.Q(status_before_lock__isnull=True, status_before_lock_since__isnull=True) | models.Q(
    status_before_lock__in=["active", "inactive", "leaver"],
    status_before_lock__isnull=False,
    status_before_lock_since__isnull=False,
)
# One statement, all of it or none: two empty columns and a constraint that looks at new rows only. It needs the
# table for a moment, however many accounts there are.
FORWARD = """
ALTER TABLE identity_account
  ADD COLUMN status_before_lock varchar(20),
  ADD COLUMN status_before_lock_since timestamptz,
  ADD CONSTRAINT account_status_before_lock_is_whole CHECK (
    (status_before_lock IS NULL AND status_before_lock_since IS NULL)
    OR (status_before_lock IN ('active', 'inactive', 'leaver') AND status_before_lock IS NOT NULL
      AND status_before_lock_since IS NOT NULL)) NOT VALID
"""
BACK = """
ALTER TABLE identity_account DROP CONSTRAINT account_status_before_lock_is_whole,
  DROP COLUMN status_before_lock_since, DROP COLUMN status_before_lock
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_search")]
    operations = [
        migrations.RunSQL(
            FORWARD,
            BACK,
            state_operations=[
                migrations.AddField("account", "status_before_lock", models.CharField(max_length=20, null=True)),
                migrations.AddField("account", "status_before_lock_since", models.DateTimeField(null=True)),
                migrations.AddConstraint(
                    "account",
                    models.CheckConstraint(name="account_status_before_lock_is_whole", condition=_CONDITION),
                ),
            ],
        ),
    ]
