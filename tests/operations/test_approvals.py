"""A second person: when one is needed, who it may be, and what holds at the moment of the yes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.approvals import Approval
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.identity.roles import RoleGrant
from resecure.operations.approve import approve, decline
from resecure.operations.end_approvals import end_approvals
from resecure.operations.resecure import resecure
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.withdraw_approval import withdraw_approval
from resecure.policy.approval_states import TABLE
from resecure.policy.approving import ApprovalRequired
from resecure.policy.refusals import Invalid, NotFound, Refused
from resecure.propagation.models import Delivery
from tests.attacks.stories import ask, fresh, reasons
from tests.conftest import World

PLA = "primary_local_administrator"


def ask_reset(world: World, target: Any, by: Any, **more: Any) -> Approval:
    """The same for a reset of the password."""
    confirmation = world.confirmation(target, by=by, purpose="reset_password")
    with pytest.raises(ApprovalRequired) as needed:
        set_temporary_password(target.pk, by=by, confirmation=confirmation, **more)
    return needed.value.approval


def three(world: World) -> tuple[Any, Any, Any]:
    """A Local Administrator to be resecured, who asks, and who can approve."""
    return world.administrator(), world.administrator(PLA), world.administrator(PLA)


def state(approval: Approval) -> str:
    return Approval.objects.get(pk=approval.pk).state


def untouched(account: Any) -> bool:
    return fresh(account).generation == account.generation and not Resecuring.objects.filter(account=account).exists()


def test_a_resecure_of_somebody_with_an_administrator_role_waits_for_a_second_person(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)

    assert untouched(target)
    assert [each["code"] for each in waiting.needs] == ["target_holds_a_role"]
    assert world.records("approval_asked", target) == 1
    assert Delivery.objects.filter(change="approval_asked", account=second.pk).count() == 1
    assert not Delivery.objects.filter(change="approval_asked", account=asker.pk).exists()


def test_the_yes_of_the_second_person_carries_it_out_at_that_moment_and_both_are_on_record(world: World) -> None:
    target, asker, second = three(world)
    done = approve(ask(world, target, asker).pk, by=second)

    made = Resecuring.objects.get(pk=done.resecuring)
    assert (made.by, made.approved_by, made.approval) == (asker.pk, second.pk, done.pk)
    assert fresh(target).password == ""
    [record] = Record.objects.filter(event="account_resecured", target=target.pk)
    assert record.actor == asker.pk
    assert json.loads(record.details)["approved_by"] == str(second.pk)
    assert Record.objects.get(event="approval_given", target=target.pk).actor == second.pk
    assert set_temporary_password(target.pk, by=asker).password


def test_equals_are_resecured_by_a_primary_local_administrator_with_a_second_one(world: World) -> None:
    target, asker, second = world.administrator(PLA), world.administrator(PLA), world.administrator(PLA)
    approve(ask(world, target, asker).pk, by=second)

    third = world.administrator(PLA)
    assert "equal_or_higher_standing" in reasons(lambda: set_temporary_password(target.pk, by=third))
    assert set_temporary_password(target.pk, by=asker).password


def test_a_local_administrator_does_not_even_ask_about_an_equal(world: World) -> None:
    target, asker = world.administrator(), world.administrator()

    no = reasons(lambda: resecure(target.pk, by=asker, because=Trigger.FORGOTTEN_SECRET, confirmation=None))
    assert "equal_or_higher_standing" in no
    assert not Approval.objects.exists()


def test_who_asked_cannot_be_the_second_person(world: World) -> None:
    target, asker, _second = three(world)
    waiting = ask(world, target, asker)

    assert "own_request" in reasons(lambda: approve(waiting.pk, by=asker))
    assert untouched(target)
    assert state(waiting) == "waiting"


def test_the_database_itself_refuses_an_approval_by_who_asked(world: World) -> None:
    target, asker, _second = three(world)
    waiting = ask(world, target, asker)

    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=waiting.pk).update(state="executed", decided_by=asker.pk)


def test_the_person_it_is_about_cannot_approve_it(world: World) -> None:
    target, asker = world.administrator(PLA), world.administrator(PLA)
    waiting = ask(world, target, asker)

    assert "own_account" in reasons(lambda: approve(waiting.pk, by=target))
    assert untouched(target)


def test_somebody_of_lower_standing_than_who_asked_cannot_approve(world: World) -> None:
    target, asker, _second = three(world)
    waiting, lower = ask(world, target, asker), world.administrator()

    assert "standing_too_low" in reasons(lambda: approve(waiting.pk, by=lower))
    assert untouched(target)


def test_somebody_of_lower_standing_than_the_person_cannot_approve(world: World) -> None:
    target, asker = world.administrator("global_administrator"), world.administrator(PLA)
    waiting = ask(world, target, asker)

    assert "standing_too_low" in reasons(lambda: approve(waiting.pk, by=world.administrator(PLA)))
    approve(waiting.pk, by=world.administrator("global_administrator", organisation=world.region))
    assert fresh(target).password == ""


@pytest.mark.parametrize("role", ["local_helpdesk", "auditor", "global_helpdesk"])
def test_nobody_approves_what_their_own_role_does_not_allow(world: World, role: str) -> None:
    target, asker, _second = three(world)
    waiting = ask(world, target, asker)

    assert "role_does_not_allow" in reasons(lambda: approve(waiting.pk, by=world.administrator(role)))
    assert untouched(target)


def test_out_of_scope_and_unknown_approvals_answer_alike_and_are_on_record(world: World) -> None:
    target, asker, _second = three(world)
    waiting, outside = ask(world, target, asker), world.administrator(PLA, organisation=world.elsewhere)
    before = Record.objects.filter(event="operation_refused").count()
    for number, pk in enumerate((waiting.pk, uuid4()), 1):
        for call in (approve, withdraw_approval):
            with pytest.raises(NotFound):
                call(pk, by=outside)
        with pytest.raises(NotFound):
            decline(pk, by=outside, reason="no")
        assert Record.objects.filter(event="operation_refused").count() == before + 3 * number
    assert untouched(target)


def overtaken(world: World, target: Any, waiting: Approval, second: Any) -> None:
    assert "approval_overtaken" in reasons(lambda: approve(waiting.pk, by=second))
    assert state(waiting) == "overtaken"
    assert world.records("approval_overtaken", target) == 1
    assert world.records("account_resecured", target) == 0
    assert "approval_over" in reasons(lambda: approve(waiting.pk, by=second))


def test_nothing_comes_of_it_when_who_asked_has_lost_the_role(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    RoleGrant.objects.filter(account=asker).update(withdrawn_at=timezone.now())

    overtaken(world, target, waiting, second)


def test_nothing_comes_of_it_when_who_asked_was_taken_back_meanwhile(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    Account.objects.filter(pk=asker.pk).update(generation=asker.generation + 1)

    overtaken(world, target, waiting, second)


def test_nothing_comes_of_it_when_the_account_is_not_as_it_was(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    Account.objects.filter(pk=target.pk).update(generation=target.generation + 1)

    overtaken(world, target, waiting, second)


def test_nothing_comes_of_it_when_the_account_moved_to_another_place(world: World) -> None:
    target, asker, second = (
        world.administrator(organisation=world.region),
        world.administrator(PLA, organisation=world.region),
        world.administrator(PLA, organisation=world.region),
    )
    waiting = ask(world, target, asker)
    place = world.practice
    Account.objects.filter(pk=target.pk).update(organisation=place, organisation_path=place.path)

    overtaken(world, target, waiting, second)


def test_nothing_comes_of_it_when_its_confirmation_is_not_the_one_it_used(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    IdentityConfirmation.objects.filter(pk=waiting.confirmation).update(used_at=timezone.now())

    overtaken(world, target, waiting, second)


def test_the_confirmation_on_which_it_was_asked_is_good_for_nothing_else(world: World) -> None:
    target, asker, _second = three(world)
    waiting = ask(world, target, asker)
    RoleGrant.objects.filter(account=target).update(withdrawn_at=timezone.now())
    withdraw_approval(waiting.pk, by=asker)

    no = reasons(
        lambda: resecure(target.pk, by=asker, because=Trigger.FORGOTTEN_SECRET, confirmation=waiting.confirmation)
    )
    assert "confirmation_not_valid" in no


def test_past_its_end_nobody_can_approve_it_and_the_clock_says_expired(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    Approval.objects.filter(pk=waiting.pk).update(ends_at=timezone.now())

    assert "approval_over" in reasons(lambda: approve(waiting.pk, by=second))
    assert end_approvals(by=world_service()) == 1
    assert end_approvals(by=world_service()) == 0
    assert state(waiting) == "expired"
    assert world.records("approval_expired", target) == 1
    assert untouched(target)


def world_service() -> Any:
    from resecure.identity.accounts import system_account

    return system_account()


def test_the_half_hour_of_the_confirmation_does_not_run_out_under_the_approval(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    IdentityConfirmation.objects.filter(pk=waiting.confirmation).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )

    assert approve(waiting.pk, by=second).state == "executed"


def test_declined_is_declined_and_a_later_yes_does_nothing(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    with pytest.raises(Invalid):
        decline(waiting.pk, by=second, reason=" ")
    decline(waiting.pk, by=second, reason="I rang them; it was not them")

    assert "approval_over" in reasons(lambda: approve(waiting.pk, by=world.administrator(PLA)))
    assert untouched(target)
    assert Approval.objects.get(pk=waiting.pk).reason == "I rang them; it was not them"
    assert Delivery.objects.filter(change="approval_decided", account=asker.pk).count() == 1


def test_only_who_asked_withdraws_it(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)

    assert "not_your_request" in reasons(lambda: withdraw_approval(waiting.pk, by=second))
    assert withdraw_approval(waiting.pk, by=asker).state == "withdrawn"
    assert withdraw_approval(waiting.pk, by=asker).state == "withdrawn"
    assert world.records("approval_withdrawn", target) == 1
    assert "approval_over" in reasons(lambda: approve(waiting.pk, by=second))


def test_a_double_click_on_approve_does_it_once_and_answers_twice(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    first, again = approve(waiting.pk, by=second), approve(waiting.pk, by=second)

    assert first.resecuring == again.resecuring
    assert world.records("account_resecured", target) == 1


def test_asking_twice_is_one_approval(world: World) -> None:
    target, asker, second = three(world)
    confirmation = world.confirmation(target, by=asker)
    answers = []
    for _each in range(2):
        with pytest.raises(ApprovalRequired) as needed:
            resecure(
                target.pk,
                by=asker,
                because=Trigger.FORGOTTEN_SECRET,
                confirmation=confirmation,
                idempotency_key="k",
            )
        answers.append(needed.value.approval.pk)
    assert answers[0] == answers[1]
    assert Approval.objects.count() == 1
    assert world.records("approval_asked", target) == 1
    approve(answers[0], by=second)
    made = resecure(
        target.pk, by=asker, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation, idempotency_key="k"
    )
    assert made.approved_by == second.pk
    assert Resecuring.objects.count() == 1


def test_two_administrators_who_ask_for_the_same_are_led_to_one_approval(world: World) -> None:
    target, asker, second = three(world)
    waiting, other = ask(world, target, asker), ask(world, target, second)

    assert waiting.pk == other.pk
    assert approve(waiting.pk, by=second).state == "executed"


def test_after_an_expired_one_it_can_be_asked_again(world: World) -> None:
    target, asker, second = three(world)
    first = ask(world, target, asker)
    Approval.objects.filter(pk=first.pk).update(ends_at=timezone.now())
    again = ask(world, target, asker)

    assert again.pk != first.pk
    assert state(first) == "expired"
    assert approve(again.pk, by=second).state == "executed"


def test_an_approved_reset_is_carried_out_by_who_asked_and_nobody_else_sees_the_password(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask_reset(world, target, asker)
    assert approve(waiting.pk, by=second).state == "approved"
    assert fresh(target).password == target.password

    with pytest.raises(Refused):
        set_temporary_password(target.pk, by=second)
    assert set_temporary_password(target.pk, by=asker).password
    assert state(waiting) == "executed"
    [record] = Record.objects.filter(event="temporary_password_set", target=target.pk)
    assert json.loads(record.details)["approved_by"] == str(second.pk)


def test_an_approved_reset_is_good_once_and_only_for_what_was_asked(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask_reset(world, target, asker)
    approve(waiting.pk, by=second)

    with pytest.raises(Refused):
        set_temporary_password(target.pk, by=asker, require_change=False, change_not_required_because="a kiosk")
    assert set_temporary_password(target.pk, by=asker).password
    assert "confirmation_required" in reasons(lambda: set_temporary_password(target.pk, by=asker))


@pytest.mark.parametrize("lost", ["second", "asker", "account", "late"])
def test_an_approved_reset_is_not_carried_out_when_something_changed_meanwhile(world: World, lost: str) -> None:
    target, asker, second = three(world)
    waiting = ask_reset(world, target, asker)
    approve(waiting.pk, by=second)
    if lost == "second":
        RoleGrant.objects.filter(account=second).update(withdrawn_at=timezone.now())
    elif lost == "late":
        Approval.objects.filter(pk=waiting.pk).update(ends_at=timezone.now())
    else:
        changed = asker if lost == "asker" else target
        Account.objects.filter(pk=changed.pk).update(generation=changed.generation + 1)
        asker.refresh_from_db()

    assert "confirmation_required" in reasons(lambda: set_temporary_password(target.pk, by=asker))
    assert fresh(target).password == target.password


def test_the_table_of_states_leads_out_of_waiting_and_approved_alone() -> None:
    assert {before.value for before, _after, _how in TABLE} == {"waiting", "approved"}
    assert "waiting" not in {after.value for _before, after, _how in TABLE}
