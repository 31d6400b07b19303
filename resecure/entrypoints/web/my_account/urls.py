"""One's own account, and the home page."""

from django.urls import path

from resecure.entrypoints.web.my_account import contacts, views

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
    path("my-account/password/", views.password, name="password"),
    path("my-account/acceptable-use-policy/", views.aup, name="aup"),
]
