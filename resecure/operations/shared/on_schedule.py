"""Answers that leave on a fixed schedule: how long they took says nothing about what they say."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SLOT = 0.1  # seconds; an answer, whatever it is, leaves at the end of the slot in which it was ready


def on_schedule(operation: Callable[P, T]) -> Callable[P, T]:
    """Let the answer or the error of this operation leave at the end of a slot after the request began.

    A *yes* writes a confirmation, a *no* writes mails and an alert, a lock writes nothing: the work cannot honestly be
    the same, so its length is hidden. The transaction is over by then: nobody waits for us but who asked.
    """

    @wraps(operation)
    def answered_on_schedule(*given: P.args, **named: P.kwargs) -> T:
        begun = time.monotonic()
        try:
            return operation(*given, **named)
        finally:
            time.sleep(SLOT - (time.monotonic() - begun) % SLOT)

    return answered_on_schedule
