"""The clock: what is due every minute, done by one worker at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import psycopg
import structlog
from django.db import connection

from resecure.entrypoints.worker.database import LOST, own_connection
from resecure.entrypoints.worker.stopping import BackOff, Stopping
from resecure.identity.accounts import system_account
from resecure.operations.advance_statuses import advance_statuses, report_stuck
from resecure.operations.end_approvals import end_approvals
from resecure.operations.end_run_out_sessions import end_run_out_sessions
from resecure.operations.rotate_signing_key import rotate_signing_key
from resecure.operations.sweep import sweep

EVERY = 60.0
LOCK = 0x7265736563  # any number that nobody else takes in this database
log = structlog.get_logger("clock")

_ROUNDS = count()

TASKS: dict[str, Callable[[], object]] = {
    "advance_statuses": lambda: advance_statuses(by=system_account(), idle=next(_ROUNDS) % 60 == 0),
    "report_stuck": lambda: report_stuck(by=system_account()),
    "end_run_out_sessions": lambda: end_run_out_sessions(by=system_account()),
    "end_approvals": lambda: end_approvals(by=system_account()),
    "rotate_signing_key": lambda: rotate_signing_key(by=system_account()),
    "sweep": lambda: sweep(by=system_account()),
}


class Clock:
    """Runs the tasks while it holds the lock. The lock lives as long as its connection: when its worker dies,
    the database gives it to the next that asks. The tasks themselves are safe even if two ran them."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._lock: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        """Tick every minute until asked to stop."""
        back_off = BackOff(self._stopping)
        while not self._stopping.asked():
            try:
                self.tick()
            except LOST as error:
                log.warning("database lost", error=type(error).__name__)
                self.let_go()
                back_off.wait()
            else:
                back_off.over()
                self._stopping.wait(EVERY)
        self.let_go()
        connection.close()

    def tick(self) -> bool:
        """Do everything that is due, if this worker has the lock. Returns whether it has."""
        if not self._is_ours():
            return False
        for name, task in TASKS.items():
            if self._stopping.asked():
                break
            try:
                log.debug("done", task=name, result=task())
            except LOST:
                raise
            except Exception as fault:  # noqa: BLE001 - a task that breaks must not keep the others from running
                log.error("task broke", task=name, error=type(fault).__name__)
        return True

    def let_go(self) -> None:
        """Afterwards another worker can have the lock."""
        if self._lock is not None:
            self._lock.close()
        self._lock = None
        connection.close()

    def _is_ours(self) -> bool:
        if self._lock is None:
            self._lock = own_connection()
            got = self._lock.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if not (got and got[0]):
                self._lock.close()
                self._lock = None
            return self._lock is not None
        self._lock.execute("SELECT 1")  # a connection that died has lost the lock, and says so here
        return True
