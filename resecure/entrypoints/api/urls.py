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
    organisations,
    problems,
    resecurings,
    roles,
    sign_in,
)
from resecure.entrypoints.api.service import make, patterns

app_name = "api"
api = make()
for area in (sign_in, my_account, accounts, actions, roles, resecurings, applications, organisations, audit):
    api.add_router("", area.router)


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's call
    """No route has this path: the answer is that of an account nobody knows."""
    return problems.not_found()


urlpatterns: list[URLPattern | URLResolver] = [*patterns(api), re_path(r"^", unknown, name="unknown")]
