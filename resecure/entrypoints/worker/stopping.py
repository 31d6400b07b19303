"""Being asked to stop, and waiting no longer than until then."""

from __future__ import annotations

from threading import Event
from time import monotonic


class Stopping:
    """Set once, by SIGTERM or a test. Every wait of the worker is a wait for this."""

    def __init__(self) -> None:
        self._asked = Event()

    def ask(self) -> None:
        """Afterwards every wait is over, and nothing new begins."""
        self._asked.set()

    def asked(self) -> bool:
        """Whether it was asked for."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait this long, or until asked to stop. Returns whether that was asked."""
        return self._asked.wait(seconds)


class BackOff:
    """Longer and longer waits after losing the database: 0.2 s, doubled up to 10 s."""

    FIRST, LONGEST = 0.2, 10.0

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._next = self.FIRST
        self.since = monotonic()

    def wait(self) -> bool:
        """Wait the next time. Returns whether the worker was asked to stop."""
        seconds, self._next = self._next, min(self.LONGEST, self._next * 2)
        return self._stopping.wait(seconds)

    def over(self) -> None:
        """It works again: the next wait is short."""
        self._next = self.FIRST
        self.since = monotonic()
