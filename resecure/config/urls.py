"""Every URL of the service. Who may use a route is declared where its view is written."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("resecure.entrypoints.api.urls")),
    path("forward/", include("resecure.entrypoints.gate.urls", namespace="forward")),
    path("", include("resecure.entrypoints.oidc.urls", namespace="oidc")),
    path("", include("resecure.entrypoints.web.urls")),
]

handler400 = "resecure.entrypoints.web.errors.bad_request"
handler403 = "resecure.entrypoints.web.errors.forbidden"
handler404 = "resecure.entrypoints.web.errors.not_found"
handler500 = "resecure.entrypoints.web.errors.server_error"
