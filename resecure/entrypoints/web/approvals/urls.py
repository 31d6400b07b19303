"""The pages of approvals."""

from django.urls import path

from resecure.entrypoints.web.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:approval_id>/", views.approval, name="approval"),
    path("<uuid:approval_id>/decline/", views.decline, name="decline"),
    path("<uuid:approval_id>/withdraw/", views.withdraw, name="withdraw"),
]
