"""When the second factor was last changed: a resecure soon after needs a second person."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0018_counting")]
    operations = [
        migrations.AddField(
            model_name="account", name="second_factor_changed_at", field=models.DateTimeField(null=True)
        ),
    ]
