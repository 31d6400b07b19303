"""A confirmation is used once, in time, for its account and operation, by whoever made it; however many try at once."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from bench.figures import Figure
from bench.ground import administrator, ground, people

AT_ONCE = 8
OTHERWISE = "for another operation"
WRONG = ("twice", "late", "elsewhere", "by another", OTHERWISE)


def run(*, short: bool = False) -> list[Figure]:
    """Each round is of one kind: eight calls at the same moment, each in a thread and transaction of its own. Of those
    that try it *twice*, one may succeed; of all the others, none. Afterwards the rightful use still does."""
    rounds = 3 if short else 1000 // AT_ONCE
    with ground(durable=False):
        by, another = administrator(hashed="!"), administrator(hashed="!")
        accounts = iter(people(2 * rounds * len(WRONG), hashed="argon2$unused"))
        tried, wrongly, rightful = Counter[str](), Counter[str](), 0
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for kind, _round in itertools.product(WRONG, range(rounds)):
                person, other = next(accounts), next(accounts)
                call, allowed = _call(kind, person, other, by=by, another=another)
                succeeded = sum(_at_once(threads, call))
                tried[kind] += AT_ONCE
                wrongly[kind] += max(0, succeeded - allowed)
                rightful += succeeded if kind == "twice" else _rightful(kind, person, by=by)
    expected = rounds * (len(WRONG) - 2)  # a late one is late for everybody, and one to unlock with resecures nothing
    return [
        Figure(
            name=f"confirmations used wrongly at once, of {min(tried.values()):,} tries of each kind",
            measured=", ".join(f"{kind} {wrongly[kind]}" for kind in WRONG)
            + f" (the rightful use succeeded {rightful} of {expected} times)",
            bound="0 of each",
            holds=not any(wrongly.values()) and rightful == expected,
            bounded_by="nothing: it is compared and used up under the account's row lock",
        )
    ]


def _call(kind: str, person: Any, other: Any, *, by: Any, another: Any) -> tuple[Callable[[], Any], int]:
    """What each of the eight does, and how many of them may succeed."""
    from resecure.identity.confirmations import IdentityConfirmation, Purpose

    evidence = _confirmed(person, by=by, purpose=Purpose.UNLOCK if kind == OTHERWISE else Purpose.RESECURE)
    if kind == "late":
        IdentityConfirmation.objects.filter(pk=evidence).update(expires_at=_now() - timedelta(seconds=1))
    calls = {
        "twice": lambda: _resecure(person, by=by, evidence=evidence),
        "late": lambda: _resecure(person, by=by, evidence=evidence),
        "elsewhere": lambda: _resecure(other, by=by, evidence=evidence),
        "by another": lambda: _resecure(person, by=another, evidence=evidence),
        OTHERWISE: lambda: _resecure(person, by=by, evidence=evidence),
    }
    return calls[kind], int(kind == "twice")


def _rightful(kind: str, person: Any, *, by: Any) -> int:
    from resecure.identity.confirmations import IdentityConfirmation

    if kind in {"late", OTHERWISE}:
        return 0  # no use of it by a resecure would be rightful
    evidence = IdentityConfirmation.objects.get(account=person.pk, used_at=None).pk
    _resecure(person, by=by, evidence=evidence)
    return 1


def _at_once(threads: ThreadPoolExecutor, call: Callable[[], Any]) -> list[bool]:
    line = Barrier(AT_ONCE)

    def each() -> bool:
        from resecure.policy.refusals import Refused

        line.wait(timeout=30)
        try:
            call()
        except Refused:
            return False
        return True

    return [job.result() for job in [threads.submit(each) for _each in range(AT_ONCE)]]


def _confirmed(person: Any, *, by: Any, purpose: Any) -> Any:
    from resecure.identity.confirmations import Method
    from resecure.operations.confirm_identity import confirm_identity

    return confirm_identity(person.pk, by=by, method=Method.IN_PERSON, reference="at the desk", purpose=purpose).pk


def _resecure(account: Any, *, by: Any, evidence: Any) -> None:
    from resecure.identity.resecurings import Trigger
    from resecure.operations.resecure import resecure

    resecure(account.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=evidence)


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
