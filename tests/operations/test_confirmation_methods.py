"""Confirmation methods: what each rests on, where it is allowed, for whom it is enough. And the caution afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.cautions import Caution
from resecure.identity.confirmations import Document, IdentityConfirmation, Method
from resecure.identity.resecurings import Trigger
from resecure.operations.confirm_identity import cannot_confirm_identity, confirm_identity
from resecure.operations.resecure import resecure
from resecure.operations.set_organisation_policy import set_organisation_policy
from resecure.policy.confirmation_methods import RULES
from resecure.policy.refusals import Refused
from tests.attacks.stories import new_mobile
from tests.conftest import World
from tests.web.sign_in.browser import Browser, shown

PLA = "primary_local_administrator"


def confirmed(person: Any, method: Method, *, by: Any, document: Document | None = None) -> Any:
    return confirm_identity(person.pk, by=by, method=method, reference="call 1", document=document)


def refused(person: Any, method: Method, *, by: Any) -> list[str]:
    with pytest.raises(Refused) as no:
        confirmed(person, method, by=by)
    return [each.code for each in no.value.reasons]


def test_every_method_says_what_it_is_good_for() -> None:
    assert set(RULES) == set(Method)
    assert {each for each, rule in RULES.items() if rule.for_administrators} == {Method.IN_PERSON, Method.VIDEO_CALL}


def test_a_number_that_changed_yesterday_is_no_proof_and_the_refusal_says_when_it_changed(world: World) -> None:
    person, by = world.person(), world.administrator()
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        new_mobile(person)

    with pytest.raises(Refused) as no:
        confirmed(person, Method.CALL_BACK, by=by)
    [reason] = no.value.reasons
    assert reason.code == "number_changed_lately"
    assert str((timezone.localtime() - timedelta(days=1)).year) in reason.text
    assert confirmed(person, Method.IN_PERSON, by=by)


def test_a_number_that_changed_a_week_ago_is_proof_again(world: World) -> None:
    person, by = world.person(), world.administrator()
    with time_machine.travel(timezone.now() - timedelta(days=7, seconds=1)):
        new_mobile(person)

    assert confirmed(person, Method.CALL_BACK, by=by)


def test_a_profile_saved_with_the_same_number_changes_no_number(world: World) -> None:
    person, by = world.person(), world.administrator()
    new_mobile(person, person.mobile)

    assert confirmed(person, Method.CALL_BACK, by=by)


def test_how_long_a_new_number_waits_is_the_organisations_to_say(world: World) -> None:
    person, by = world.person(), world.administrator()
    set_organisation_policy(
        "REG", settings={"confirmation_channel_days": 30}, by=world.administrator(PLA, organisation=world.region)
    )
    Account.objects.filter(pk=person.pk).update(mobile_changed_at=timezone.now() - timedelta(days=20))

    assert refused(person, Method.CALL_BACK, by=by) == ["number_changed_lately"]


def test_without_a_number_on_record_nobody_is_called_back(world: World) -> None:
    assert refused(world.person(mobile=""), Method.CALL_BACK, by=world.administrator()) == ["no_number_on_record"]


def test_a_number_changed_between_confirmation_and_use_makes_the_confirmation_worthless(world: World) -> None:
    person, by = world.person(), world.administrator()
    made = confirmed(person, Method.CALL_BACK, by=by)
    new_mobile(person)

    with pytest.raises(Refused) as no:
        resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=made.pk)
    assert [each.code for each in no.value.reasons] == ["number_changed_lately"]
    assert IdentityConfirmation.objects.get(pk=made.pk).used_at is None


def test_a_method_that_the_organisation_does_not_allow_is_refused_when_made_and_when_used(world: World) -> None:
    person, by = world.person(), world.administrator()
    made = confirmed(person, Method.CALL_BACK, by=by)
    above = world.administrator(PLA, organisation=world.region)
    set_organisation_policy("REG", settings={"confirmation_methods": ["in_person"]}, by=above)

    assert refused(person, Method.CALL_BACK, by=by) == ["method_not_allowed"]
    with pytest.raises(Refused) as no:
        resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=made.pk)
    assert [each.code for each in no.value.reasons] == ["method_not_allowed"]


def test_for_an_administrator_a_call_back_is_not_enough(world: World) -> None:
    target, by = world.administrator(), world.administrator(PLA)

    assert refused(target, Method.CALL_BACK, by=by) == ["method_not_for_administrators"]
    assert confirmed(target, Method.IN_PERSON, by=by)


def test_the_line_manager_must_be_on_record_active_with_a_number_and_somebody_else(world: World) -> None:
    by, boss = world.administrator(), world.person(given_name="Bo")
    person = world.person()
    assert refused(person, Method.LINE_MANAGER, by=by) == ["no_manager"]
    for manager, codes in (
        (person, ["no_manager"]),
        (by, ["manager_is_you"]),
        (world.person(status="disabled"), ["manager_not_active"]),
        (world.person(mobile=""), ["no_number_on_record"]),
    ):
        Account.objects.filter(pk=person.pk).update(manager=manager)
        assert refused(person, Method.LINE_MANAGER, by=by) == codes
    Account.objects.filter(pk=person.pk).update(manager=boss)
    made = confirmed(person, Method.LINE_MANAGER, by=by)
    assert made.details == {"manager": str(boss.pk), "number_ends": "123"}


def test_the_record_holds_the_kind_of_document_and_the_end_of_the_number_and_no_more(world: World) -> None:
    person, by = world.person(), world.administrator()
    confirmed(person, Method.IN_PERSON, by=by, document=Document.PASSPORT)
    confirmed(person, Method.CALL_BACK, by=by, document=Document.PASSPORT)

    found = [json.loads(each.details) for each in Record.objects.filter(event="identity_confirmed").order_by("id")]
    assert found[0]["document"] == "passport"
    assert found[1]["number_ends"] == "123"
    assert "document" not in found[1]
    assert person.mobile not in str(found)


def test_the_number_on_record_is_shown_in_the_dialog_and_typed_nowhere(world: World) -> None:
    person, by = world.person(mobile="07700900789"), world.administrator()
    browser = Browser()
    browser.sign_in(by.address)

    page = browser.get(reverse("user_management:resecure", args=[person.pk])).content.decode()
    assert "Number on record: 07700900789" in page
    assert 'type="tel"' not in page
    assert "No line manager is on record." in page
    assert 'value="line_manager"' not in page


def test_a_method_that_the_page_does_not_offer_is_refused_by_the_page_and_nothing_happens(world: World) -> None:
    person, by = world.person(mobile=""), world.administrator()
    browser = Browser()
    browser.sign_in(by.address)
    here = reverse("user_management:resecure", args=[person.pk])

    answer = browser.post(
        here, {"because": "forgotten_secret", "method": "call_back", "reference": "1", "key": person.pk}
    )
    assert answer.status_code == 422
    assert "Choose a way that is possible for this person now" in shown(answer)
    assert Account.objects.get(pk=person.pk).generation == 1


def test_a_program_reads_which_methods_count_now_and_why_the_others_do_not(world: World) -> None:
    person, by = world.person(), world.administrator()
    call = {"headers": {"Authorization": f"Bearer {world.session(by)}"}}
    said = Browser().get(f"/api/v1/accounts/{person.pk}", **call).json()

    assert said["confirmation_methods"]["call_back"] == {
        "allowed": True,
        "reasons": [],
        "number": person.mobile,
        "of": None,
    }
    assert [each["code"] for each in said["confirmation_methods"]["line_manager"]["reasons"]] == ["no_manager"]
    assert said["caution"] is None


def test_whoever_opens_the_account_sees_for_a_day_who_was_unsure(world: World) -> None:
    person, unsure, other = (
        world.person(),
        world.administrator(given_name="Una", family_name="Sure"),
        world.administrator(),
    )
    cannot_confirm_identity(person.pk, by=unsure, said="")
    browser = Browser()
    browser.sign_in(other.address)

    for name in ("account", "resecure", "temporary_password"):
        assert "Una Sure was not sure" in shown(browser.get(reverse(f"user_management:{name}", args=[person.pk])))
    call = {"headers": {"Authorization": f"Bearer {world.session(other)}"}}
    caution = Browser().get(f"/api/v1/accounts/{person.pk}", **call).json()["caution"]
    assert [each["name"] for each in caution["unsure"]] == ["Una Sure"]
    Caution.objects.update(at=timezone.now() - timedelta(hours=25), until=timezone.now() - timedelta(hours=1))
    assert "was not sure" not in shown(browser.get(reverse("user_management:account", args=[person.pk])))


def test_a_second_time_prolongs_the_caution_and_names_both(world: World) -> None:
    person, first, second = world.person(), world.administrator(), world.administrator()
    with time_machine.travel(timezone.now() - timedelta(hours=20)):
        cannot_confirm_identity(person.pk, by=first, said="")
    cannot_confirm_identity(person.pk, by=second, said="")

    found = Caution.objects.filter(account=person.pk)
    assert {each.by for each in found} == {first.pk, second.pk}
    assert {each.until > timezone.now() + timedelta(hours=23) for each in found} == {True}


def test_a_caution_blocks_nobody(world: World) -> None:
    person, by = world.person(), world.administrator()
    cannot_confirm_identity(person.pk, by=by, said="")

    assert world.resecured(person, by=by)
    assert Caution.objects.exclude(account=person.pk).count() == 0
