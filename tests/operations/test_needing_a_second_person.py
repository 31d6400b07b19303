"""When a second person is needed: each rule, and that the console needs none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.identity.accounts import system_account
from resecure.identity.organisations import Organisation
from resecure.operations.approve import approve
from resecure.operations.check_profile import change_profile
from resecure.operations.confirm_identity import cannot_confirm_identity
from resecure.operations.remove_second_factor import remove_second_factor
from resecure.operations.reset_second_factor import reset_second_factor
from tests.attacks.stories import HERE, acting, ask, new_mobile
from tests.conftest import World

PLA = "primary_local_administrator"


def test_a_resecure_within_a_day_of_a_change_of_mobile_needs_a_second_person(world: World) -> None:
    person, asker, second = world.person(), world.administrator(), world.administrator()
    new_mobile(person, "07700900982")
    waiting = ask(world, person, asker)

    assert [each["code"] for each in waiting.needs] == ["contact_changed_lately"]
    assert approve(waiting.pk, by=second).state == "executed"


@pytest.mark.parametrize("how", ["removed", "reset"])
def test_a_resecure_within_a_day_of_a_change_of_second_factor_needs_a_second_person(world: World, how: str) -> None:
    person, asker, other = world.person(), world.administrator(), world.administrator()
    world.app(person)
    if how == "reset":
        confirmation = world.confirmation(person, by=other, purpose="reset_second_factor")
        reset_second_factor(person.pk, by=other, confirmation=confirmation)
    else:
        remove_second_factor(person.second_factors.get().pk, by=acting(world, person), client=HERE)
    waiting = ask(world, person, asker)

    assert [each["code"] for each in waiting.needs] == ["second_factor_changed_lately"]
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert world.resecured(person, by=world.administrator())


def test_a_change_of_name_alone_needs_no_second_person(world: World) -> None:
    person, asker = world.person(), world.administrator()
    change_profile(by=person, given_name="A", family_name="B", mobile=person.mobile)

    assert world.resecured(person, by=asker)


def set_policy(organisation: Any, **values: Any) -> None:
    found = Organisation.objects.get(pk=organisation.pk)
    found.policy = {**found.policy, **values}
    found.save(update_fields=["policy"])


def test_where_the_organisation_says_so_every_resecure_needs_a_second_person(world: World) -> None:
    set_policy(world.region, approve_always=True)
    person, asker = world.person(), world.administrator()
    outside = world.person(organisation=world.elsewhere)

    assert [each["code"] for each in ask(world, person, asker).needs] == ["always"]
    assert world.resecured(outside, by=world.administrator(organisation=world.elsewhere))


def test_while_a_caution_stands_a_second_person_is_needed_where_the_organisation_says_so(world: World) -> None:
    person, other, asker = world.person(), world.person(), world.administrator()
    for each in (person, other):
        cannot_confirm_identity(each.pk, by=asker, said="it did not fit")
    assert world.resecured(other, by=asker)

    set_policy(world.practice, approve_on_caution=True)
    assert [each["code"] for each in ask(world, person, asker).needs] == ["caution"]


def test_the_console_is_the_last_resort_and_needs_no_second_person(world: World) -> None:
    assert world.resecured(world.administrator(PLA), by=system_account())
