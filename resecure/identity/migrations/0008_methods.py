import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0007_authenticate_user"),
    ]

    operations = [
        migrations.AddField(model_name="account", name="mobile_changed_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="identityconfirmation", name="details", field=models.JSONField(null=True)),
        migrations.CreateModel(
            name="Caution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "-until"], name="caution_by_account")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("until__gt", models.F("at"))), name="caution_ends_later")
                ],
            },
        ),
    ]
