"""What stands before every page: who is asking, nothing kept in caches, refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import structlog
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from resecure.entrypoints.web import errors
from resecure.entrypoints.web.language import speak_to
from resecure.identity import sessions
from resecure.policy.refusals import NotFound, NotSignedIn, PolicyNotPublished, Refused

Next = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("web")


def request_log(get_response: Next) -> Next:
    """One line a request: method, route, status, time. No path (it may hold an identifier) and no query."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            route=match.route if match else "",
            status=response.status_code,
            milliseconds=round((perf_counter() - began) * 1000, 1),
        )
        return response

    return middleware


def never_stored(get_response: Next) -> Next:
    """No page of ours may come back from a cache or by Back: one of them shows a temporary password."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

    return middleware


def who_is_asking(get_response: Next) -> Next:
    """Set ``request.me`` and ``request.session_id`` from the session cookie, read from the database now.

    A cookie that does not pass stays where it is: it opens nothing, and taking it back could take away the
    fresh one that another request of the same browser has been given meanwhile.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.me, request.session_id = None, None  # type: ignore[attr-defined]
        if request.path.startswith("/api/"):
            return get_response(request)  # the API asks for itself, and answers problems in its own form
        try:
            _look_up(request)
        except OperationalError:
            # A node that lost the database refuses; it never guesses.
            return errors.unavailable(request)
        return get_response(request)

    return middleware


def _look_up(request: HttpRequest) -> None:
    token = request.COOKIES.get(settings.SESSION_COOKIE, "")
    if not token:
        return
    now = timezone.now()
    passed = sessions.check(token, now=now, idle=timedelta(minutes=settings.RESECURE.session_idle_minutes))
    if passed is None:
        return
    # A page that refreshes itself is not a person: an unattended screen must not keep its session alive.
    by_itself = "X-Fragment" in request.headers or "refreshed" in request.GET
    if passed.last_seen_at < now - sessions.SEEN_EVERY and not by_itself:
        sessions.seen(passed.session, now=now)
    request.session_id = passed.session  # type: ignore[attr-defined]
    me = passed.account
    request.me = me  # type: ignore[attr-defined]
    speak_to(me, request)


def refusals(get_response: Next) -> Next:
    """Turn what an operation refuses, and no page has caught, into a page with every reason."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotFound):
            return errors.not_found(request)
        if isinstance(exception, NotSignedIn):
            return errors.signed_out()
        if isinstance(exception, Refused):
            return errors.refused(request, exception)
        if isinstance(exception, PolicyNotPublished):
            return errors.not_ready(request)
        if isinstance(exception, OperationalError):
            # A node that lost the database refuses; it never guesses.
            return errors.unavailable(request)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
