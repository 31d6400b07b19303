"""Signing in, its steps, and signing out."""

from django.urls import path

from resecure.entrypoints.web.sign_in import second_factor, views

app_name = "sign_in"
urlpatterns = [
    path("sign-in/", views.start, name="start"),
    path("sign-in/passkey/", second_factor.passkey, name="passkey"),
    path("sign-in/passkey/ask/", second_factor.ask, name="ask_for_passkey"),
    path("sign-in/second-factor/", views.second_factor, name="second_factor"),
    path("sign-in/add-second-factor/", second_factor.add, name="add_second_factor"),
    path("sign-in/add-second-factor/app/", second_factor.add_app, name="add_app"),
    path("sign-in/add-second-factor/passkey/", second_factor.add_passkey, name="add_passkey"),
    path("sign-in/new-password/", views.new_password, name="new_password"),
    path("sign-in/acceptable-use-policy/", views.aup, name="aup"),
    path("sign-in/profile/", views.profile, name="profile"),
    path("sign-in/account-secret/", views.account_secret, name="account_secret"),
    path("sign-in/onwards/", views.onwards, name="onwards"),
    path("sign-in/cancel/", views.cancel, name="cancel"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
