"""The connection of the callables beside Django: one a thread, in autocommit, replaced when it was lost."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

_local = threading.local()


def ask(statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """One row or None. A connection that the server closed since is replaced once; a second failure is raised."""
    try:
        return connection().execute(statement, values, prepare=_prepares()).fetchone()
    except psycopg.OperationalError:
        forget_connection()
        return connection().execute(statement, values, prepare=_prepares()).fetchone()


def connection() -> psycopg.Connection[Any]:
    """This thread's own connection, in autocommit: no transaction can hold an old picture of the account."""
    found: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
    if found is None or found.closed:
        parameters = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(ours, None)
        found = psycopg.connect(**parameters, autocommit=True)
        _local.connection = found
    return found


def forget_connection() -> None:
    """Afterwards the next question opens another."""
    found: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
    _local.connection = None
    if found is not None:
        found.close()


@cache
def _prepares() -> bool:
    """Whether statements are prepared; not behind a pooler that hands connections around."""
    return settings.DATABASES["default"]["OPTIONS"]["prepare_threshold"] is not None
