"""The presence of this worker's messenger: by it the others tell that it lives, and it knows what it may still do."""

from __future__ import annotations

import secrets
from threading import Event, Lock
from time import monotonic
from typing import Any

import psycopg
import structlog

from resecure.entrypoints.worker.database import LOST, own_connection
from resecure.propagation import presence

EVERY = 0.5  # seconds: how often it is asked for, and how often the others are looked at
AGAIN = 0.2
log = structlog.get_logger("messenger")


class Presence:
    """``run`` in a thread of its own until ``end``; meanwhile ``number`` says under which number one may claim.

    No wait grows here: while the database is away nobody takes anything over, and once it is back the first to hold
    its number again must be the one that lives.
    """

    def __init__(self) -> None:
        self._over = Event()
        self._guard = Lock()
        self._number: int | None = None
        self._held_at = 0.0
        self._line: psycopg.Connection[Any] | None = None

    def number(self) -> int | None:
        """Under which number this messenger lives, or None while nobody could tell that it does.

        Once it has lapsed the number never comes back: what was claimed under it is another's now.
        """
        with self._guard:
            if self._number is not None and monotonic() - self._held_at >= presence.GRACE.total_seconds():
                log.warning("presence lapsed")
                self._number = None
            return self._number

    def run(self) -> None:
        """Hold a number, and free what the dead had, until the end."""
        while not self._over.is_set():
            try:
                held = self._tick()
            except LOST as error:
                log.warning("database lost", error=type(error).__name__)
                held = False
            if not held:
                self._close()
            self._over.wait(EVERY if held else AGAIN)
        self._leave()

    def end(self) -> None:
        """Nothing is in hand any more."""
        self._over.set()

    def _tick(self) -> bool:
        asked, number = monotonic(), self.number()
        again = number is not None
        made = number or 1 + secrets.randbelow(presence.NUMBERS)
        if self._line is None or not again:
            self._close()
            self._line = own_connection()
            if not presence.hold(self._line, made, again=again):
                return False
        freed = presence.free_those_of_the_dead(self._line)
        if freed:
            log.info("deliveries of a dead worker are free", number=freed)
        with self._guard:
            if again and self._number != made:
                return False  # it took too long, and the messenger has given up what was in hand
            self._number, self._held_at = made, asked
        return True

    def _leave(self) -> None:
        number = self.number()
        try:
            if self._line is not None and number is not None:
                presence.leave(self._line, number)
        except LOST as error:
            log.warning("database lost", error=type(error).__name__)
        self._close()

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None
