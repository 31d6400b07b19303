"""A new address or number counts once its code was typed back, and the one before hears of it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone

from resecure.audit.models import Record
from resecure.entrypoints.worker.mails import text_of
from resecure.entrypoints.worker.short_texts import short_text_of
from resecure.identity.accounts import Account, system_account
from resecure.identity.confirmations import Method
from resecure.identity.contacts import FormerContact, Kind
from resecure.identity.pending_contacts import PendingContact, pending
from resecure.identity.sealed_words import opened
from resecure.identity.sessions import Session
from resecure.operations.check_profile import change_profile, check_profile
from resecure.operations.confirm_contact import (
    ask_for_address,
    confirm_contact,
    send_another_code,
    withdraw_contact,
)
from resecure.operations.confirm_identity import confirm_identity, send_confirmation_code
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.sign_in import sign_in
from resecure.operations.sweep import sweep
from resecure.policy.refusals import NotFound, SecondFactorNeeded
from resecure.propagation.models import Change, Delivery
from tests.attacks.stories import (
    CHOSEN,
    HERE,
    SECRET,
    acting,
    begun,
    contact_code,
    opens,
    reasons,
    temporary_password,
)
from tests.conftest import PASSWORD, World

OLD, NEW = "07700900123", "07700900555"


@pytest.fixture
def person(world: World) -> Any:
    return world.person(mobile=OLD)


def wants(person: Any, mobile: str = NEW) -> str:
    """The person types another number into the profile; what was sent there."""
    change_profile(by=person, given_name="Some", family_name="One", mobile=mobile)
    return contact_code(person)


def number(person: Any) -> str:
    return str(Account.objects.values_list("mobile", flat=True).get(pk=person.pk))


def test_a_new_number_counts_for_nothing_until_its_code_is_typed(world: World, person: Any) -> None:
    by = world.administrator()
    wants(person)

    assert number(person) == OLD
    made = confirm_identity(person.pk, by=by, method=Method.CALL_BACK, reference="call 1")
    assert made.details["number_ends"] == "123"
    assert not FormerContact.objects.exists()
    sent = Delivery.objects.filter(account=person.pk)
    assert [(each.change, each.payload["mobile"]) for each in sent] == [("contact_code", NEW)]


def test_the_code_makes_it_count_and_the_old_number_hears_of_it(person: Any) -> None:
    confirm_contact(Kind.MOBILE, f" {wants(person)} ", by=person)

    person.refresh_from_db()
    assert person.mobile == NEW
    assert person.mobile_changed_at is not None
    assert not PendingContact.objects.exists()
    told = Delivery.objects.filter(account=person.pk, change="mobile_changed", system="sms")
    assert {each.payload["mobile"] for each in told} == {OLD, NEW}


def test_a_new_address_counts_from_its_code_on_and_is_what_one_signs_in_with(person: Any) -> None:
    before = person.address
    assert ask_for_address(" New@Example.org ", by=person)
    assert opens(person)

    confirm_contact(Kind.ADDRESS, contact_code(person), by=person)

    person.refresh_from_db()
    assert person.address == "new@example.org"
    assert "new" in person.search_key
    assert sign_in("new@example.org", PASSWORD, client=HERE).session
    told = Delivery.objects.filter(account=person.pk, change="address_changed", system="mail")
    assert {each.payload["address"] for each in told} == {before, "new@example.org"}
    assert all("not_me" in opened(person.pk, each.payload) for each in told)


def test_a_computer_that_was_found_open_is_not_enough_to_take_over_the_address(world: World, person: Any) -> None:
    by = acting(world, person)
    long_ago = timezone.now() - timedelta(minutes=11)
    Session.objects.filter(pk=by.acting_session).update(started_at=long_ago)
    with pytest.raises(SecondFactorNeeded):
        ask_for_address("thief@example.org", by=by)
    assert not PendingContact.objects.filter(account=person).exists()

    world.app(person)  # who has a second factor gives that
    again = acting(world, person)
    Session.objects.filter(pk=again.acting_session).update(second_factor_at=long_ago)
    with pytest.raises(SecondFactorNeeded):
        ask_for_address("thief@example.org", by=again)
    assert ask_for_address("new@example.org", by=acting(world, person))


def test_no_code_and_no_address_stands_in_the_database_or_the_record(person: Any) -> None:
    code = wants(person)
    ask_for_address("new@example.org", by=person)
    for delivery in Delivery.objects.filter(account=person.pk):
        assert code not in json.dumps(delivery.payload)
    confirm_contact(Kind.MOBILE, code, by=person)

    records = " ".join(Record.objects.values_list("details", flat=True))
    assert code not in records
    assert NEW not in records
    assert "new@example.org" not in records


def test_the_message_names_nobody_as_it_may_reach_a_stranger(person: Any) -> None:
    ask_for_address("stranger@example.org", by=person)
    payload = Delivery.objects.get(account=person.pk).payload
    subject, text = text_of(Change.CONTACT_CODE, payload, "http://desk.test", sealed={"code": "704431"})
    said = short_text_of(Change.CONTACT_CODE, payload, "http://desk.test", sealed={"code": "704431"})

    assert "704431" in text
    assert "704431" in said
    assert "704431" not in subject
    for word in (person.given_name, person.family_name, payload["organisation"], "http"):
        assert word not in text + subject + said


def test_guessing_has_three_tries_and_the_right_code_is_no_good_after_them(person: Any) -> None:
    code = wants(person)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _each in range(3):
        assert reasons(lambda: confirm_contact(Kind.MOBILE, wrong, by=person)) == {"code_not_valid"}

    assert reasons(lambda: confirm_contact(Kind.MOBILE, code, by=person)) == {"code_not_valid"}
    assert number(person) == OLD
    assert Record.objects.filter(event="operation_refused", actor=person.pk).count() == 4


def test_a_code_counts_for_ten_minutes_and_once(person: Any) -> None:
    code = wants(person)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert reasons(lambda: confirm_contact(Kind.MOBILE, code, by=person)) == {"code_not_valid"}
        send_another_code(Kind.MOBILE, by=person)
        again = contact_code(person)
        confirm_contact(Kind.MOBILE, again, by=person)
        with pytest.raises(NotFound):
            confirm_contact(Kind.MOBILE, again, by=person)


def test_the_code_of_a_number_given_up_does_not_confirm_another(person: Any) -> None:
    first = wants(person)
    wants(person, "07700900666")

    assert reasons(lambda: confirm_contact(Kind.MOBILE, first, by=person)) == {"code_not_valid"}
    withdraw_contact(Kind.MOBILE, by=person)
    with pytest.raises(NotFound):
        confirm_contact(Kind.MOBILE, first, by=person)


def test_the_code_of_another_account_kind_or_call_confirms_nothing(world: World, person: Any) -> None:
    other, by = world.person(mobile="07700900777"), world.administrator()
    wants(person)
    theirs = wants(other, NEW)
    send_confirmation_code(person.pk, by=by)
    spoken = Delivery.objects.filter(account=person.pk, change="spoken_code").latest("order")
    ask_for_address("new@example.org", by=person)
    of_address = contact_code(person)

    for code in (theirs, opened(person.pk, spoken.payload)["code"], of_address):
        assert reasons(lambda code=code: confirm_contact(Kind.MOBILE, code, by=person)) == {"code_not_valid"}  # type: ignore[misc]
    assert number(person) == OLD


def test_after_a_resecure_the_code_is_dead_and_nothing_waits_any_more(world: World, person: Any) -> None:
    code, by = wants(person), world.administrator()
    world.resecured(person, by=by)
    fresh = Account.objects.select_related("organisation").get(pk=person.pk)

    with pytest.raises(NotFound):
        confirm_contact(Kind.MOBILE, code, by=fresh)
    assert pending(fresh) == {}
    assert number(person) == OLD


def test_a_generation_that_moved_ends_what_waits(person: Any) -> None:
    wants(person)
    Account.objects.filter(pk=person.pk).update(generation=F("generation") + 1)

    assert pending(Account.objects.get(pk=person.pk)) == {}


def test_the_step_of_a_resecure_goes_on_with_a_number_that_waits_and_it_can_be_confirmed_later(
    world: World, person: Any
) -> None:
    by = world.administrator()
    world.resecured(person, by=by)
    handle = begun(person, temporary_password(person, by=by))
    from resecure.operations.agree_to_aup import agree_to_aup
    from resecure.operations.choose_password import choose_password

    choose_password(handle, CHOSEN)
    agree_to_aup(handle, version="1")
    check_profile(handle, given_name="Some", family_name="One", mobile=NEW)
    done = set_account_secret(handle, SECRET)

    assert done.session, "no gateway has been asked yet, and the person is at work"
    assert number(person) == OLD
    fresh = Account.objects.select_related("organisation").get(pk=person.pk)
    confirm_contact(Kind.MOBILE, contact_code(person), by=fresh)
    assert number(person) == NEW


def test_saving_twice_sends_one_code_and_going_back_to_the_old_number_gives_the_new_one_up(person: Any) -> None:
    wants(person)
    wants(person)
    assert Delivery.objects.filter(account=person.pk).count() == 1

    change_profile(by=person, given_name="Some", family_name="One", mobile=OLD)

    assert not PendingContact.objects.exists()
    assert number(person) == OLD


def test_a_number_is_removed_at_once_and_hears_of_it(person: Any) -> None:
    change_profile(by=person, given_name="Some", family_name="One", mobile="")

    assert number(person) == ""
    assert FormerContact.objects.get(account=person.pk).value == OLD


def test_nobody_is_sent_more_than_five_codes_an_hour_and_administrators_codes_are_counted_apart(
    world: World, person: Any
) -> None:
    wants(person)
    for _each in range(4):
        send_another_code(Kind.MOBILE, by=person)

    assert reasons(lambda: send_another_code(Kind.MOBILE, by=person)) == {"too_many_codes"}
    change_profile(by=person, given_name="Some", family_name="One", mobile="07700900666")
    assert pending(person)["mobile"].code is None, "it waits, and can be sent a code later"
    assert send_confirmation_code(person.pk, by=world.administrator())


def test_whether_somebody_has_an_address_is_said_only_to_whoever_has_its_mailbox(world: World, person: Any) -> None:
    other = world.person()
    assert ask_for_address(other.address, by=person)
    assert reasons(lambda: confirm_contact(Kind.ADDRESS, "000000", by=person)) == {"code_not_valid"}
    send_another_code(Kind.ADDRESS, by=person)

    assert reasons(lambda: confirm_contact(Kind.ADDRESS, contact_code(person), by=person)) == {"address_taken"}


def test_one_persons_code_is_no_use_to_somebody_else_who_is_signed_in(world: World, person: Any) -> None:
    code, other = wants(person), world.person()

    with pytest.raises(NotFound):
        confirm_contact(Kind.MOBILE, code, by=other)


def test_what_nobody_confirmed_for_a_month_is_swept(person: Any) -> None:
    wants(person)
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        assert sweep(by=system_account())["pending_contacts"] == 1


def test_codes_are_six_digits(person: Any) -> None:
    assert re.fullmatch(r"\d{6}", wants(person))
