"""Approvals and alerts by the API: what a second person sees, says, and is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from resecure.identity.alerts import Alert, AlertKind, raise_alert
from resecure.identity.approvals import Approval
from resecure.policy.approving import ApprovalRequired
from tests.api.conftest import a_problem, program_of
from tests.attacks.stories import fresh
from tests.conftest import World

PLA = "primary_local_administrator"


def waiting(world: World) -> tuple[Approval, Any, Any]:
    """A resecure of an administrator that waits, who asked, and whom it is about."""
    target, asker = world.administrator(), world.administrator(PLA)
    try:
        world.resecured(target, by=asker)
    except ApprovalRequired as required:
        return required.approval, asker, target
    raise AssertionError("it needed no second person")


def test_a_second_person_sees_what_waits_and_approves_it(world: World) -> None:
    approval, asker, target = waiting(world)
    second = program_of(world, world.administrator(PLA))

    (shown,) = second.get("/approvals").json()["items"]
    assert (shown["id"], shown["asker"], shown["account"]) == (str(approval.pk), str(asker.pk), str(target.pk))
    assert [each["code"] for each in shown["needs"]] == ["target_holds_a_role"]
    answer = second.post(f"/approvals/{approval.pk}/approve").json()

    assert answer["state"] == "executed"
    assert answer["resecuring"]
    assert not fresh(target).password
    assert second.get("/approvals").json()["items"] == []
    assert second.get(f"/approvals/{approval.pk}").json()["state"] == "executed"


def test_who_asked_cannot_approve_but_withdraw(world: World) -> None:
    approval, asker, target = waiting(world)
    program = program_of(world, asker)

    a_problem(program.post(f"/approvals/{approval.pk}/approve"), status=409, code="own_request")
    assert program.post(f"/approvals/{approval.pk}/withdraw").json()["state"] == "withdrawn"
    assert fresh(target).password == target.password


def test_declining_needs_a_reason_that_who_asked_reads(world: World) -> None:
    approval, asker, target = waiting(world)
    second = program_of(world, world.administrator(PLA))

    a_problem(second.post(f"/approvals/{approval.pk}/decline", {"reason": " "}), status=422)
    assert second.post(f"/approvals/{approval.pk}/decline", {"reason": "I rang them"}).json()["state"] == "declined"
    assert program_of(world, asker).get(f"/approvals/{approval.pk}").json()["reason"] == "I rang them"
    assert fresh(target).password == target.password


def test_outside_their_organisations_an_approval_is_unknown(world: World) -> None:
    approval, _asker, _target = waiting(world)
    outside = program_of(world, world.administrator(PLA, organisation=world.elsewhere))

    assert outside.get("/approvals").json()["items"] == []
    a_problem(outside.get(f"/approvals/{approval.pk}"), status=404, code="not_found")
    for what, body in (("approve", None), ("withdraw", None), ("decline", {"reason": "no"})):
        a_problem(outside.post(f"/approvals/{approval.pk}/{what}", body), status=404, code="not_found")


def test_what_ran_out_waits_no_more(world: World) -> None:
    approval, _asker, _target = waiting(world)
    Approval.objects.filter(pk=approval.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    second = program_of(world, world.administrator(PLA))

    assert second.get("/approvals").json()["items"] == []
    assert second.get(f"/approvals/{approval.pk}").json()["state"] == "expired"
    a_problem(second.post(f"/approvals/{approval.pk}/approve"), status=409, code="approval_over")


def raised(world: World, **more: Any) -> Alert:
    person = world.person()
    return raise_alert(
        AlertKind.REPEATED,
        account=person.pk,
        actor=more.pop("actor", None),
        organisation_path=person.organisation_path,
        at=timezone.now() + timedelta(seconds=more.pop("later", 0)),
        details={"days": 1, "limit": 7},
    )


def test_an_alert_is_read_in_words_and_acknowledged_once_with_a_note(world: World) -> None:
    alert = raised(world)
    boss, other = world.administrator(PLA), world.administrator(PLA)

    (shown,) = program_of(world, boss).get("/alerts").json()["items"]
    assert shown["sentence"] == "Days since the last time: 1. Fewer than 7 are watched."
    a_problem(program_of(world, boss).post(f"/alerts/{alert.pk}/acknowledge", {"note": ""}), status=422)
    answer = program_of(world, boss).post(f"/alerts/{alert.pk}/acknowledge", {"note": "asked them"}).json()

    assert (answer["acknowledged_by"], answer["note"]) == (str(boss.pk), "asked them")
    again = program_of(world, other).post(f"/alerts/{alert.pk}/acknowledge", {"note": "me too"})
    a_problem(again, status=409, code="acknowledged_before")
    assert program_of(world, boss).get("/alerts").json()["items"] == []
    assert len(program_of(world, boss).get("/alerts", acknowledged="true").json()["items"]) == 1


def test_auditors_read_alerts_and_change_nothing_others_see_none(world: World) -> None:
    alert = raised(world)
    auditor = program_of(world, world.administrator("auditor"))

    assert len(auditor.get("/alerts").json()["items"]) == 1
    a_problem(auditor.post(f"/alerts/{alert.pk}/acknowledge", {"note": "n"}), status=409, code="role_does_not_allow")
    a_problem(program_of(world, world.administrator()).get("/alerts"), status=409, code="role_does_not_allow")
    outside = program_of(world, world.administrator(PLA, organisation=world.elsewhere))
    assert outside.get("/alerts").json()["items"] == []
    a_problem(outside.get("/alerts", after=str(alert.pk)), status=404, code="not_found")
    a_problem(outside.post(f"/alerts/{alert.pk}/acknowledge", {"note": "n"}), status=404, code="not_found")


def test_the_page_after_an_alert_begins_with_the_next_older_one(world: World) -> None:
    older, newer = raised(world), raised(world, later=1)
    boss = program_of(world, world.administrator(PLA))

    assert [each["id"] for each in boss.get("/alerts").json()["items"]] == [str(newer.pk), str(older.pk)]
    assert [each["id"] for each in boss.get("/alerts", after=str(newer.pk)).json()["items"]] == [str(older.pk)]
