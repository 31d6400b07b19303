"""The connection of the callables beside Django: one a thread, in autocommit, replaced when it was lost.

Their few statements go through psycopg's layer over libpq (decision 0016): prepared once a connection, values and
columns as text. A cursor that fits every statement and type costs as much again as the way to the database.
"""

from __future__ import annotations

import threading
from functools import cache
from itertools import count
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Row = tuple[str | None, ...]
TEXT, BINARY = 0, 1
_local = threading.local()
_names = count(1)


def ask(statement: str, values: tuple[str | bytes, ...]) -> Row | None:
    """One row, every column as PostgreSQL writes it, or None. ``%s`` stands for each value.

    A connection that the server closed since is replaced once; a second failure is raised, as every ``psycopg.Error``.
    """
    try:
        return _asked(statement, values)
    except psycopg.OperationalError:
        forget_connection()
        return _asked(statement, values)


def _asked(statement: str, values: tuple[str | bytes, ...]) -> Row | None:
    name, query = _numbered(statement)
    lower = connection().pgconn
    given = [each if isinstance(each, bytes) else each.encode() for each in values]
    formats = [BINARY if isinstance(each, bytes) else TEXT for each in values]
    if not _prepares():
        return _row(lower.exec_params(query, given, param_formats=formats))
    if name not in _local.prepared:
        _prepare(lower, name, query)
    return _row(lower.exec_prepared(name, given, formats))


def _prepare(lower: PGconn, name: bytes, query: bytes) -> None:
    result = lower.prepare(name, query)
    if result.status != ExecStatus.COMMAND_OK:
        raise _error(result)
    _local.prepared.add(name)


def _row(result: PGresult) -> Row | None:
    if result.status != ExecStatus.TUPLES_OK:
        raise _error(result)
    if not result.ntuples:
        return None
    value = result.get_value
    found = [value(0, number) for number in range(result.nfields)]
    return tuple([None if each is None else each.decode() for each in found])


def _error(result: PGresult) -> psycopg.Error:
    """By its SQLSTATE, without the server's words: they could quote a value. None is a line that broke."""
    state = result.error_field(DiagnosticField.SQLSTATE)
    if state is None:
        return psycopg.OperationalError()
    try:
        return psycopg.errors.lookup(state.decode())()
    except KeyError:
        return psycopg.DatabaseError(state.decode())


@cache
def _numbered(statement: str) -> tuple[bytes, bytes]:
    """The name under which it is prepared, and the statement with PostgreSQL's own places for values."""
    first, *others = statement.split("%s")
    numbered = first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
    return f"beside_{next(_names)}".encode(), numbered.encode()


def connection() -> psycopg.Connection[Any]:
    """This thread's own connection, in autocommit: no transaction can hold an old picture of the account."""
    found: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
    if found is None or found.closed:
        parameters = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context"):
            parameters.pop(ours, None)
        # prepare_threshold stays: None behind a pooler, so that no statement is prepared by habit either.
        found = psycopg.connect(**parameters, autocommit=True)
        _local.connection, _local.prepared = found, set()
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
