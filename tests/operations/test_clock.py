"""What the clock does to accounts that nobody acts on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.audit.record import verify
from resecure.identity.accounts import IN_PROGRESS, Status, system_account
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import held_by
from resecure.operations.advance_statuses import advance_statuses, report_stuck
from resecure.operations.create_account import create_account
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.restore import restore
from resecure.policy.transitions import TABLE, By
from resecure.propagation.models import Delivery
from tests.attacks.stories import begun, fresh, opens, taken_steps, temporary_password
from tests.conftest import World


def clock(days: float = 0) -> int:
    """The clock's run, so many days from now."""
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        return advance_statuses(by=system_account())


@pytest.mark.parametrize(
    ("before", "days", "after"),
    [
        (Status.ACTIVE, 30, Status.INACTIVE),
        (Status.INACTIVE, 30, Status.DELETED),
        (Status.DISABLED, 548, Status.DELETED),
        (Status.LEAVER, 30, Status.DELETED),
        (Status.DELETED, 30, Status.DELETED_PERMANENT),
    ],
)
def test_the_clock_moves_a_status_on_its_day_and_not_before(
    world: World, before: Status, days: int, after: Status
) -> None:
    person = world.person(status=before)

    clock(days - 0.01)
    assert fresh(person).status == before
    clock(days + 0.01)

    assert fresh(person).status == after
    assert fresh(person).generation > person.generation
    assert world.records("account_status_advanced", person) == 1


@pytest.mark.parametrize("before", [Status.LOCKED, Status.DELETED_PERMANENT])
def test_the_clock_leaves_these_as_they_are_for_years(world: World, before: Status) -> None:
    person = world.person(status=before)

    clock(4000)

    assert fresh(person).status == before


@pytest.mark.parametrize("before", sorted(IN_PROGRESS - {Status.PENDING}))
def test_a_status_in_progress_settles_once_no_system_has_to_answer(world: World, before: Status) -> None:
    person = world.person(status=before)
    open_delivery = Delivery.objects.create(
        system="mail", change="disabled", account=person.pk, requested_at=timezone.now(), next_attempt_at=timezone.now()
    )
    clock()
    assert fresh(person).status == before

    Delivery.objects.filter(pk=open_delivery.pk).update(state="acknowledged")
    clock()

    [settled] = [each.after for each in TABLE if each.before == before and each.by is By.CLOCK]
    assert fresh(person).status == settled


def test_who_has_not_finished_thirty_days_after_a_resecure_is_inactive(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)

    clock(29.9)
    assert fresh(person).status == "active"
    clock(30.1)

    assert fresh(person).status == "inactive"
    assert Resecuring.objects.get(account=person).outcome == "lapsed"
    clock(60.2)
    assert fresh(person).status == "deleted"


def test_who_finished_in_time_stays_active(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    password = temporary_password(person, by=by)
    with time_machine.travel(timezone.now() + timedelta(hours=20), tick=False):
        taken_steps(begun(person, password))

    clock(30.2)

    assert fresh(person).status == "active"
    assert Resecuring.objects.get(account=person).outcome == "finished"


def test_a_created_account_without_a_first_password_is_deleted_after_thirty_days(world: World) -> None:
    made = create_account(
        by=world.administrator(),
        organisation_code="PRA",
        address="new.person@example.org",
        given_name="New",
        family_name="Person",
    )
    clock(29)
    assert fresh(made).status == "pending"
    clock(31)
    assert fresh(made).status == "deleted"


def test_an_inactive_person_who_signs_in_is_active_again(world: World) -> None:
    person = world.person()
    clock(31)
    assert fresh(person).status == "inactive"

    with time_machine.travel(timezone.now() + timedelta(days=32), tick=False):
        assert opens(person)

    assert fresh(person).status == "active"


def test_an_enabled_account_is_not_inactive_at_once_for_its_time_of_being_disabled(world: World) -> None:
    from resecure.operations.enable import enable

    person = world.person(status="disabled", last_active_at=timezone.now() - timedelta(days=90))
    enable(person.pk, by=world.administrator())

    clock(1)

    assert fresh(person).status == "active"


def test_the_roles_of_an_account_that_the_clock_deletes_do_not_come_back_with_it(world: World) -> None:
    helper: Any = world.administrator(status="disabled", role="local_helpdesk")
    boss = world.administrator("primary_local_administrator", last_active_at=timezone.now() + timedelta(days=549))
    clock(549)
    assert fresh(helper).status == "deleted"

    with time_machine.travel(timezone.now() + timedelta(days=550), tick=False):
        restore(helper.pk, by=boss)

    assert held_by(helper.pk)[helper.pk] == []


def test_connected_systems_learn_of_an_account_that_the_clock_deleted(world: World) -> None:
    person = world.person(status="inactive")

    clock(31)

    assert Delivery.objects.filter(account=person.pk, change="deleted", system="mail").count() == 1


def test_a_second_run_of_the_clock_moves_nothing(world: World) -> None:
    world.person(status="leaver")

    assert clock(31) >= 1
    assert clock(31) == 0


def test_an_account_between_two_statuses_for_a_day_is_reported_once(world: World) -> None:
    stuck, settled = world.person(status="disabling"), world.person()
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert report_stuck(by=system_account()) == 1
        assert report_stuck(by=system_account()) == 0

    assert world.records("account_stuck", stuck) == 1
    assert world.records("account_stuck", settled) == 0


def test_an_account_that_gets_stuck_again_is_reported_again(world: World) -> None:
    person = world.person(status="disabling")
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        report_stuck(by=system_account())
        advance_statuses(by=system_account())
        type(person).objects.filter(pk=person.pk).update(status="enabling", status_since=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=51), tick=False):
        assert report_stuck(by=system_account()) == 1


def test_the_service_itself_is_never_moved_by_the_clock(world: World) -> None:
    clock(5000)

    assert system_account().status == "disabled"
    assert verify()[1] == []
    assert world.aup.version == "1"


def test_who_had_steps_to_take_gets_all_the_days_anew_when_the_account_opens_again(world: World) -> None:
    """Otherwise the clock would shut the account a minute after the page said that the person can sign in."""
    for shut, opened in ((disable, enable), (delete, restore)):
        person, by = world.person(), world.administrator("primary_local_administrator")
        world.resecured(person, by=by)
        shut(person.pk, by=by)
        with time_machine.travel(timezone.now() + timedelta(days=29), tick=False):
            opened(person.pk, by=world.administrator())

        clock(29 + 29.9)
        assert fresh(person).status == Status.ACTIVE
        assert Resecuring.objects.get(account=person).ended_at is None
        clock(29 + 30.1)
        assert fresh(person).status == Status.INACTIVE


def test_somebody_who_becomes_inactive_is_told_in_the_same_transaction(world: World) -> None:
    person = world.person()

    clock(31)

    assert Delivery.objects.filter(account=person.pk, change="inactive", system="mail").count() == 1
    clock(32)
    assert Delivery.objects.filter(account=person.pk, change="inactive", system="mail").count() == 1
