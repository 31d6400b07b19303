"""When somebody asked by hand that a delivery be sent again: its patience counts from there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("propagation", "0007_presence")]
    operations = [
        migrations.AddField(model_name="delivery", name="retried_at", field=models.DateTimeField(null=True)),
    ]
