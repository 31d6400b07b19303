"""Who may open a page. Every view carries one of these; a house test refuses one that does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from resecure.entrypoints.web import errors
from resecure.identity.roles import held_by
from resecure.policy.roles import Permission, role_of

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Anyone may open it. Kept rare: see tests/house."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Only with a session; others are led to sign in and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.me is None:  # type: ignore[attr-defined]
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.access = "signed_in"  # type: ignore[attr-defined]
    return guarded


def administrator(view: View) -> View:
    """Only with a role that sees accounts. What it may do to which account, the operation decides."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        me = request.me  # type: ignore[attr-defined]
        if me is None:
            return to_sign_in(request)
        grants = held_by(me.pk)[me.pk]
        if not any(Permission.VIEW_ACCOUNT in role_of(grant).permissions for grant in grants):
            return errors.forbidden(request)
        request.grants = grants  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    guarded.access = "administrator"  # type: ignore[attr-defined]
    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards where this is a page one can return to."""
    target = reverse("sign_in:start")
    if request.method == "GET":
        target += "?" + urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(target)
