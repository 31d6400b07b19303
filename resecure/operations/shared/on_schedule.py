"""Answers that leave on a fixed schedule: how long they took says nothing about what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Seconds; an answer, whatever it is, leaves at the end of the slot in which it was ready. Several times as long as the
# longest of them takes on a busy machine: where one kind were ready only in the next slot, that would tell it apart.
SLOT = 0.5


@dataclass
class _Whole:
    """An answer that is being made of what operations say. ``waits``: one of them is on schedule."""

    waits: bool = False


_whole: ContextVar[_Whole | None] = ContextVar("whole_answer", default=None)


def on_schedule(operation: Callable[P, T]) -> Callable[P, T]:
    """Let the answer or the error of this operation leave at the end of a slot after the request began.

    A *yes* writes a confirmation, a *no* writes mails and an alert, a lock writes nothing: the work cannot honestly be
    the same, so its length is hidden. The transaction is over by then: nobody waits for us but who asked.
    """

    @wraps(operation)
    def answered_on_schedule(*given: P.args, **named: P.kwargs) -> T:
        begun, whole = time.monotonic(), _whole.get()
        try:
            return operation(*given, **named)
        finally:
            if whole is None:
                _wait(begun)
            else:
                whole.waits = True

    return answered_on_schedule


@contextmanager
def whole_answer() -> Iterator[None]:
    """Within, operations on schedule do not wait; at the end the whole answer does, once. What is made of a yes, a no
    or a refusal, a page or a problem, takes times of its own, and they are hidden as well."""
    begun, whole = time.monotonic(), _Whole()
    before = _whole.set(whole)
    try:
        yield
    finally:
        _whole.reset(before)
        if whole.waits:
            _wait(begun)


def _wait(begun: float) -> None:
    time.sleep(SLOT - (time.monotonic() - begun) % SLOT)
