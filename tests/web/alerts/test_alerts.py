"""The pages of alerts: who reads what was noticed, and who says that they looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from resecure.identity.alerts import Alert, AlertKind, raise_alert
from tests.conftest import World
from tests.web.user_management.conftest import Browser, source_of, words_of

PLA = "primary_local_administrator"
pytestmark = pytest.mark.database


def raised(world: World, **more: Any) -> Alert:
    person = world.person(given_name="Bob", family_name="Person")
    return raise_alert(
        AlertKind.REPEATED,
        account=person.pk,
        actor=more.get("actor"),
        organisation_path=person.organisation_path,
        at=timezone.now() + timedelta(seconds=more.get("later", 0)),
        details={"days": 1, "limit": 7},
    )


def browser_of(world: World, role: str = PLA, **more: Any) -> Browser:
    return Browser(world, world.administrator(role, given_name="Pia", family_name="Primary", **more))


def test_a_primary_administrator_reads_an_alert_and_says_what_they_found(world: World) -> None:
    boss, alert = browser_of(world), raised(world)

    page = words_of(boss.client.get("/alerts/"))
    assert "Alerts (1)" in page
    assert "An account was resecured again within days: Bob Person" in page
    assert "Days since the last time: 1. Fewer than 7 are watched." in page
    wrong = boss.client.post(f"/alerts/{alert.pk}/", {"note": ""})
    assert wrong.status_code == 422
    assert "Say in a few words what you found" in words_of(wrong)
    assert boss.client.post(f"/alerts/{alert.pk}/", {"note": "asked them both"}).status_code == 302
    assert "What they found asked them both" in words_of(boss.client.get(f"/alerts/{alert.pk}/"))
    assert "There is no alert that nobody has looked at." in words_of(boss.client.get("/alerts/"))
    assert "Pia Primary looked at it: asked them both" in words_of(boss.client.get("/alerts/?acknowledged=yes"))


def test_an_auditor_reads_and_changes_nothing(world: World) -> None:
    auditor, alert = browser_of(world, "auditor"), raised(world)
    page = words_of(auditor.client.get(f"/alerts/{alert.pk}/"))
    assert "A Primary Local Administrator acknowledges it." in page
    assert auditor.client.post(f"/alerts/{alert.pk}/", {"note": "mine"}).status_code == 409
    assert Alert.objects.get(pk=alert.pk).acknowledged_at is None


def test_nobody_acknowledges_what_is_about_themselves_and_keeps_what_they_typed(world: World) -> None:
    boss = browser_of(world)
    alert = raised(world, actor=boss.account.pk)
    assert "This is about what you did yourself." in words_of(boss.client.get(f"/alerts/{alert.pk}/"))
    assert boss.client.post(f"/alerts/{alert.pk}/", {"note": "fine"}).status_code == 409


def test_of_two_the_second_reads_who_was_first(world: World) -> None:
    boss, other, alert = browser_of(world), browser_of(world), raised(world)
    boss.client.post(f"/alerts/{alert.pk}/", {"note": "first"})
    late = other.client.post(f"/alerts/{alert.pk}/", {"note": "second"})
    assert late.status_code == 409
    assert "Somebody else has acknowledged it already." in words_of(late)
    assert Alert.objects.get(pk=alert.pk).note == "first"


@pytest.mark.parametrize("role", ["local_administrator", "local_helpdesk"])
def test_who_reads_no_alerts_has_no_link_to_them(world: World, role: str) -> None:
    someone, alert = browser_of(world, role), raised(world)
    assert 'href="/alerts/"' not in source_of(someone.client.get("/user-management/"))
    assert someone.client.get("/alerts/").status_code == 409
    assert someone.client.get(f"/alerts/{alert.pk}/").status_code == 404


def test_out_of_scope_is_not_found(world: World) -> None:
    outside, alert = browser_of(world, organisation=world.elsewhere), raised(world)
    assert outside.client.get(f"/alerts/{alert.pk}/").status_code == 404
    assert outside.client.post(f"/alerts/{alert.pk}/", {"note": "n"}).status_code == 404
    assert outside.client.get("/alerts/?after=no-id").status_code == 404
    assert "Alerts (" not in words_of(outside.client.get("/alerts/"))


def test_many_alerts_come_a_hundred_a_page(world: World) -> None:
    boss = browser_of(world)
    for number in range(101):
        raised(world, later=number)
    first = boss.client.get("/alerts/")
    assert "Alerts (100+)" in words_of(first)
    assert "Older alerts" in words_of(first)
    last = Alert.objects.order_by("raised_at")[1]
    rest = boss.client.get(f"/alerts/?after={last.pk}")
    assert words_of(rest).count("An account was resecured again") == 1
