"""Who to call: open to everybody, because a locked-out person cannot sign in to look it up."""

from django.urls import path, re_path

from resecure.entrypoints.web.organisations import policy, views

app_name = "organisations"
urlpatterns = [
    path("", views.find, name="find"),
    # A code and nothing else: whatever holds another character is no organisation, and asks no database.
    re_path(r"^(?P<code>[A-Za-z0-9][A-Za-z0-9_-]{0,19})/policy/$", policy.policy, name="policy"),
    re_path(r"^(?P<code>[A-Za-z0-9][A-Za-z0-9_-]{0,19})/$", views.page, name="page"),
]
