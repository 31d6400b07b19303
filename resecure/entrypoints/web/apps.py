from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "resecure.entrypoints.web"
    label = "web"
