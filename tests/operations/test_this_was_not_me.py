"""This wasn't me: who was written to can shut the account, and can do nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity import contacts
from resecure.identity.accounts import system_account
from resecure.identity.alerts import Alert
from resecure.identity.contacts import Kind
from resecure.identity.sealed_words import opened
from resecure.operations.check_profile import change_profile
from resecure.operations.confirm_contact import confirm_contact
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.telling import tell
from resecure.operations.sign_in import Client as From
from resecure.operations.sign_in import sign_in
from resecure.operations.sweep import sweep
from resecure.operations.this_was_not_me import this_was_not_me
from resecure.operations.unlock import unlock
from resecure.policy.refusals import NotFound, NotSignedIn, Refused
from resecure.propagation.models import Change, Delivery
from tests.attacks.stories import contact_code
from tests.conftest import World


def letters(account: Any, *, change: str = "resecured") -> list[Delivery]:
    return list(
        Delivery.objects.filter(account=account.pk, change=change, system__in=["mail", "sms"]).order_by("order")
    )


def token_for(account: Any, *, change: str = "resecured") -> str:
    return opened(account.pk, letters(account, change=change)[-1].payload)["not_me"]


@pytest.fixture
def victim(world: World) -> Any:
    return world.person(mobile="07700900982")


@pytest.fixture
def administrator(world: World) -> Any:
    return world.administrator()


@pytest.fixture
def primary(world: World) -> Any:
    return world.administrator("primary_local_administrator")


def test_every_address_and_number_hears_of_a_resecure_those_of_last_week_too(
    world: World, victim: Any, administrator: Any, primary: Any
) -> None:
    manager = world.person()
    victim.manager = manager
    victim.save(update_fields=["manager"])
    now = timezone.now()
    contacts.keep_former(victim.pk, Kind.ADDRESS, "old@example.org", now=now - timedelta(days=6))
    contacts.keep_former(victim.pk, Kind.MOBILE, "07700900001", now=now - timedelta(days=6))
    contacts.keep_former(victim.pk, Kind.MOBILE, "07700900002", now=now - timedelta(days=8))

    world.resecured(victim, by=administrator)

    found = letters(victim)
    assert [each.payload["address"] for each in found if each.system == "mail"] == [victim.address, "old@example.org"]
    assert [each.payload["mobile"] for each in found if each.system == "sms"] == ["07700900982", "07700900001"]
    assert len({opened(victim.pk, each.payload)["not_me"] for each in found}) == 1
    told = {each.account: each.change for each in Delivery.objects.exclude(account=victim.pk)}
    assert told == {primary.pk: "look_resecured", manager.pk: "manager_resecured"}


def test_the_link_stands_sealed_in_the_outbox_and_nowhere_else(victim: Any, world: World, administrator: Any) -> None:
    world.resecured(victim, by=administrator)
    token = token_for(victim)

    this_was_not_me(token)

    for model in (Delivery, Record, Alert):
        assert token not in str(list(model.objects.values()))


def test_the_account_is_shut_sessions_are_over_and_administrators_told(
    world: World, victim: Any, administrator: Any, primary: Any
) -> None:
    other = world.person()
    world.resecured(victim, by=administrator)
    temporary = set_temporary_password(victim.pk, by=administrator).password
    assert temporary
    kept = world.session(other)

    this_was_not_me(token_for(victim, change="password_reset"))

    victim.refresh_from_db()
    assert (victim.status, victim.password) == ("locked", "")
    with pytest.raises(NotSignedIn):
        sign_in(victim.address, temporary, client=From(address="192.0.2.9", name="b"))
    assert [each.change for each in letters(primary, change="look_not_me")] == ["look_not_me"]
    assert Alert.objects.get(kind="not_me").account == victim.pk
    assert world.records("account_frozen", victim) == 1
    assert len(letters(victim, change="frozen")) == 2
    assert Delivery.objects.filter(account=victim.pk, change="frozen", system="applications").exists()
    assert world.passes(kept), "somebody else goes on"


def test_a_session_of_whoever_changed_the_password_is_over(world: World, victim: Any) -> None:
    held = world.session(victim)
    assert world.passes(held)
    tell(Change.PASSWORD_CHANGED, victim, at=timezone.now())

    this_was_not_me(token_for(victim, change="password_changed"))

    assert not world.passes(held)


def test_a_link_counts_once(world: World, victim: Any, administrator: Any) -> None:
    world.resecured(victim, by=administrator)
    token = token_for(victim)
    this_was_not_me(token)

    with pytest.raises(NotFound):
        this_was_not_me(token)
    assert world.records("account_frozen", victim) == 1


def test_a_link_from_before_the_last_change_does_nothing(world: World, victim: Any, administrator: Any) -> None:
    world.resecured(victim, by=administrator)
    older = token_for(victim)
    set_temporary_password(victim.pk, by=administrator)

    with pytest.raises(NotFound):
        this_was_not_me(older)
    victim.refresh_from_db()
    assert victim.status == "active"


def test_a_late_link_an_unknown_one_and_anothers_do_nothing_here(world: World, victim: Any, administrator: Any) -> None:
    other = world.person()
    world.resecured(victim, by=administrator)
    world.resecured(other, by=administrator)
    for wrong in ("rnm_unknown", "", token_for(victim) + "x"):
        with pytest.raises(NotFound):
            this_was_not_me(wrong)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)), pytest.raises(NotFound):
        this_was_not_me(token_for(victim))

    this_was_not_me(token_for(other))

    victim.refresh_from_db()
    assert victim.status == "active"


def test_unlock_needs_fresh_evidence_and_opens_nothing_by_itself(world: World, victim: Any, administrator: Any) -> None:
    world.resecured(victim, by=administrator)
    before = world.confirmation(victim, by=administrator, purpose="unlock")
    this_was_not_me(token_for(victim))

    with pytest.raises(Refused) as refused:
        unlock(victim.pk, by=administrator, confirmation=before)
    assert "confirmation_not_valid" in str([each.code for each in refused.value.reasons])
    unlock(victim.pk, by=administrator, confirmation=world.confirmation(victim, by=administrator, purpose="unlock"))

    victim.refresh_from_db()
    assert (victim.status, victim.password) == ("active", "")


def test_whoever_holds_the_mailbox_cannot_shut_the_account_again_and_again(
    world: World, victim: Any, administrator: Any
) -> None:
    world.resecured(victim, by=administrator)
    this_was_not_me(token_for(victim))
    unlock(victim.pk, by=administrator, confirmation=world.confirmation(victim, by=administrator, purpose="unlock"))

    assert "sealed" not in letters(victim, change="unlocked")[-1].payload

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        evidence = world.confirmation(victim, by=administrator, purpose="reset_password")
        set_temporary_password(victim.pk, by=administrator, confirmation=evidence)
    assert "sealed" in letters(victim, change="password_reset")[-1].payload


def test_a_program_that_opens_every_link_freezes_nobody(world: World, victim: Any, administrator: Any) -> None:
    world.resecured(victim, by=administrator)
    page = f"/not-me/{token_for(victim)}/"
    browser = Client()

    shown = browser.get(page)
    browser.head(page)
    victim.refresh_from_db()

    assert (shown.status_code, victim.status) == (200, "active")
    assert shown["Referrer-Policy"] == "no-referrer"
    assert "no-store" in shown["Cache-Control"]
    assert victim.name not in shown.text
    assert victim.address not in shown.text
    done = browser.post(page)
    assert done.status_code == 302
    assert token_for(victim) not in done["Location"]
    assert "The account is shut" in browser.get(done["Location"]).text
    assert "The account is shut" not in Client().get(done["Location"]).text
    victim.refresh_from_db()
    assert victim.status == "locked"
    assert "no longer works" in browser.get(page).text
    assert "no longer works" in browser.post(page).text


def test_a_link_is_swept_and_so_are_addresses_of_before(world: World, victim: Any) -> None:
    now = timezone.now()
    contacts.keep_former(victim.pk, Kind.ADDRESS, "old@example.org", now=now)
    with time_machine.travel(now + timedelta(days=8)):
        assert sweep(by=system_account())["former_contacts"] == 1


def test_a_changed_number_is_told_to_the_old_one_too_and_can_be_answered_from_there(victim: Any) -> None:
    change_profile(by=victim, given_name="Some", family_name="One", mobile="07700 900123")
    confirm_contact(Kind.MOBILE, contact_code(victim), by=victim)

    found = letters(victim, change="mobile_changed")
    assert [each.payload.get("mobile") for each in found] == [None, "07700900123", "07700900982"]
    this_was_not_me(opened(victim.pk, found[-1].payload)["not_me"])
    victim.refresh_from_db()
    assert victim.status == "locked"


def test_a_profile_that_keeps_its_number_tells_nobody(victim: Any) -> None:
    change_profile(by=victim, given_name="Some", family_name="One", mobile=victim.mobile)

    assert not Delivery.objects.filter(account=victim.pk).exists()
