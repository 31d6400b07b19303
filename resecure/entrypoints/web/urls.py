"""The pages, one area a module."""

from django.urls import include, path

urlpatterns = [
    path("", include("resecure.entrypoints.web.sign_in.urls", namespace="sign_in")),
    path("", include("resecure.entrypoints.web.my_account.urls", namespace="my_account")),
    path(
        "user-management/",
        include("resecure.entrypoints.web.user_management.urls", namespace="user_management"),
    ),
    path("applications/", include("resecure.entrypoints.web.applications.urls", namespace="applications")),
    path("approvals/", include("resecure.entrypoints.web.approvals.urls", namespace="approvals")),
    path("alerts/", include("resecure.entrypoints.web.alerts.urls", namespace="alerts")),
    path("audit/", include("resecure.entrypoints.web.audit.urls", namespace="audit")),
    path("organisations/", include("resecure.entrypoints.web.organisations.urls", namespace="organisations")),
    path("help/", include("resecure.entrypoints.web.help.urls", namespace="help")),
    path("not-me/", include("resecure.entrypoints.web.not_me.urls", namespace="not_me")),
    path("mailbox/", include("resecure.entrypoints.web.mailbox.urls", namespace="mailbox")),
]
