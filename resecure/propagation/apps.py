from django.apps import AppConfig


class PropagationConfig(AppConfig):
    name = "resecure.propagation"
    label = "propagation"
    default_auto_field = "django.db.models.BigAutoField"
