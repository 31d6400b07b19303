"""Raw statements for the few places where a row is locked and milliseconds count. All else is plain Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState
from psycopg.pq import Format, TransactionStatus

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

M = TypeVar("M", bound=models.Model)

_queue: ContextVar[CursorWrapper | None] = ContextVar("queue", default=None)


def columns(model: type[models.Model], alias: str, only: tuple[str, ...] = ()) -> str:
    """The columns of a model, or only some, in the order in which :func:`built` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in _fields(model, only))


def width(model: type[models.Model], only: tuple[str, ...] = ()) -> int:
    """How many values of a row belong to the model."""
    return len(_fields(model, only))


def built(model: type[M], values: Sequence[Any], only: tuple[str, ...] = ()) -> M:
    """An object from the values of a row, as Django itself would build it. What was left out is read when
    somebody asks for it.

    Without ``Model.__init__``, which looks at each field for what a caller may have left out or misnamed: we
    name them here.
    """
    made = model.__new__(model)
    made.__dict__.update(zip(_names(model, only), values, strict=True), _state=ModelState())
    made._state.adding = False
    made._state.db = "default"
    return made


@cache
def _fields(model: type[models.Model], only: tuple[str, ...]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not only or field.attname in only]


@cache
def _names(model: type[models.Model], only: tuple[str, ...] = ()) -> list[str]:
    return [field.attname for field in _fields(model, only)]


@contextmanager
def reading() -> Iterator[CursorWrapper]:
    """A cursor whose rows travel in binary: reading a row of many times and numbers as text takes longer than
    finding it. A JSON column comes as what it holds."""
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        yield cursor


def run(statement: str, values: Sequence[Any] | dict[str, Any]) -> None:
    """Run one statement in the caller's transaction; inside :func:`queued` it waits its turn there."""
    queue = _queue.get()
    if queue is not None:
        queue.execute(statement, values)
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows(statement: str, values: Sequence[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement and read its rows."""
    with reading() as cursor:
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
def queued(*, first: bool = False, last: bool = False) -> Iterator[None]:
    """Send the statements of this block to the server in one go and learn at its end that all succeeded.

    For statements whose row counts nobody asks for. An error of any of them is raised here, inside the
    caller's transaction, which then undoes all of them. With ``first`` the BEGIN travels with them, where the
    transaction has not begun. With ``last`` the COMMIT does: they are the last writes of the transaction, and it
    is durable when the block ends; the server skips a COMMIT that comes after an error. Within another
    transaction (a savepoint) the outer one begins and commits, as ever.
    """
    connection.ensure_connection()
    driver, alone = connection.connection, len(connection.atomic_blocks) == 1
    begins = first and alone and driver.info.transaction_status is TransactionStatus.IDLE
    if begins:
        # The driver would send a BEGIN of its own, and wait for its answer. atomic() still ends what begins here:
        # it commits or rolls back whatever transaction is open.
        driver.autocommit = True
    # One cursor for all of them: to make one takes as long as to send a statement.
    with connection.wrap_database_errors, connection.cursor() as cursor, driver.pipeline():
        before = _queue.set(cursor)
        try:
            if begins:
                run("BEGIN", [])
            yield
            if last and alone:
                run("COMMIT", [])
        finally:
            _queue.reset(before)
    if last and alone:
        # Whatever came now would be no part of that transaction: Django refuses it until atomic() has ended.
        connection.needs_rollback = True
