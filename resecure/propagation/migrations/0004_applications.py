"""Applications as connected systems: which one, when it was told, whose turn it is, and who is out of reach."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("propagation", "0003_locked_and_inactive"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("target", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("failures", models.IntegerField()),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="target",
            field=models.CharField(db_default="", default="", max_length=36),
        ),
        migrations.AddField(
            model_name="delivery",
            name="told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="turn",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="change",
            field=models.CharField(
                choices=[
                    ("resecured", "account resecured"),
                    ("password_reset", "temporary password set"),
                    ("back_at_work", "all steps done"),
                    ("created", "account created"),
                    ("locked", "account locked"),
                    ("unlocked", "account unlocked"),
                    ("inactive", "account inactive"),
                    ("disabled", "account disabled"),
                    ("enabled", "account enabled"),
                    ("leaver", "marked as leaver"),
                    ("joined", "joined a new organisation"),
                    ("deleted", "account deleted"),
                    ("restored", "account restored"),
                    ("sessions_ended", "all sessions ended"),
                    ("password_changed", "password changed"),
                    ("role_granted", "role granted"),
                    ("role_withdrawn", "role withdrawn"),
                    ("session_ended", "session ended"),
                ],
                max_length=32,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="system",
            field=models.CharField(
                choices=[
                    ("mail", "Mail to the person"),
                    ("applications", "Finding the applications to tell"),
                    ("application", "Application"),
                ],
                max_length=32,
            ),
        ),
    ]
