"""The demonstration's mailbox."""

from django.urls import path

from resecure.entrypoints.web.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:key>/", views.message, name="message"),
]
