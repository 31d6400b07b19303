"""The API where the service mounts it, without the pages."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("resecure.entrypoints.api.urls")),
]
