"""Forward auth: signing people in to applications that speak no OpenID, behind a proxy that asks the gate.

The application's host passes ``/.resecure/`` on to here. Its cookie is of that host and opens that application alone:
the portal's own cookie never reaches an application, which could use it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from resecure.entrypoints.oidc.authorize import unusable
from resecure.entrypoints.web import errors
from resecure.entrypoints.web.access import public, signed_in
from resecure.entrypoints.web.http import me_of
from resecure.identity import application_tokens, applications
from resecure.identity.application_tokens import TokenKind
from resecure.identity.applications import Application, Kind
from resecure.operations import issue_tokens
from resecure.operations.sign_in_to_application import sign_in_to_application
from resecure.policy.refusals import Refused

LONGEST = 1000
# With the prefix, no other host of the same domain can set it (RFC 6265bis, 4.1.3); it needs https.
FORWARD_COOKIE, PLAIN_FORWARD_COOKIE = "__Host-resecure-forward", "resecure-forward"
_STATE = re.compile(r"[0-9a-f]{64}").fullmatch


def begin_answer(application: UUID, address: str, wanted: str) -> tuple[str, str]:
    """Where a browser that may not pass is sent, and the cookie it is to bring back to the application's host.

    Whoever is handed a link by somebody else has not that cookie, and so is not signed in as somebody else.
    """
    state = secrets.token_urlsafe(32)
    query = urlencode({"to": _path(wanted), "state": _digest(state)})
    there = f"{settings.RESECURE.public_url.rstrip('/')}/forward/{application}/?{query}"
    secure = "; Secure" if address.startswith("https://") else ""
    return there, f"{state_cookie_of(address)}={state}; Path=/; Max-Age=900; HttpOnly; SameSite=Lax{secure}"


@require_safe
@public
def begin(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """On the application's host: off to the portal. For a proxy that cannot pass on the gate's own redirect."""
    application = _found(application_id)
    if application is None:
        return unusable(request)
    there, cookie = begin_answer(application.pk, application.address, request.headers.get("X-Original-URI", "/"))
    response = HttpResponseRedirect(there)
    response.headers["Set-Cookie"] = cookie
    return response


@require_safe
@signed_in
def hand_over(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """At the portal: who is signed in, all steps done, goes back with what is exchanged once."""
    application = _found(application_id)
    state = request.GET.get("state", "")
    if application is None or not _STATE(state):
        return unusable(request)
    grant: dict[str, object] = {"to": _path(request.GET.get("to", "/")), "state": state}
    try:
        value = sign_in_to_application(application, by=me_of(request), kind=TokenKind.HANDOVER, grant=grant)
    except Refused as refused:
        return errors.refused(request, refused)
    response = HttpResponseRedirect(f"{application.address}/.resecure/enter?{urlencode({'code': value})}")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
@public
def enter(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """On the application's host again: the exchange, and the cookie that the gate asks for."""
    application, now = _found(application_id), timezone.now()
    if application is None:
        return unusable(request)
    with transaction.atomic():
        taken = issue_tokens.take(request.GET.get("code", ""), TokenKind.HANDOVER, application=application, now=now)
        state = _digest(request.COOKIES.get(state_cookie_of(application.address), ""))
        if taken is None or not hmac.compare_digest(str(taken.grant["state"]), state):
            return unusable(request)
        assert taken.session_ends_at is not None
        value = application_tokens.issue(
            TokenKind.FORWARD,
            application=application.pk,
            sid=taken.sid,
            generation=taken.generation,
            scope="",
            now=now,
            lifetime=max(taken.session_ends_at - now, timedelta(0)),
        )
    response = HttpResponseRedirect(f"{application.address}{taken.grant['to']}")
    secure = application.address.startswith("https://")
    response.set_cookie(cookie_of(application.address), value, path="/", secure=secure, httponly=True, samesite="Lax")
    response.set_cookie(state_cookie_of(application.address), max_age=0, path="/", secure=secure, httponly=True)
    return response


def cookie_of(address: str) -> str:
    """The one cookie that opens an application at this address."""
    return FORWARD_COOKIE if address.startswith("https://") else PLAIN_FORWARD_COOKIE


def state_cookie_of(address: str) -> str:
    """The cookie that says that the way in began in this browser."""
    return f"{cookie_of(address)}-state"


def _found(application_id: UUID) -> Application | None:
    found = applications.find(application_id)
    return found if found is not None and found.kind == Kind.FORWARD else None


def _path(wanted: str) -> str:
    """A path on the application's own host, or its beginning: never another host, never a line of its own."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and len(wanted) <= LONGEST
    if not plain or not wanted.startswith("/") or wanted.startswith(("//", "/.resecure/")):
        return "/"
    return wanted


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
