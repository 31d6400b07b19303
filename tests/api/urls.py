"""The API and the probes where the service mounts them, without the pages."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("resecure.entrypoints.api.urls")),
    path("", include("resecure.entrypoints.probes")),
]
