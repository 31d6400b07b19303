"""The gate: may this session pass? The hot path, beside Django in the same process, without middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from typing import Any

import psycopg
from django.conf import settings
from django.core.handlers.wsgi import get_str_from_wsgi
from django.http import parse_cookie

from resecure.entrypoints.database import ask, connection, forget_connection
from resecure.identity import tokens
from resecure.identity.accounts import SQL_MAY_SIGN_IN
from resecure.identity.sessions import SEEN_EVERY

Start = Callable[[str, list[tuple[str, str]]], Any]

# Read together in one statement, now, with no cache: there is no moment between session and account.
# now() is the database's, one clock for every node; whether a session counts is decided by the generation.
SESSION = f"""
SELECT s.account_id::text, s.last_seen_at < now() - %s::interval, s.id FROM identity_session s
JOIN identity_account a ON a.id = s.account_id AND a.generation = s.generation
WHERE s.token = %s AND s.ended_at IS NULL AND s.expires_at > now() AND s.last_seen_at > now() - %s::interval
  AND a.status IN {SQL_MAY_SIGN_IN}
"""  # noqa: S608 - a constant is put in, nothing from outside
SIGN_IN = f"""
SELECT 1 FROM identity_signin s JOIN identity_account a ON a.id = s.account_id AND a.generation = s.generation
WHERE s.handle = %s AND s.completed_at IS NULL AND s.expires_at > now() AND a.status IN {SQL_MAY_SIGN_IN}
"""  # noqa: S608 - a constant is put in, nothing from outside
_SEEN = "UPDATE identity_session SET last_seen_at = now() WHERE id = %s"

_HEADERS = [("Content-Length", "0"), ("Cache-Control", "no-store")]
_SCHEMES = frozenset({"Bearer", "SignIn", "bearer", "signin"})


def gate(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """204 with X-Resecure-Account for a session that may pass; 401 for none; 403 for a sign-in with steps
    owed; 503 when the database cannot be asked: a node that cannot know says no."""
    try:
        status, headers = _answer(_token(environ))
    except psycopg.Error:
        forget_connection()
        status, headers = "503 Service Unavailable", [("Retry-After", "5")]
    start_response(status, headers + _HEADERS)
    return []


def _answer(token: str) -> tuple[str, list[tuple[str, str]]]:
    if token.startswith(tokens.SESSION):
        row = ask(SESSION, (SEEN_EVERY, tokens.digest(token), _idle()))
        if row is not None:
            account, stale, session = row
            if stale:
                connection().execute(_SEEN, (session,))
            return "204 No Content", [("X-Resecure-Account", account)]
    elif token.startswith(tokens.SIGN_IN) and ask(SIGN_IN, (tokens.digest(token),)) is not None:
        return "403 Forbidden", []
    return "401 Unauthorized", [("WWW-Authenticate", 'Bearer realm="resecure"')]


@cache
def _idle() -> timedelta:
    """How long a session may go unused; fixed for the life of the process, as the environment is."""
    return timedelta(minutes=settings.RESECURE.session_idle_minutes)


def _token(environ: dict[str, Any]) -> str:
    """The bearer value: of the Authorization header if there is one, else of our cookies."""
    authorization: str = environ.get("HTTP_AUTHORIZATION", "")
    if authorization:
        scheme, _space, value = authorization.partition(" ")
        return value.strip() if scheme in _SCHEMES or scheme.lower() in _SCHEMES else ""
    # Read as the pages read them: a cookie of another application must not shut this one out.
    cookies = parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", ""))
    for name in (settings.SESSION_COOKIE, settings.SIGN_IN_COOKIE):
        if name in cookies:
            return cookies[name]
    return ""
