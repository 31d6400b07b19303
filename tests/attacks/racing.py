"""Running calls at the same moment, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random  # spreads threads in time, with a seed; nothing secret
from typing import Any

from django.db import connection

from resecure.policy.refusals import Invalid, NotFound, NotSignedIn, Refused, Throttled

NO = (Refused, NotFound, NotSignedIn, Throttled, Invalid)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, or the refusal it met. Any other error fails the test."""
    answers: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []
    line = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            line.wait(timeout=10)
            answers[place] = call()
        except NO as no:
            answers[place] = no
        except BaseException as error:  # noqa: BLE001 - handed to the test, which fails with it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive(), "two operations wait for each other"
    if errors:
        raise errors[0]
    return answers


def slow_hash(monkeypatch: Any, *, longest: float = 0.012) -> None:
    """Verifying takes a random while, as it does on a busy machine, so that the interleavings vary."""
    from resecure.identity import passwords

    dice, real = Random(4711), passwords.matches
    known: dict[tuple[str, str], bool] = {}

    def matches(password: str, stored: str) -> bool:
        time.sleep(dice.random() * longest)
        if (password, stored) not in known:
            known[(password, stored)] = real(password, stored)
        return known[(password, stored)]

    monkeypatch.setattr(passwords, "matches", matches)
