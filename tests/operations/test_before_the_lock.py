"""A lock interrupts a status and does not replace it: what leads out of it leads back, and no deadline moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.identity.accounts import Status, system_account
from resecure.operations.advance_statuses import advance_statuses
from resecure.operations.disable import disable
from resecure.operations.join import join
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy.refusals import NotSignedIn
from tests.attacks.stories import HERE, fresh, opens, reasons
from tests.conftest import PASSWORD, World


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting needs no slow hash: a wrong password here is one that says so."""
    monkeypatch.setattr(
        "resecure.operations.sign_in.passwords.matches", lambda password, stored: bool(stored) and password == PASSWORD
    )


def locked(person: Any) -> None:
    """Ten wrong passwords."""
    for _ in range(10):
        with pytest.raises(NotSignedIn):
            sign_in(person.address, "a wrong password", client=HERE)
    assert fresh(person).status == "locked"


def unlocked(world: World, person: Any, by: Any) -> None:
    unlock(person.pk, by=by, confirmation=world.confirmation(person, by=by, purpose="unlock"))


def given_a_password(world: World, person: Any, by: Any) -> None:
    set_temporary_password(person.pk, by=by, confirmation=world.confirmation(person, by=by, purpose="reset_password"))


def clock_after(days: float) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        advance_statuses(by=system_account())


OUT = [pytest.param(unlocked, id="unlock"), pytest.param(given_a_password, id="reset_password")]


@pytest.mark.parametrize("out", OUT)
def test_a_locked_leaver_is_a_leaver_again_with_the_days_that_were_left(world: World, out: Any) -> None:
    person, by = world.person(), world.administrator()
    mark_as_leaver(person.pk, by=by)
    marked = fresh(person).status_since

    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        locked(person)
        out(world, person, by)

    assert (fresh(person).status, fresh(person).status_since) == ("leaver", marked)
    clock_after(29.9)
    assert fresh(person).status == "leaver"
    clock_after(30.1)
    assert fresh(person).status == "deleted"


def test_a_leaver_who_was_locked_joins_as_any_other(world: World) -> None:
    by = world.administrator(organisation=world.region)
    person = world.person()
    mark_as_leaver(person.pk, by=by)
    locked(person)
    assert "status_does_not_allow" in reasons(lambda: join(person.pk, organisation_code="REG", by=by))

    unlocked(world, person, by)
    join(person.pk, organisation_code="REG", by=by)

    assert (fresh(person).status, fresh(person).organisation.code) == ("active", "REG")


@pytest.mark.parametrize(
    ("before", "days"), [pytest.param(Status.LEAVER, 30, id="leaver"), pytest.param(Status.INACTIVE, 30, id="inactive")]
)
def test_a_lock_keeps_no_account_past_its_day(world: World, before: Status, days: int) -> None:
    person = world.person(status=before)
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        locked(person)

    clock_after(days - 0.1)
    assert fresh(person).status == "locked"
    clock_after(days + 0.1)

    assert fresh(person).status == "deleted"
    assert fresh(person).status_before_lock is None


def test_ten_wrong_passwords_lock_an_inactive_account_and_unlock_makes_it_inactive_again(world: World) -> None:
    by = world.administrator()
    person = world.person(status="inactive", status_since=timezone.now() - timedelta(days=10))
    since = fresh(person).status_since

    locked(person)
    assert not opens(person), "the right password opens a locked account"
    assert world.records("account_locked", person) == 1
    unlocked(world, person, by)

    assert (fresh(person).status, fresh(person).status_since) == ("inactive", since)
    assert opens(person)
    assert fresh(person).status == "active"


def test_a_password_set_on_a_locked_account_that_was_inactive_makes_it_active(world: World) -> None:
    person, by = world.person(status="inactive"), world.administrator()
    locked(person)

    given_a_password(world, person, by)

    assert fresh(person).status == "active"


def test_an_account_that_was_active_is_active_from_the_unlock_on(world: World) -> None:
    person, by = world.person(status_since=timezone.now() - timedelta(days=400)), world.administrator()
    locked(person)
    assert fresh(person).status_before_lock == "active"

    unlocked(world, person, by)

    assert fresh(person).status == "active"
    assert fresh(person).status_since > timezone.now() - timedelta(minutes=1)
    assert fresh(person).status_before_lock_since is None


def test_an_account_locked_before_this_was_written_down_is_unlocked_to_active(world: World) -> None:
    person, by = world.person(status="locked"), world.administrator()

    unlocked(world, person, by)

    assert fresh(person).status == "active"


def test_a_lock_opens_no_way_to_disable_a_leaver_and_enable_them_as_active(world: World) -> None:
    person, by = world.person(status="leaver"), world.administrator()
    locked(person)

    assert reasons(lambda: disable(person.pk, by=by)) == {"status_does_not_allow"}

    assert (fresh(person).status, fresh(person).status_before_lock) == ("locked", "leaver")
