"""Help, open to everybody."""

from django.urls import path

from resecure.entrypoints.web.help import views

app_name = "help"
urlpatterns = [
    path("", views.index, name="index"),
    path("acceptable-use-policy/", views.aup, name="aup"),
    path("<slug:article>/", views.article, name="article"),
]
