"""What waits for a second person happens at most once, and for one of them, however many decide at the same moment."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from bench.figures import Figure
from bench.ground import administrator, ground, people

AT_ONCE = 8
RACES = ("several approve", "approve against decline", "approve against withdraw", "approve against another resecure")


def run(*, short: bool = False) -> list[Figure]:
    """Each round is one request for a resecure that waits, and eight calls at the same moment, each in a thread and a
    transaction of its own. Afterwards the account was resecured at most once and by what the request says became of it:
    never after a decline, never after a withdrawal, never twice. Where all approve, exactly once."""
    rounds = 2 if short else 1000 // AT_ONCE
    with ground(durable=False):
        place = _where_two_are_needed()
        asker, *seconds = (_administrator(place) for _each in range(AT_ONCE))
        targets = iter(people(rounds * len(RACES), hashed="argon2$unused", place=place))
        tried, wrong, done = Counter[str](), Counter[str](), Counter[str]()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for race in RACES:
                for _round in range(rounds):
                    person = next(targets)
                    waiting = _ask(person, by=asker)
                    _at_once(threads, _calls(race, waiting, person, asker=asker, seconds=seconds))
                    tried[race] += AT_ONCE
                    happened, is_wrong = _judged(race, waiting, person)
                    done[race] += happened
                    wrong[race] += is_wrong
    return [
        Figure(
            name=f"approvals that did something twice, or after a no, of {min(tried.values()):,} tries of each race",
            measured=", ".join(f"{race} {wrong[race]}" for race in RACES)
            + f" (carried out {', '.join(str(done[race]) for race in RACES)} times of {rounds} each)",
            bound="0 of each",
            holds=not any(wrong.values()) and done["several approve"] == rounds,
            bounded_by="nothing: it is decided under the account's row lock",
        )
    ]


def _calls(race: str, waiting: Any, person: Any, *, asker: Any, seconds: list[Any]) -> list[Callable[[], Any]]:
    from resecure.operations.approve import approve, decline
    from resecure.operations.withdraw_approval import withdraw_approval

    def approves(by: Any) -> Callable[[], Any]:
        return lambda: approve(waiting.pk, by=by)

    every = [*seconds, seconds[0]]  # the eighth is a double click of the first
    if race == "approve against decline":
        no: list[Callable[[], Any]] = [lambda by=by: decline(waiting.pk, by=by, reason="no") for by in every[4:]]
        return [*(approves(by) for by in every[:4]), *no]
    if race == "approve against withdraw":
        return [*(approves(by) for by in every[:4]), *[lambda: withdraw_approval(waiting.pk, by=asker)] * 4]
    if race == "approve against another resecure":
        return [*(approves(by) for by in every[:7]), lambda: _by_the_console(person)]
    return [approves(by) for by in every]


def _judged(race: str, waiting: Any, person: Any) -> tuple[bool, bool]:
    """Whether it was carried out, and whether something happened that must not."""
    from resecure.identity.approvals import Approval, ApprovalState
    from resecure.identity.resecurings import Resecuring

    state = Approval.objects.get(pk=waiting.pk).state
    made = list(Resecuring.objects.filter(account=person.pk).values_list("approval", flat=True))
    happened = state == ApprovalState.EXECUTED
    if race == "approve against another resecure":
        return happened, len(made) != 1 or happened != (made[0] == waiting.pk)
    return happened, made != ([waiting.pk] if happened else []) or state == ApprovalState.WAITING


def _at_once(threads: ThreadPoolExecutor, calls: list[Callable[[], Any]]) -> None:
    from resecure.policy.refusals import Refused

    line = Barrier(len(calls))

    def each(call: Callable[[], Any]) -> None:
        line.wait(timeout=30)
        try:
            call()
        except Refused:
            return

    for job in [threads.submit(each, call) for call in calls]:
        job.result()


def _ask(person: Any, *, by: Any) -> Any:
    from resecure.identity.confirmations import Method
    from resecure.identity.resecurings import Trigger
    from resecure.operations.confirm_identity import confirm_identity
    from resecure.operations.resecure import resecure
    from resecure.policy.approving import ApprovalRequired

    evidence = confirm_identity(person.pk, by=by, method=Method.IN_PERSON, reference="at the desk").pk
    try:
        resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=evidence)
    except ApprovalRequired as required:
        return required.approval
    raise AssertionError("it needed no second person")


def _by_the_console(person: Any) -> None:
    from resecure.identity.accounts import system_account
    from resecure.identity.confirmations import Method
    from resecure.identity.resecurings import Trigger
    from resecure.operations.confirm_identity import confirm_identity
    from resecure.operations.resecure import resecure

    by = system_account()
    evidence = confirm_identity(person.pk, by=by, method=Method.IN_PERSON, reference="the last resort").pk
    resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=evidence)


def _where_two_are_needed() -> Any:
    from bench.ground import organisation
    from resecure.identity.organisations import add
    from resecure.policy.watching_settings import APPROVE_ALWAYS

    return add(code="TWO", name="Two People Trust", parent=organisation(), policy={APPROVE_ALWAYS.key: True})


def _administrator(place: Any) -> Any:
    from resecure.identity.roles import RoleGrant

    made = administrator(hashed="!")
    RoleGrant.objects.filter(account=made.pk).update(organisation=place)
    return made


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
