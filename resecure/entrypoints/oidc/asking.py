"""What applications ask about a token at every request: introspection and userinfo. The hot path, as the gate is."""

from __future__ import annotations

import json
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus
from uuid import UUID

import psycopg

from resecure.entrypoints.database import ask, forget_connection
from resecure.entrypoints.oidc.discovery import INTROSPECT, SQL_ACR, USERINFO, issuer
from resecure.identity import tokens
from resecure.identity.application_tokens import SQL_COUNTS

Start = Callable[[str, list[tuple[str, str]]], Any]
Answer = tuple[str, dict[str, Any] | bytes | None, list[tuple[str, str]]]

# The secret of who asks and the token asked about in one statement: no moment between them, and one trip. A web
# application may ask about its own tokens; a machine, which is what an API signs in as, about those of any.
# Which rows count is written once, for all; here the kind is fixed and now is the database's: one clock for every node.
_COUNTS = (
    SQL_COUNTS.replace("t.kind = %s", "t.kind = 'access'")
    .replace("t.expires_at > %s", "t.expires_at > now()")
    .replace("w.expires_at > %s", "w.expires_at > now()")
)
# What it says is written by the database: to make an object of each value, and a text of it again, takes longer.
INTROSPECTION = f"""
SELECT k.application_id::text, f.said
FROM identity_applicationsecret k
JOIN identity_application q ON q.id = k.application_id AND q.removed_at IS NULL
LEFT JOIN LATERAL (
  SELECT json_strip_nulls(json_build_object('active', true, 'client_id', t.application_id, 'scope', t.scope,
    'token_type', 'Bearer', 'iat', extract(epoch FROM t.issued_at)::bigint,
    'exp', extract(epoch FROM t.expires_at)::bigint, 'sub', s.account_id, 'sid', s.id,
    'auth_time', extract(epoch FROM w.started_at)::bigint,
    'acr', CASE WHEN s.id IS NULL THEN NULL ELSE {SQL_ACR} END))::text AS said
  {_COUNTS} AND (q.kind = 'machine' OR t.application_id = q.id)
) f ON true
WHERE k.digest = %s AND k.ended_at IS NULL
"""  # noqa: S608 - constants
USER = f"""
SELECT t.scope, a.id, a.given_name, a.family_name, a.address, o.code, o.name
{_COUNTS.replace("WHERE", "LEFT JOIN identity_organisation o ON o.id = a.organisation_id WHERE", 1)}
"""

# RFC 6750, 2.1: what a token is made of, except for "+", "/" and "=", which a form would have to encode.
_TOKEN_ALONE = re.compile(rb"token=([A-Za-z0-9._~-]+)").fullmatch
_REALM = 'Bearer realm="resecure"'
_NOT_YOU: Answer = (
    "401 Unauthorized",
    {"error": "invalid_client"},
    [("WWW-Authenticate", 'Basic realm="resecure"')],
)
_NO_TOKEN: Answer = ("401 Unauthorized", None, [("WWW-Authenticate", _REALM)])
_DEAD_TOKEN: Answer = (
    "401 Unauthorized",
    {"error": "invalid_token"},
    [("WWW-Authenticate", f'{_REALM}, error="invalid_token"')],
)
_ALWAYS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]
# An application without a server asks from its own origin, with its token in a header. No cookie is read here.
_PREFLIGHT = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "Authorization"),
    ("Access-Control-Max-Age", "3600"),
]
_BAD: Answer = ("400 Bad Request", {"error": "invalid_request"}, [])


def asking(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """Answer one of the two. 503 when the database cannot be asked: a node that cannot know says no."""
    try:
        status, body, headers = PATHS[environ["PATH_INFO"]](environ)
    except psycopg.Error:
        forget_connection()
        status, body, headers = "503 Service Unavailable", {"error": "temporarily_unavailable"}, [("Retry-After", "5")]
    text = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    start_response(
        status,
        [
            *headers,
            *_ALWAYS,
            ("Content-Length", str(len(text))),
        ],
    )
    return [text]


def _introspect(environ: dict[str, Any]) -> Answer:
    """RFC 7662. Whatever does not count is ``{"active": false}``, and nothing says why."""
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed", None, [("Allow", "POST")]
    form = _form(environ["wsgi.input"].read())
    if form is None:
        return _BAD
    client, secret = _client(environ, form)
    if not secret.startswith(tokens.APPLICATION_SECRET):
        return _NOT_YOU
    token = form.get("token")
    if not token:
        return _BAD
    row = ask(INTROSPECTION, (tokens.digest(token), tokens.digest(secret)))
    if row is None or (row[0] != client and row[0] != _canonical(client)):
        return _NOT_YOU
    if row[1] is None:
        return "200 OK", b'{"active": false}', []
    return "200 OK", row[1][:-1].encode() + _issued(), []


@cache
def _issued() -> bytes:
    return f', "iss": {json.dumps(issuer())}}}'.encode()


def _form(body: bytes) -> dict[str, str] | None:
    """Each field once, as RFC 6749, 3.1 has it; None for what is no form."""
    if plain := _TOKEN_ALONE(body):  # nearly every question, and a fifth of the cost
        return {"token": plain[1].decode()}
    try:
        form = parse_qs(body.decode(), max_num_fields=20)
    except ValueError:
        return None
    if any(len(values) > 1 for values in form.values()):
        return None
    return {name: value for name, [value] in form.items()}


def _client(environ: dict[str, Any], form: dict[str, str]) -> tuple[str, str]:
    """Who asks, and the secret: by Basic (RFC 6749, 2.3.1) or in the form."""
    scheme, _space, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _colon, secret = a2b_base64(value, strict_mode=True).decode().partition(":")
        except ValueError:
            return "", ""
        return unquote_plus(client), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _canonical(client: str) -> str:
    try:
        return str(UUID(client))
    except ValueError:
        return ""


def _userinfo(environ: dict[str, Any]) -> Answer:
    """Who the person is, by the scope of the access token (OpenID Connect Core 1.0, 5.3)."""
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return "204 No Content", None, _PREFLIGHT
    if environ["REQUEST_METHOD"] not in {"GET", "POST"}:
        return "405 Method Not Allowed", None, [("Allow", "GET, POST")]
    scheme, _space, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return _NO_TOKEN
    row = ask(USER, (tokens.digest(token.strip()),))
    if row is None or row[1] is None:
        return _DEAD_TOKEN
    scope, account, given, family, address, code, organisation = (each or "" for each in row)
    scopes = scope.split()
    if "openid" not in scopes:
        refused = ("WWW-Authenticate", f'{_REALM}, error="insufficient_scope", scope="openid"')
        return "403 Forbidden", {"error": "insufficient_scope"}, [refused]
    said = {"sub": account}
    if "profile" in scopes:
        said |= {"name": f"{given} {family}", "given_name": given, "family_name": family}
    if "email" in scopes:
        said["email"] = address
    if "organisation" in scopes:
        said |= {"organisation": code, "organisation_name": organisation}
    return "200 OK", said, [("Access-Control-Allow-Origin", "*")]


PATHS: dict[str, Callable[[dict[str, Any]], Answer]] = {INTROSPECT: _introspect, USERINFO: _userinfo}
