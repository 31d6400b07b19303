"""Watching: each rule, its threshold, whose it is, and that no rule ever blocks without a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.identity.alerts import Alert
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.policy.approving import ApprovalRequired
from resecure.policy.watching import said
from tests.attacks.stories import begun, new_mobile, taken_steps, temporary_password
from tests.conftest import World

pytestmark = pytest.mark.database


def alerts(kind: str, **about: Any) -> list[Alert]:
    return list(Alert.objects.filter(kind=kind, **about).order_by("raised_at"))


def set_policy(organisation: Any, **values: Any) -> None:
    found = Organisation.objects.get(pk=organisation.pk)
    found.policy = {**found.policy, **values}
    found.save(update_fields=["policy"])


def resecured_and_back(world: World, person: Any, *, by: Any, days_ago: float = 0) -> Resecuring:
    """A whole resecuring, dated back: what an account has behind it."""
    made = world.resecured(person, by=by)
    # What was used before is refused, so each time another password and another secret.
    secret = ("thunderstorms", "candlesticks", "waterfalls")[Resecuring.objects.filter(account=person).count() - 1]
    password = f"a quiet lantern over {secret}"
    taken_steps(begun(person, temporary_password(person, by=by)), password=password, secret=secret)
    begun_at = timezone.now() - timedelta(days=days_ago)
    Resecuring.objects.filter(pk=made.pk).update(begun_at=begun_at)
    return made


def codes(call: Any) -> list[str]:
    with pytest.raises(ApprovalRequired) as required:
        call()
    return [each["code"] for each in required.value.approval.needs]


def test_the_fifth_resecure_by_one_administrator_within_an_hour_is_noticed_once(world: World) -> None:
    by = world.administrator()
    for _number in range(4):
        world.resecured(world.person(), by=by)
    assert not alerts("many_by_administrator")
    world.resecured(world.person(), by=by)
    world.resecured(world.person(), by=by)

    [alert] = alerts("many_by_administrator", actor=by.pk)
    assert said(alert.kind, alert.details) == "5 resecures by one administrator within an hour; 5 are watched."


def test_what_is_an_hour_ago_counts_no_more_for_an_administrator(world: World) -> None:
    by = world.administrator()
    for _number in range(4):
        made = world.resecured(world.person(), by=by)
        Resecuring.objects.filter(pk=made.pk).update(begun_at=timezone.now() - timedelta(minutes=61))
    world.resecured(world.person(), by=by)

    assert not alerts("many_by_administrator")


def test_above_the_second_threshold_an_administrators_next_one_waits_for_a_second_person(world: World) -> None:
    set_policy(world.practice, approve_administrator_per_hour=2)
    by, other = world.administrator(), world.administrator()
    for _number in range(2):
        world.resecured(world.person(), by=by)

    assert codes(lambda: world.resecured(world.person(), by=by)) == ["many_by_administrator"]
    assert world.resecured(world.person(), by=other)


def test_the_third_resecure_of_one_account_within_a_month_is_noticed_whoever_did_it(world: World) -> None:
    person = world.person()
    for days in (20, 10):
        resecured_and_back(world, person, by=world.administrator(), days_ago=days)
    assert not alerts("many_of_account")
    world.resecured(person, by=world.administrator())

    [alert] = alerts("many_of_account", account=person.pk)
    assert alert.details == {"count": 3, "limit": 3}


def test_above_the_second_threshold_the_next_one_of_the_account_waits_for_a_second_person(world: World) -> None:
    set_policy(world.practice, approve_account_per_month=1)
    person = world.person()
    resecured_and_back(world, person, by=world.administrator(), days_ago=29)

    assert codes(lambda: world.resecured(person, by=world.administrator())) == ["many_of_account"]
    Resecuring.objects.filter(account=person).update(begun_at=timezone.now() - timedelta(days=31))
    assert world.resecured(world.person(), by=world.administrator())


def test_so_many_in_one_organisation_are_noticed_across_administrators(world: World) -> None:
    set_policy(world.practice, watch_organisation_per_hour=3)
    for _number in range(2):
        world.resecured(world.person(), by=world.administrator())
    world.resecured(world.person(organisation=world.region), by=world.administrator(organisation=world.region))
    assert not alerts("many_in_organisation")
    world.resecured(world.person(), by=world.administrator())

    [alert] = alerts("many_in_organisation")
    assert (alert.organisation_path, alert.details["count"]) == (world.practice.path, 3)


def test_above_the_second_threshold_the_next_one_in_the_organisation_waits(world: World) -> None:
    set_policy(world.practice, approve_organisation_per_hour=1)
    world.resecured(world.person(), by=world.administrator())

    assert codes(lambda: world.resecured(world.person(), by=world.administrator())) == ["many_in_organisation"]


@pytest.mark.parametrize(
    ("moment", "out"),
    [
        (datetime(2026, 3, 4, 6, 59, tzinfo=UTC), True),  # a Wednesday, winter time
        (datetime(2026, 3, 4, 7, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 18, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 19, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 12, 0, tzinfo=UTC), True),  # a Saturday
        (datetime(2026, 7, 1, 6, 30, tzinfo=UTC), False),  # summer time: half past seven there
    ],
)
def test_a_resecure_out_of_hours_is_noticed_by_the_clock_on_the_wall(
    world: World, moment: datetime, *, out: bool
) -> None:
    with time_machine.travel(moment, tick=True):
        world.resecured(world.person(), by=world.administrator())

    assert bool(alerts("out_of_hours")) is out


def test_each_organisation_has_its_own_hours(world: World) -> None:
    set_policy(world.practice, watch_hours_from=10, watch_hours_until=12)
    with time_machine.travel(datetime(2026, 3, 4, 9, 0, tzinfo=UTC), tick=True):
        world.resecured(world.person(), by=world.administrator())
        world.resecured(
            world.person(organisation=world.elsewhere), by=world.administrator(organisation=world.elsewhere)
        )

    [alert] = alerts("out_of_hours")
    assert alert.organisation_path == world.practice.path
    assert said(alert.kind, alert.details) == "At 09:00; the hours of the organisation are 10:00–12:00."


def test_the_first_resecure_by_an_administrator_is_noticed_and_the_second_is_not(world: World) -> None:
    by = world.administrator()
    for _number in range(2):
        world.resecured(world.person(), by=by)

    assert len(alerts("first_by_administrator", actor=by.pk)) == 1


@pytest.mark.parametrize(("days", "noticed"), [(6.9, True), (7.1, False)])
def test_an_account_resecured_again_within_seven_days_is_noticed(world: World, days: float, *, noticed: bool) -> None:
    person, by = world.person(), world.administrator()
    resecured_and_back(world, person, by=by, days_ago=days)
    world.resecured(person, by=by)

    assert bool(alerts("repeated", account=person.pk)) is noticed


def test_a_mobile_number_that_changes_soon_after_a_confirmation_is_noticed(world: World) -> None:
    person, by = world.person(), world.administrator()
    resecured_and_back(world, person, by=by)
    assert not alerts("contact_changed")
    person.refresh_from_db()
    new_mobile(person, "07700900982")

    [alert] = alerts("contact_changed", account=person.pk)
    assert alert.actor == by.pk


def test_a_change_of_number_without_a_confirmation_before_it_is_nobodys_alert(world: World) -> None:
    new_mobile(world.person(), "07700900982")

    assert not alerts("contact_changed")


def test_no_rule_blocks_without_a_word_an_alert_alone_stops_nothing(world: World) -> None:
    """Every first threshold at one: all is noticed, and the resecure takes place."""
    set_policy(world.practice, watch_administrator_per_hour=1, watch_account_per_month=1, watch_organisation_per_hour=1)
    with time_machine.travel(datetime(2026, 3, 7, 3, 0, tzinfo=UTC), tick=True):
        made = world.resecured(world.person(), by=world.administrator())

    assert made.pk
    kinds = set(Alert.objects.values_list("kind", flat=True))
    assert {
        "many_by_administrator",
        "many_of_account",
        "many_in_organisation",
        "out_of_hours",
        "first_by_administrator",
    } <= kinds
