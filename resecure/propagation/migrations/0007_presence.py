"""Which messengers live, and by which of them a delivery is claimed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("propagation", "0006_changes_without_choices")]
    operations = [
        migrations.CreateModel(
            name="Messenger",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("gone_since", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="claimed_by",
            field=models.IntegerField(null=True),
        ),
    ]
