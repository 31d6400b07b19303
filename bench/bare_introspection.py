"""The peer of introspection: a bare WSGI callable that does the same look-up and answers the same number of bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")
_local = threading.local()
_ANSWER = (
    b'{"active": true, "client_id": "%s", "scope": "openid", "iss": "http://127.0.0.1:8000", "token_type": "Bearer"}'
)


def _statement() -> tuple[str, dict[str, Any]]:
    import django

    django.setup()
    from django.db import connections

    from resecure.entrypoints.oidc.asking import INTROSPECTION

    parameters = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    return INTROSPECTION, parameters


STATEMENT, PARAMETERS = _statement()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The digests come ready in the body: nothing is parsed, hashed or written as JSON."""
    body = bytes.fromhex(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = psycopg.connect(**PARAMETERS, autocommit=True)
    found = connection.execute(STATEMENT, (body[:32], body[32:64]), prepare=True).fetchone()
    status = "200 OK" if found else "404 Not Found"
    answer = _ANSWER % str(found[0]).encode() if found else b""
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
