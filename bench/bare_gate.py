"""The peer of the gate: a bare WSGI callable with the same look-up, and nothing else between socket and database."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")

import django

django.setup()

import psycopg  # noqa: E402
from django.db import connections  # noqa: E402

from resecure.entrypoints.gate.gate import SESSION  # noqa: E402

_local = threading.local()
_SEEN_EVERY, _IDLE = timedelta(minutes=1), timedelta(minutes=30)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The same statement on the same kind of connection; the header is cut, never parsed."""
    connection: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
    if connection is None:
        parameters = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(ours, None)
        connection = _local.connection = psycopg.connect(**parameters, autocommit=True)
    digest = hashlib.sha256(environ.get("HTTP_AUTHORIZATION", "")[7:].encode()).digest()
    row = connection.execute(SESSION, (_SEEN_EVERY, digest, _IDLE), prepare=True).fetchone()
    if row is None:
        start_response("401 Unauthorized", [("Content-Length", "0")])
    else:
        start_response("204 No Content", [("X-Resecure-Account", row[0])])
    return []
