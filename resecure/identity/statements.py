"""Raw statements for the few places where a row is locked and milliseconds count. All else is plain Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def columns(model: type[models.Model], alias: str) -> str:
    """The columns of a model in the order in which :func:`built` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def width(model: type[models.Model]) -> int:
    """How many values of a row belong to the model."""
    return len(model._meta.concrete_fields)


def built(model: type[M], values: Sequence[Any]) -> M:
    """An object from the values of a row, as Django itself would build it."""
    return model.from_db("default", _names(model), values)


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def run(statement: str, values: Sequence[Any] | dict[str, Any]) -> None:
    """Run one statement in the caller's transaction; inside :func:`queued` it waits its turn there."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and read its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def insert(made: models.Model) -> None:
    """Insert an object whose key we chose ourselves, without asking for anything back."""
    run(_insert(type(made)), [getattr(made, name) for name in _names(type(made))])


@cache
def _insert(model: type[models.Model]) -> str:
    names = [f'"{field.column}"' for field in model._meta.concrete_fields]
    places = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of ours


@contextmanager
def queued() -> Iterator[None]:
    """Send the writes of this block to the server in one go and learn at its end that all succeeded.

    For writes whose row counts nobody asks for. An error of any of them is raised here, inside the
    caller's transaction, which then undoes all of them.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
