"""The pages of applications."""

from django.urls import path

from resecure.entrypoints.web.applications import views

app_name = "applications"
urlpatterns = [
    path("", views.index, name="index"),
    path("register/", views.choose_kind, name="choose_kind"),
    path("register/<str:kind>/", views.register, name="register"),
    path("<uuid:application_id>/", views.application, name="application"),
    path("<uuid:application_id>/change/", views.change, name="change"),
    path("<uuid:application_id>/secret/", views.secret, name="secret"),
    path("<uuid:application_id>/remove/", views.remove, name="remove"),
]
