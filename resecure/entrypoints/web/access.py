"""Who may open a page. Every view carries one of these; a house test refuses one that does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from resecure.entrypoints.web import errors
from resecure.entrypoints.web.http import sign_in_handle
from resecure.entrypoints.web.language import speak_to
from resecure.identity.roles import held_by
from resecure.operations.shared import step_frame
from resecure.policy.actions import audit_scope
from resecure.policy.refusals import NotSignedIn
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


def auditor(view: View) -> View:
    """Only with a role that reads the audit. Which records, the operation decides."""

    @administrator
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not audit_scope(request.grants):  # type: ignore[attr-defined]
            return errors.forbidden(request)
        return view(request, *args, **kwargs)

    guarded.access = "auditor"  # type: ignore[attr-defined]
    return guarded


def half_signed_in(view: View) -> View:
    """Only with a sign-in that lives and still owes steps; it opens its own next step and nothing else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            sign_in = step_frame.current(sign_in_handle(request))
            if not step_frame.owed_by(sign_in):
                raise NotSignedIn
            request.sign_in = sign_in  # type: ignore[attr-defined]
            speak_to(sign_in.account, request)
            return view(request, *args, **kwargs)
        except NotSignedIn:
            # Back after the last step, or its double click: whoever is in by now goes home.
            if request.me is not None:  # type: ignore[attr-defined]
                return HttpResponseRedirect(reverse("my_account:home"))
            return errors.signed_out()

    guarded.access = "half_signed_in"  # type: ignore[attr-defined]
    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards where this is a page one can return to."""
    query = {}
    if request.COOKIES.get(settings.SESSION_COOKIE):
        query["ended"] = "1"
    if request.method == "GET":
        query["next"] = request.get_full_path()
    target = reverse("sign_in:start")
    return HttpResponseRedirect(f"{target}?{urlencode(query)}" if query else target)
