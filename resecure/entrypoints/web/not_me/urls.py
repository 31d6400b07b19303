"""This wasn't me: reached from a message, by somebody who cannot or need not sign in."""

from django.urls import path

from resecure.entrypoints.web.not_me import views

app_name = "not_me"
urlpatterns = [
    path("done/", views.done, name="done"),
    path("<slug:token>/", views.ask, name="ask"),
]
