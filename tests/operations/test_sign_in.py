"""Signing in: counting, locking, throttling; and what an unlock or a lock does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from resecure.audit.models import Record
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy.refusals import NotSignedIn, Throttled
from resecure.propagation.models import Delivery
from tests.attacks.stories import HERE, fresh, opens, reasons
from tests.conftest import PASSWORD, World

pytestmark = pytest.mark.usefixtures("quick_hash")


@pytest.fixture
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting needs no slow hash: a wrong password here is one that says so."""
    monkeypatch.setattr(
        "resecure.operations.sign_in.passwords.matches", lambda password, stored: bool(stored) and password == PASSWORD
    )


def wrong(account_or_address: object, times: int = 1, *, place: str = "192.0.2.1") -> None:
    address = getattr(account_or_address, "address", account_or_address)
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in(str(address), "a wrong password", client=Client(address=place))


def test_the_tenth_wrong_password_locks_the_account_and_ends_what_was_open(world: World) -> None:
    person, other = world.person(), world.person()
    token, theirs = world.session(person), world.session(other)

    wrong(person, 9)
    assert fresh(person).status == "active"
    assert world.passes(token)
    wrong(person)

    assert fresh(person).status == "locked"
    assert not world.passes(token)
    assert world.passes(theirs)
    assert world.records("account_locked", person) == 1
    assert fresh(person).generation == person.generation + 1
    wrong(person, 3)
    told = Delivery.objects.filter(account=person.pk, change="locked", system="mail")
    assert told.count() == 1, "who goes on guessing sends the person no second mail"
    assert not opens(person), "the right password opens a locked account"


def test_wrong_passwords_outside_the_window_do_not_add_up(world: World) -> None:
    person = world.person()
    wrong(person, 9)

    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        wrong(person)

    assert fresh(person).status == "active"
    assert fresh(person).wrong_passwords == 1


def test_a_right_password_forgets_the_wrong_ones_before_it(world: World) -> None:
    person = world.person()
    wrong(person, 9)

    assert opens(person)
    wrong(person, 1, place="192.0.2.9")

    assert fresh(person).status == "active"


def test_an_unlocked_person_signs_in_with_the_password_they_had(world: World) -> None:
    person, by = world.person(), world.administrator()
    old = world.session(person)
    wrong(person, 10)

    unlock(person.pk, by=by, confirmation=world.confirmation(person, by=by, purpose="unlock"))

    assert fresh(person).status == "active"
    assert fresh(person).wrong_passwords == 0
    assert not world.passes(old), "a session of before the lock came back"
    assert opens(person)


def test_an_unlock_needs_a_confirmation(world: World) -> None:
    person, by = world.person(status="locked"), world.administrator()

    assert reasons(lambda: unlock(person.pk, by=by, confirmation=None)) == {"confirmation_required"}
    assert fresh(person).status == "locked"


def test_one_place_gets_twenty_tries_an_hour_at_one_address_known_or_not(world: World) -> None:
    for address in (world.person(status="disabled").address, "nobody@example.org"):
        wrong(address, 20)
        with pytest.raises(Throttled) as throttled:
            sign_in(address, PASSWORD, client=HERE)
        assert 3500 < throttled.value.seconds <= 3600


def test_a_throttled_place_does_not_keep_the_person_out_at_another(world: World) -> None:
    person = world.person()
    wrong(person, 9)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        wrong(person, 9)
    with time_machine.travel(timezone.now() + timedelta(minutes=32), tick=False):
        wrong(person, 2)
        with pytest.raises(Throttled):
            sign_in(person.address, PASSWORD, client=HERE)
        assert sign_in(person.address, PASSWORD, client=Client(address="198.51.100.7")).session


def test_the_throttle_opens_again_after_its_window(world: World) -> None:
    person = world.person(status="disabled")
    wrong(person, 20)
    type(person).objects.filter(pk=person.pk).update(status="active")

    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert opens(person)


def test_one_place_that_sprays_many_addresses_is_stopped(world: World, settings: object) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(  # type: ignore[attr-defined]
        update={"throttle_per_network_per_quarter_hour": 30}
    )
    for number in range(30):
        wrong(f"person.{number}@example.org")

    with pytest.raises(Throttled):
        sign_in(world.person().address, PASSWORD, client=HERE)


def test_a_failed_sign_in_is_on_record_without_what_was_typed(world: World) -> None:
    wrong("my-password-typed-into-the-wrong-field")
    person = world.person()
    wrong(person)

    unknown, known = Record.objects.filter(event="sign_in_failed").order_by("id")
    assert unknown.target is None
    assert "wrong-field" not in unknown.details
    assert known.target == person.pk


def test_the_address_is_found_in_any_case_and_with_space_around_it(world: World) -> None:
    person = world.person()

    assert sign_in(f"  {person.address.upper()} ", PASSWORD, client=HERE).session


def test_nobody_signs_in_as_the_service(world: World) -> None:
    from resecure.identity.accounts import Account, system_account

    Account.objects.filter(pk=system_account().pk).update(status="active", password=world.hashed)

    assert not opens(system_account())
