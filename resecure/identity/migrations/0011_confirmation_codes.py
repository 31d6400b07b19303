import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0010_known_browsers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConfirmationCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.UUIDField()),
                ("purpose", models.CharField(max_length=20)),
                ("generation", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("key_name", models.CharField(max_length=40)),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.SmallIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="identity.account"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["account", "-sent_at"], name="code_by_account")]},
        ),
    ]
