"""What the bare callables ask the database by: a cursor of psycopg, as anybody would, or the service's own way."""

from __future__ import annotations

import os
import threading
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")

import django

django.setup()

import psycopg  # noqa: E402
from django.db import connections  # noqa: E402

from bench.turns import LIBPQ  # noqa: E402
from resecure.entrypoints.database import ask as by_libpq  # noqa: E402

_local = threading.local()


def ask(path: str, statement: str, values: tuple[str | bytes, ...]) -> tuple[Any, ...] | None:
    """One row or None, by the way that the path of the request says."""
    if path == LIBPQ:
        return by_libpq(statement, values)
    connection: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
    if connection is None:
        parameters = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(ours, None)
        connection = _local.connection = psycopg.connect(**parameters, autocommit=True)
    found: tuple[Any, ...] | None = connection.execute(statement, values, prepare=True).fetchone()
    return found
