"""Two administrators taken away at the same moment: the second is counted without the first."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from resecure.audit.record import verify
from resecure.identity.accounts import system_account
from resecure.identity.roles import RoleGrant, RoleName, held_by, lock_organisations
from resecure.operations.advance_statuses import advance_statuses
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.grant_role import grant_role, withdraw_role
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.shared import frame
from resecure.policy.last_administrators import COUNTED
from resecure.policy.refusals import Refused
from tests.attacks.racing import at_once
from tests.attacks.stories import fresh
from tests.conftest import World

pytestmark = [pytest.mark.database]
ROLE_OF = {1: "primary_local_administrator", 2: "local_administrator"}


def _withdraw(pk: Any, *, by: Any) -> None:
    withdraw_role(pk, grant=held_by(pk)[pk][0].pk, by=by)


WAYS: dict[str, Callable[..., Any]] = {
    "withdraw_role": _withdraw,
    "disable": disable,
    "delete": delete,
    "mark_as_leaver": mark_as_leaver,
}
PAIRS = [pytest.param(*pair, id=" and ".join(pair)) for pair in combinations_with_replacement(WAYS, 2)]


@pytest.fixture(autouse=True)
def slow_thought(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the count and the write passes a while: without the lock both would have counted by then."""
    count = frame.reasons_to_keep

    def slowly(grants: Any) -> Any:
        found = count(grants)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(frame, "reasons_to_keep", slowly)


def left(world: World, role: str) -> int:
    """How many hold this role in the practice and are at work."""
    return RoleGrant.objects.filter(
        role=role, organisation=world.practice, withdrawn_at__isnull=True, account__status__in=COUNTED
    ).count()


@pytest.mark.parametrize("kept", [1, 2], ids=["primary", "local"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_that_go_at_once_only_one_goes_unasked(
    committed_world: World, first: str, second: str, kept: int
) -> None:
    world, role = committed_world, ROLE_OF[kept]
    boss = world.administrator("global_administrator", organisation=world.region)
    one, two, *_others = [world.administrator(role) for _ in range(kept + 1)]

    answers = at_once(lambda: WAYS[first](one.pk, by=boss), lambda: WAYS[second](two.pk, by=boss))

    [no] = [each for each in answers if each is not None]
    assert isinstance(no, Refused)
    assert [each.code for each in no.reasons] == ["among_the_last"]
    assert left(world, role) == kept
    assert verify()[1] == []


def test_people_with_roles_in_the_same_two_organisations_do_not_wait_for_each_other_in_a_ring(
    committed_world: World,
) -> None:
    world = committed_world
    boss = world.administrator("global_administrator", organisation=world.region)
    for _ in range(4):
        people = [world.administrator("local_helpdesk") for _ in range(4)]
        for number, person in enumerate(people):
            places = [world.elsewhere, world.region]
            for place in places if number % 2 else reversed(places):
                RoleGrant.objects.create(
                    account=person, role="local_helpdesk", organisation=place, granted_at=timezone.now()
                )

        answers = at_once(*[lambda p=person: delete(p.pk, by=boss) for person in people])  # type: ignore[misc]

        assert answers == [None] * 4
        assert {fresh(person).status for person in people} == {"deleted"}


def test_who_only_gets_a_role_there_waits_for_nobody_who_counts(committed_world: World) -> None:
    world = committed_world
    boss = world.administrator("global_administrator", organisation=world.region)
    person = world.person()
    holder = world.administrator("primary_local_administrator")

    with transaction.atomic():
        lock_organisations(held_by(holder.pk)[holder.pk])
        [granted] = at_once(
            lambda: grant_role(person.pk, role=RoleName.LOCAL_HELPDESK, organisation_code="PRA", by=boss)
        )

    assert [each.pk for each in held_by(person.pk)[person.pk]] == [granted.pk]


def test_an_administrator_goes_at_the_moment_when_the_clock_deletes_another(committed_world: World) -> None:
    world, role = committed_world, ROLE_OF[1]
    boss = world.administrator("global_administrator", organisation=world.region)
    gone = world.administrator(role, status="disabled", status_since=timezone.now() - timedelta(days=600))
    one, two = world.administrator(role), world.administrator(role)

    answers = at_once(
        lambda: advance_statuses(by=system_account()),
        lambda: delete(one.pk, by=boss),
        lambda: delete(two.pk, by=boss),
    )

    assert answers[0] == 1
    assert sorted(type(each).__name__ for each in answers[1:]) == ["NoneType", "Refused"]
    assert (fresh(gone).status, left(world, role)) == ("deleted", 1)
