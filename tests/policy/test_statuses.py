"""Statuses: which may be resecured, which may sign in, and every move by every operation against the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from resecure.identity.accounts import ACTIVE_BASED, MAY_SIGN_IN, Status
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.join import join
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.restore import restore
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.unlock import unlock
from resecure.policy.refusals import Refused
from resecure.policy.transitions import TABLE, By
from tests.attacks.stories import fresh, opens, reasons
from tests.conftest import World

STATUSES = [pytest.param(each, id=each.value) for each in Status]


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_active_based_account_can_be_resecured(world: World, status: Status) -> None:
    person, by = world.person(status=status), world.administrator()

    if status in {Status.ACTIVE, Status.LEAVER}:
        world.resecured(person, by=by)
        assert world.records("account_resecured", person) == 1
    else:
        assert reasons(lambda: world.resecured(person, by=by)) == {"not_active"}
        assert world.records("account_resecured", person) == 0
        assert fresh(person).password == world.hashed


@pytest.mark.parametrize("status", STATUSES)
def test_a_right_password_opens_only_where_the_status_lets_people_in(world: World, status: Status) -> None:
    person = world.person(status=status)

    assert opens(person) is (status in {Status.ACTIVE, Status.LEAVER, Status.INACTIVE})


@pytest.mark.parametrize("status", STATUSES)
def test_a_session_passes_only_while_the_status_lets_people_in(world: World, status: Status) -> None:
    person = world.person()
    token = world.session(person)

    type(person).objects.filter(pk=person.pk).update(status=status)

    assert world.passes(token) is (status in MAY_SIGN_IN)


def test_active_based_is_active_and_active_leaver_and_nothing_else() -> None:
    assert frozenset({Status.ACTIVE, Status.LEAVER}) == ACTIVE_BASED


def _reset(world: World, person: Any, by: Any) -> None:
    confirmation = world.confirmation(person, by=by, purpose="reset_password")
    set_temporary_password(person.pk, by=by, confirmation=confirmation)


OPERATIONS: dict[By, Callable[[World, Any, Any], Any]] = {
    By.UNLOCK: lambda w, p, by: unlock(p.pk, by=by, confirmation=w.confirmation(p, by=by, purpose="unlock")),
    By.RESET_PASSWORD: _reset,
    By.DISABLE: lambda _w, p, by: disable(p.pk, by=by),
    By.ENABLE: lambda _w, p, by: enable(p.pk, by=by),
    By.MARK_AS_LEAVER: lambda _w, p, by: mark_as_leaver(p.pk, by=by),
    By.JOIN: lambda w, p, by: join(p.pk, organisation_code=w.practice.code, by=by),
    By.DELETE: lambda _w, p, by: delete(p.pk, by=by),
    By.RESTORE: lambda _w, p, by: restore(p.pk, by=by),
}
# What setting a temporary password leaves as it is: it is allowed, and no change of status.
UNCHANGED = {(Status.ACTIVE, By.RESET_PASSWORD), (Status.LEAVER, By.RESET_PASSWORD)}


# Each status; and Locked once for every status that a lock can interrupt.
SITUATIONS = [
    *[pytest.param(each, None, id=each.value) for each in Status],
    *[pytest.param(Status.LOCKED, was, id=f"locked-{was}") for was in ("active", "inactive", "leaver")],
]


def _expected(status: Status, how: By, was: str | None) -> Status | None:
    same = {By.RESET_PASSWORD, By.CREATION} if how is By.RESET_PASSWORD else {how}
    found = [
        each.after
        for each in TABLE
        if each.before is status and each.by in same and (not each.was or (was or "active") in each.was)
    ]
    assert len(found) < 2
    return found[0] if found else status if (status, how) in UNCHANGED else None


@pytest.mark.parametrize(("status", "was"), SITUATIONS)
@pytest.mark.parametrize("how", [pytest.param(each, id=each.name.lower()) for each in OPERATIONS])
def test_an_operation_moves_the_status_as_the_table_says_or_not_at_all(
    world: World, how: By, status: Status, was: str | None
) -> None:
    lock = {"status_before_lock": was, "status_before_lock_since": timezone.now()} if was else {}
    person, by, other = world.person(status=status, **lock), world.administrator(), world.person()
    generation, expected = person.generation, _expected(status, how, was)

    if expected is None:
        with pytest.raises(Refused):
            OPERATIONS[how](world, person, by)
        assert (fresh(person).status, fresh(person).generation) == (status, generation)
    else:
        OPERATIONS[how](world, person, by)
        assert fresh(person).status == expected
        assert fresh(person).status_before_lock is None
        # Whatever was open before is over: every move of an administrator is a step of the generation.
        assert fresh(person).generation > generation
    assert (fresh(other).status, fresh(other).generation) == ("active", 1)


# The table of the domain, written out a second time: a slip in the first would otherwise test itself.
DOMAIN = {
    ("pending", "active", By.CREATION),
    ("active", "inactive", By.CLOCK),
    ("inactive", "active", By.SIGN_IN),
    ("inactive", "deleted", By.CLOCK),
    ("active", "locked", By.WRONG_PASSWORDS),
    ("locked", "active", By.UNLOCK),
    ("locked", "active", By.RESET_PASSWORD),
    ("leaver", "locked", By.WRONG_PASSWORDS),
    ("locked", "leaver", By.UNLOCK),
    ("locked", "leaver", By.RESET_PASSWORD),
    ("inactive", "locked", By.WRONG_PASSWORDS),
    ("locked", "inactive", By.UNLOCK),
    ("active", "disabled", By.DISABLE),
    ("inactive", "disabled", By.DISABLE),
    ("disabled", "active", By.ENABLE),
    ("disabled", "deleted", By.CLOCK),
    ("active", "leaver", By.MARK_AS_LEAVER),
    ("leaver", "active", By.JOIN),
    ("leaver", "deleted", By.CLOCK),
    ("deleted", "active", By.RESTORE),
    ("deleted", "deleted_permanent", By.CLOCK),
}


def test_the_table_holds_every_transition_of_the_domain() -> None:
    assert {(each.before.value, each.after.value, each.by) for each in TABLE} >= DOMAIN


def test_nothing_leads_out_of_deleted_permanent_and_nothing_into_pending() -> None:
    assert not [each for each in TABLE if each.before is Status.DELETED_PERMANENT]
    assert not [each for each in TABLE if each.after is Status.PENDING]


def test_the_table_says_the_numbers_that_are_set_and_no_others(settings: Any) -> None:
    numbers = {
        "lock_after_wrong_passwords": 71,
        "lock_window_minutes": 72,
        "inactive_after_days": 73,
        "finish_within_days": 74,
        "inactive_to_deleted_days": 75,
        "disabled_to_deleted_days": 76,
        "leaver_days": 77,
        "restore_within_days": 78,
    }
    settings.RESECURE = settings.RESECURE.model_copy(update=numbers)

    said = {int(number) for each in TABLE for number in re.findall(r"\d+", each.when)}

    assert said == set(numbers.values())
    assert {each.when for each in TABLE if each.by is By.WRONG_PASSWORDS} == {"71 wrong passwords within 72 minutes"}
