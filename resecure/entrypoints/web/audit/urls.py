"""The pages of the audit."""

from django.urls import path

from resecure.entrypoints.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.index, name="index"),
    path("accounts/<uuid:account_id>/", views.of_account, name="of_account"),
    path("administrators/<uuid:account_id>/", views.of_administrator, name="of_administrator"),
    path("checkpoint/", views.checkpoint, name="checkpoint"),
    path("export/<str:form>/", views.export, name="export"),
]
