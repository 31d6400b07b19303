"""Checkpoints that the console made, as they were signed: pages and API hand out the latest, and sign nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_finding_records")]
    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("records", models.BigIntegerField()),
                ("note", models.TextField()),
            ],
        ),
    ]
