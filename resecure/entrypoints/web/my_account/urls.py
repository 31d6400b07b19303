"""One's own account, and the home page."""

from django.urls import path

from resecure.entrypoints.web.my_account import contacts, second_factors, views

app_name = "my_account"
urlpatterns = [
    path("", views.home, name="home"),
    path("my-account/", views.profile, name="profile"),
    path("my-account/edit/", views.edit, name="edit"),
    path("my-account/address/", contacts.address, name="address"),
    path("my-account/confirm/<str:kind>/", contacts.confirm, name="confirm"),
    path("my-account/confirm/<str:kind>/another/", contacts.another, name="another_code"),
    path("my-account/confirm/<str:kind>/withdraw/", contacts.withdraw, name="withdraw"),
    path("my-account/sessions/", views.sessions, name="sessions"),
    path("my-account/applications/", views.applications, name="applications"),
    path("my-account/applications/<uuid:sid>/leave/", views.leave, name="leave"),
    path("my-account/sessions/end-others/", views.end_others, name="end_others"),
    path("my-account/sessions/<uuid:session>/end/", views.end, name="end"),
    path("my-account/second-factor/", second_factors.second_factors, name="second_factors"),
    path("my-account/second-factor/app/", second_factors.add_app, name="add_app"),
    path("my-account/second-factor/passkey/", second_factors.add_passkey, name="add_passkey"),
    path("my-account/second-factor/codes/", second_factors.recovery_codes, name="recovery_codes"),
    path("my-account/second-factor/<uuid:factor>/rename/", second_factors.rename, name="rename_second_factor"),
    path("my-account/second-factor/<uuid:factor>/remove/", second_factors.remove, name="remove_second_factor"),
    path("my-account/password/", views.password, name="password"),
    path("my-account/acceptable-use-policy/", views.aup, name="aup"),
]
