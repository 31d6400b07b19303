"""The worker's connections, and what it does while there is no database."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection

from resecure.entrypoints.worker.stopping import BackOff, Stopping

log = structlog.get_logger("worker")
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
# After that the claim is over and another worker has it: what we would write is no news any more.
AS_LONG_AS_THE_CLAIM = 60.0


def own_connection() -> psycopg.Connection[Any]:
    """A connection beside Django's, to the same database: to listen on, or to hold a lock with."""
    given = connection.get_connection_params()
    wanted = {name: value for name, value in given.items() if name not in {"context", "cursor_factory"}}
    return psycopg.connect(**wanted, autocommit=True)


def until_written(write: Callable[[], None], *, stopping: Stopping) -> None:
    """Write how a delivery went, again and again while the database is away and the claim may be ours.

    If it stays away, the claim lapses and the message is sent once more.
    """
    back_off, began = BackOff(stopping), monotonic()
    while True:
        try:
            write()
        except LOST as error:
            log.warning("database lost", error=type(error).__name__)
            connection.close()
            if monotonic() - began > AS_LONG_AS_THE_CLAIM or back_off.wait():
                return
        else:
            return
