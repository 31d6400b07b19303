"""An organisation keeps a Primary Local Administrator and two Local Administrators, whichever way one goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from resecure.audit.models import Record
from resecure.identity.roles import held_by
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.grant_role import withdraw_role
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.policy.last_administrators import COUNTED
from resecure.policy.refusals import Refused
from tests.attacks.stories import fresh, reasons
from tests.conftest import World


def _withdraw(pk: Any, **more: Any) -> None:
    withdraw_role(pk, grant=held_by(pk)[pk][0].pk, **more)


WAYS: dict[str, Callable[..., Any]] = {
    "withdraw_role": _withdraw,
    "disable": disable,
    "delete": delete,
    "mark_as_leaver": mark_as_leaver,
}
EACH = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
ROLES = pytest.mark.parametrize(
    ("role", "kept"), [("primary_local_administrator", 1), ("local_administrator", 2)], ids=["primary", "local"]
)


def still(person: Any) -> bool:
    """Whether nothing happened to an administrator."""
    now = fresh(person)
    return (now.status, now.generation, len(held_by(person.pk)[person.pk])) == ("active", 1, 1)


@EACH
@ROLES
def test_one_of_the_last_goes_only_when_it_is_said_and_the_reason_names_what_is_left(
    world: World, way: Callable[..., Any], role: str, kept: int
) -> None:
    boss = world.administrator("global_administrator", organisation=world.region)
    person, *_others = [world.administrator(role) for _ in range(kept)]

    with pytest.raises(Refused) as no:
        way(person.pk, by=boss)
    [reason] = no.value.reasons
    assert reason.code == "among_the_last"
    assert reason.text.startswith("Hill Practice would be left with too few administrators: it keeps at least ")
    assert reason.instead == "Grant the role to somebody else first, or confirm that you mean it."
    assert still(person)

    way(person.pk, by=boss, though_it_is_the_last=True)

    assert not still(person)
    record = Record.objects.filter(target=person.pk, actor=boss.pk).exclude(event="operation_refused").get()
    assert json.loads(record.details)["though_it_is_the_last"] is True


@EACH
@ROLES
def test_nothing_is_asked_where_enough_are_left(world: World, way: Callable[..., Any], role: str, kept: int) -> None:
    boss = world.administrator("global_administrator", organisation=world.region)
    person, *_others = [world.administrator(role) for _ in range(kept + 1)]

    way(person.pk, by=boss)

    assert not still(person)
    record = Record.objects.filter(target=person.pk, actor=boss.pk).get()
    assert "though_it_is_the_last" not in json.loads(record.details)


@EACH
def test_administrators_of_another_organisation_or_of_the_one_above_do_not_count(
    world: World, way: Callable[..., Any]
) -> None:
    boss = world.administrator("global_administrator", organisation=world.region)
    for organisation in (world.region, world.elsewhere):
        world.administrator("primary_local_administrator", organisation=organisation)
    person = world.administrator("primary_local_administrator")

    assert reasons(lambda: way(person.pk, by=boss)) == {"among_the_last"}


@pytest.mark.parametrize("status", ["active", "inactive", "locked", "disabled", "deleted", "disabling"])
def test_who_is_shut_out_does_not_count_as_an_administrator_who_is_left(world: World, status: str) -> None:
    boss = world.administrator("global_administrator", organisation=world.region)
    world.administrator("primary_local_administrator", status=status)
    person = world.administrator("primary_local_administrator")

    if status in COUNTED:
        disable(person.pk, by=boss)
    else:
        assert reasons(lambda: disable(person.pk, by=boss)) == {"among_the_last"}


def test_deleting_an_administrator_who_was_disabled_long_ago_asks_nothing_again(world: World) -> None:
    boss = world.administrator("global_administrator", organisation=world.region)
    person = world.administrator("primary_local_administrator", status="disabled")

    delete(person.pk, by=boss)

    assert fresh(person).status == "deleted"


@EACH
def test_helpdesk_workers_go_without_a_question(world: World, way: Callable[..., Any]) -> None:
    boss, helper = world.administrator("primary_local_administrator"), world.administrator("local_helpdesk")

    way(helper.pk, by=boss)

    assert not still(helper)


def test_a_person_of_two_roles_is_named_for_both(world: World) -> None:
    from django.utils import timezone

    from resecure.identity.roles import RoleGrant

    boss = world.administrator("global_administrator", organisation=world.region)
    person = world.administrator("primary_local_administrator")
    RoleGrant.objects.create(
        account=person, role="local_administrator", organisation=world.region, granted_at=timezone.now()
    )

    with pytest.raises(Refused) as no:
        delete(person.pk, by=boss)

    [reason] = no.value.reasons
    assert "Hill Practice" in reason.text
    assert "North Region" in reason.text
