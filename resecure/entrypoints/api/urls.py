"""The URLs of the API. What it does not know is answered as a problem, too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt

from resecure.entrypoints.api import (
    accounts,
    actions,
    applications,
    audit,
    my_account,
    my_contacts,
    organisations,
    problems,
    resecurings,
    roles,
    second_factors,
    sign_in,
    waiting,
)
from resecure.entrypoints.api.service import make, patterns

app_name = "api"
api = make()
AREAS = (
    sign_in,
    my_account,
    my_contacts,
    second_factors,
    accounts,
    actions,
    roles,
    resecurings,
    applications,
    organisations,
    audit,
    waiting,
)
for area in AREAS:
    api.add_router("", area.router)


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's call
    """No route has this path: the answer is that of an account nobody knows."""
    return problems.not_found()


urlpatterns: list[URLPattern | URLResolver] = [*patterns(api), re_path(r"^", unknown, name="unknown")]
