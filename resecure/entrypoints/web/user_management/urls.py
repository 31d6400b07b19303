"""The pages of User Management."""

from __future__ import annotations

from django.urls import path

from resecure.entrypoints.web.user_management import (
    account,
    actions,
    authenticate,
    cannot_confirm,
    close_delivery,
    code,
    create,
    resecure,
    resecuring,
    roles,
    search,
    temporary_password,
)

app_name = "user_management"

urlpatterns = [
    path("", search.search, name="search"),
    path("awaiting/", search.awaiting, name="awaiting"),
    path("create/", create.create, name="create"),
    path("resecurings/<uuid:resecuring_id>/", resecuring.resecuring, name="resecuring"),
    path(
        "resecurings/<uuid:resecuring_id>/close/<uuid:delivery_id>/",
        close_delivery.close_delivery_page,
        name="close_delivery",
    ),
    path("<uuid:account_id>/", account.account, name="account"),
    path("<uuid:account_id>/resecure/", resecure.resecure_page, name="resecure"),
    path(
        "<uuid:account_id>/temporary-password/",
        temporary_password.temporary_password,
        name="temporary_password",
    ),
    path("<uuid:account_id>/authenticate/", authenticate.authenticate, name="authenticate"),
    path("<uuid:account_id>/authenticate/lift/", authenticate.lift, name="lift_authentication_lock"),
    path("<uuid:account_id>/roles/", roles.roles, name="roles"),
    path("<uuid:account_id>/code/<slug:purpose>/", code.code, name="code"),
    path("<uuid:account_id>/cannot-confirm/", cannot_confirm.cannot_confirm, name="cannot_confirm"),
    path("<uuid:account_id>/reset-second-factor/", actions.reset_second_factor, name="reset_second_factor"),
    path("<uuid:account_id>/unlock/", actions.unlock, name="unlock"),
    path("<uuid:account_id>/disable/", actions.disable, name="disable"),
    path("<uuid:account_id>/enable/", actions.enable, name="enable"),
    path("<uuid:account_id>/mark-as-leaver/", actions.mark_as_leaver, name="mark_as_leaver"),
    path("<uuid:account_id>/join/", actions.join, name="join"),
    path("<uuid:account_id>/delete/", actions.delete, name="delete"),
    path("<uuid:account_id>/restore/", actions.restore, name="restore"),
    path("<uuid:account_id>/end-all-sessions/", actions.end_all_sessions, name="end_all_sessions"),
]
