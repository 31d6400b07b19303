"""The gate: may this session pass? The hot path, beside Django in the same process, without middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.handlers.wsgi import get_str_from_wsgi
from django.http import parse_cookie

from resecure.entrypoints.database import ask, connection, forget_connection
from resecure.entrypoints.gate.forward import FORWARD_COOKIE, PLAIN_FORWARD_COOKIE, begin_answer, cookie_of
from resecure.identity import tokens
from resecure.identity.accounts import SQL_MAY_SIGN_IN
from resecure.identity.application_tokens import SQL_COUNTS
from resecure.identity.sessions import SEEN_EVERY

Start = Callable[[str, list[tuple[str, str]]], Any]

# Read together in one statement, now, with no cache: there is no moment between session and account.
# now() is the database's, one clock for every node; whether a session counts is decided by the generation.
SESSION = f"""
SELECT s.account_id::text, a.address, a.given_name, a.family_name, a.organisation_path,
  s.last_seen_at < now() - %s::interval, s.id FROM identity_session s
JOIN identity_account a ON a.id = s.account_id AND a.generation = s.generation
WHERE s.token = %s AND s.ended_at IS NULL AND s.expires_at > now() AND s.last_seen_at > now() - %s::interval
  AND a.status IN {SQL_MAY_SIGN_IN}
"""  # noqa: S608 - a constant is put in, nothing from outside
SIGN_IN = f"""
SELECT 1 FROM identity_signin s JOIN identity_account a ON a.id = s.account_id AND a.generation = s.generation
WHERE s.handle = %s AND s.completed_at IS NULL AND s.expires_at > now() AND a.status IN {SQL_MAY_SIGN_IN}
"""  # noqa: S608 - a constant is put in, nothing from outside
# A pass of forward auth counts as every token does, for the application that the proxy names, and while the person's
# organisation may use it.
FORWARD = f"""
SELECT a.id::text, a.address, a.given_name, a.family_name, a.organisation_path, p.address
{SQL_COUNTS.replace("t.kind = %s", "t.kind = 'forward'").replace("> %s", "> now()")}
  AND t.application_id = %s AND EXISTS (
    SELECT 1 FROM identity_applicationaccess x JOIN identity_organisation g ON g.id = x.organisation_id
    WHERE x.application_id = t.application_id AND left(a.organisation_path, length(g.path)) = g.path)
"""  # noqa: S608 - constants are put in, nothing from outside
ADDRESS = "SELECT address FROM identity_application WHERE id = %s AND kind = 'forward' AND removed_at IS NULL"
_SEEN = "UPDATE identity_session SET last_seen_at = now() WHERE id = %s"

_SEEN_EVERY = f"{SEEN_EVERY.total_seconds()} seconds"
TRUE = "t"  # as PostgreSQL writes it

_HEADERS = [("Content-Length", "0"), ("Cache-Control", "no-store")]
_UNAUTHORIZED = ("401 Unauthorized", [("WWW-Authenticate", 'Bearer realm="resecure"')])
_SCHEMES = frozenset({"Bearer", "SignIn", "bearer", "signin"})


def gate(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """204 with X-Resecure-Account for a session that may pass; 401 for none; 403 for a sign-in with steps
    owed; 503 when the database cannot be asked: a node that cannot know says no."""
    # Of an application behind a proxy the path says which: a header could be sent by a browser, also one that differs
    # only in "-" and "_", which WSGI takes for the same.
    application = environ.get("PATH_INFO", "").removeprefix("/gate").strip("/")
    try:
        status, headers = _forward(environ, application) if application else _answer(_token(environ))
    except psycopg.Error:
        forget_connection()
        status, headers = "503 Service Unavailable", [("Retry-After", "5")]
    start_response(status, headers + _HEADERS)
    return []


def _answer(token: str) -> tuple[str, list[tuple[str, str]]]:
    if token.startswith(tokens.SESSION):
        row = ask(SESSION, (_SEEN_EVERY, tokens.digest(token), _idle()))
        if row is not None:
            *person, stale, session = row
            if stale == TRUE:
                connection().execute(_SEEN, (session,))
            return "204 No Content", _identity(person)
    elif token.startswith(tokens.SIGN_IN) and ask(SIGN_IN, (tokens.digest(token),)) is not None:
        return "403 Forbidden", []
    return _UNAUTHORIZED


def _forward(environ: dict[str, Any], application: str) -> tuple[str, list[tuple[str, str]]]:
    """For an application behind a proxy. ``/gate?sign_in`` answers a browser that may not pass with the way to sign
    in, for proxies that hand on what the gate says (Caddy, Traefik); nginx wants 401 and knows the way itself."""
    try:
        key = UUID(application)
    except ValueError:
        return _UNAUTHORIZED
    cookies = parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", ""))
    for name in (FORWARD_COOKIE, PLAIN_FORWARD_COOKIE):
        token = cookies.get(name, "")
        if token.startswith(tokens.FORWARD):
            row = ask(FORWARD, (tokens.digest(token), str(key)))
            # Only the cookie that its address has: the plain one could be put there by any host of the same domain.
            if row is not None and name == cookie_of(row[-1] or ""):
                return "204 No Content", _identity(row[:-1])
    if environ.get("QUERY_STRING") == "sign_in" and environ.get("HTTP_X_FORWARDED_METHOD", "GET") in {"GET", "HEAD"}:
        found = ask(ADDRESS, (str(key),))
        if found is not None:
            there, cookie = begin_answer(key, found[0] or "", environ.get("HTTP_X_FORWARDED_URI", "/"))
            return "302 Found", [("Location", there), ("Set-Cookie", cookie)]
    return _UNAUTHORIZED


def _identity(person: Sequence[str | None]) -> list[tuple[str, str]]:
    """Who it is, for an application that asks nobody else. Names are UTF-8 with every other letter percent-encoded,
    as a header carries only ASCII."""
    account, address, given, family, path = (each or "" for each in person)
    return [
        ("X-Resecure-Account", account),
        ("X-Resecure-Address", address),
        ("X-Resecure-Name", quote(f"{given} {family}".strip(), safe=" '")),
        ("X-Resecure-Organisation", path.split(".")[-2]),
    ]


@cache
def _idle() -> str:
    """How long a session may go unused; fixed for the life of the process, as the environment is."""
    return f"{settings.RESECURE.session_idle_minutes} minutes"


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
