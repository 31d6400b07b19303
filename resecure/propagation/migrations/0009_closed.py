"""A delivery can be closed by somebody who says why. Columns without a value, or with a constant one: no rewrite."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("propagation", "0008_patience")]
    operations = [
        migrations.AddField(model_name="delivery", name="closed_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="delivery", name="closed_by", field=models.UUIDField(null=True)),
        migrations.AddField(
            model_name="delivery",
            name="closed_because",
            field=models.CharField(max_length=300, default="", db_default=""),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                max_length=16,
                default="requested",
                choices=[
                    ("requested", "waiting"),
                    ("acknowledged", "acknowledged"),
                    ("confirmed", "confirmed"),
                    ("failed", "failed"),
                    ("closed", "closed"),
                ],
            ),
        ),
    ]
