"""By policy a resecure also resets the second factor: in its transaction, said before, on record, and told."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.audit.models import Record
from resecure.entrypoints.record_words import details_of
from resecure.entrypoints.worker.mails import text_of
from resecure.identity import second_factors
from resecure.identity.resecurings import Resecuring
from resecure.identity.second_factors import RecoveryCode, SecondFactor
from resecure.operations.approve import approve
from resecure.operations.set_organisation_policy import set_organisation_policy
from resecure.policy.approving import ApprovalRequired
from resecure.policy.refusals import Invalid, Refused
from resecure.propagation.models import Change, Delivery
from tests.conftest import World

pytestmark = pytest.mark.django_db

KEY = "resecure_resets_second_factor"


def holder(world: World) -> Any:
    person = world.person()
    world.app(person)
    world.app(person, name="tablet")
    second_factors.make_recovery_codes(person.pk, now=person.created_at)
    return person


def policy(world: World, code: str, value: bool) -> None:
    by = world.administrator("primary_local_administrator", organisation=world.region)
    set_organisation_policy(code, settings={KEY: value}, by=by)


def words_to(person: Any) -> str:
    told = Delivery.objects.get(account=person.pk, change="resecured", system="mail")
    return text_of(Change.RESECURED, told.payload, "https://accounts.example.org")[1]


def test_without_the_policy_a_resecure_leaves_the_second_factor_alone(world: World) -> None:
    person = holder(world)
    made = world.resecured(person, by=world.administrator())
    assert SecondFactor.objects.filter(account=person).count() == 2
    assert second_factors.recovery_codes_left(person.pk) == 10
    assert made.second_factors_removed is None
    assert "taken away" not in words_to(person)


def test_with_it_a_second_person_approves_and_the_factors_go_on_record_and_the_person_hears_of_it(world: World) -> None:
    policy(world, "PRA", True)
    person, somebody_else = holder(world), holder(world)
    with pytest.raises(ApprovalRequired) as waits:
        world.resecured(person, by=world.administrator())
    assert [each["code"] for each in waits.value.approval.needs] == ["second_factor_too"]
    assert SecondFactor.objects.filter(account=person).count() == 2
    approve(waits.value.approval.pk, by=world.administrator())
    assert not SecondFactor.objects.filter(account=person).exists()
    assert not RecoveryCode.objects.filter(account=person).exists()
    assert Resecuring.objects.get(account=person).second_factors_removed == 2
    assert details_of(Record.objects.get(event="account_resecured", target=person.pk))["removed"] == 2
    assert "Every passkey, authenticator app and recovery code of your account was taken away with it." in words_to(
        person
    )
    assert SecondFactor.objects.filter(account=somebody_else).count() == 2


def test_whoever_had_none_is_told_of_none(world: World) -> None:
    policy(world, "PRA", True)
    person = world.person()
    made = world.resecured(person, by=world.administrator())
    assert made.second_factors_removed == 0
    assert "taken away" not in words_to(person)


def test_a_refused_resecure_takes_no_factor_away(world: World) -> None:
    policy(world, "PRA", True)
    person = holder(world)
    with pytest.raises(Refused):
        world.resecured(person, by=world.administrator("local_helpdesk"))
    assert SecondFactor.objects.filter(account=person).count() == 2


def test_an_organisation_above_that_says_no_is_not_overruled_below(world: World) -> None:
    policy(world, "REG", False)
    with pytest.raises(Invalid):
        policy(world, "PRA", True)
