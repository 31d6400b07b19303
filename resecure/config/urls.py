"""Every URL of the service. Routes declare who may use them where they are written."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
