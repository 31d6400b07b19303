"""Who calls: a session in the Authorization header or our cookie, or a sign-in that is under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from ninja.security import APIKeyCookie, HttpBearer

from resecure.entrypoints.api.problems import Forbidden
from resecure.entrypoints.network import client_address
from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.progress import Client
from resecure.operations.shared.step_frame import current
from resecure.operations.shared.typed import one_line


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, by which session, and whether a browser sent it by itself."""

    account: Account
    session: UUID
    by_cookie: bool


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """The handle of a living sign-in."""

    handle: str = field(repr=False)


class Session(HttpBearer):
    """``Authorization: Bearer <session>``. No other site can make a browser send it, so it needs no CSRF token."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:  # noqa: ARG002 - ninja's call
        return _caller(token.strip(), by_cookie=False)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check of token and origin, without the page it shows to people."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseForbidden:  # noqa: ARG002 - Django's call
        return HttpResponseForbidden()


class SessionCookie(APIKeyCookie):
    """The cookie of our pages. Any site can make a browser send it: unsafe methods need the CSRF token."""

    param_name = settings.SESSION_COOKIE

    def __call__(self, request: HttpRequest) -> Caller | None:
        # A header decides alone, even a wrong one, as at the gate. And without a cookie there is nothing that
        # a CSRF token could protect: the answer is 401.
        if "Authorization" in request.headers or not request.COOKIES.get(self.param_name):
            return None
        check = _CsrfCheck(lambda _request: HttpResponse())
        # The middleware has passed this view by, as programs need no token; here a browser asks.
        request.csrf_processing_done = False  # type: ignore[attr-defined]
        check.process_request(request)
        if check.process_view(request, HttpResponse, (), {}) is not None:
            raise Forbidden("csrf")
        return self.authenticate(request, self._get_key(request))

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:  # noqa: ARG002 - ninja's call
        return _caller(key or "", by_cookie=True)


class SignInUnderWay(HttpBearer):
    """``Authorization: SignIn <handle>``: opens the next step of that sign-in and nothing else."""

    openapi_scheme = "signin"

    def authenticate(self, request: HttpRequest, token: str) -> UnderWay:  # noqa: ARG002 - ninja's call
        handle = token.strip()
        current(handle)  # NotSignedIn before anything is said about the body
        return UnderWay(handle=handle)


SESSION = [Session(), SessionCookie(csrf=False)]
SIGN_IN = [SignInUnderWay()]


def _caller(token: str, *, by_cookie: bool) -> Caller | None:
    now = timezone.now()
    # Read now, by the statement that compares the generations. Nothing remembers an earlier yes.
    passed = sessions.check(token, now=now, idle=timedelta(minutes=settings.RESECURE.session_idle_minutes))
    if passed is None:
        return None
    if passed.last_seen_at < now - sessions.SEEN_EVERY:
        sessions.seen(passed.session, now=now)
    return Caller(account=passed.account, session=passed.session, by_cookie=by_cookie)


def caller_of(request: HttpRequest) -> Caller:
    """Who asks, in a route under :data:`SESSION`."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


def me_of(request: HttpRequest) -> Account:
    """The account that asks, in a route under :data:`SESSION`."""
    return caller_of(request).account


def handle_of(request: HttpRequest) -> str:
    """The sign-in that asks, in a route under :data:`SIGN_IN`."""
    under_way: UnderWay = request.auth  # type: ignore[attr-defined]
    return under_way.handle


def client_of(request: HttpRequest) -> Client:
    """From where, and what the program calls itself: in one line, fit to be stored and shown."""
    name = one_line(request.META.get("HTTP_USER_AGENT", "")[:400])[:200]
    return Client(address=client_address(request.META), name=name)
