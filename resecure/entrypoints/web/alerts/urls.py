"""The pages of alerts."""

from django.urls import path

from resecure.entrypoints.web.alerts import views

app_name = "alerts"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:alert_id>/", views.alert, name="alert"),
]
