"""The operations of approvals and alerts, each with something to act on."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from resecure.identity.accounts import system_account
from resecure.identity.alerts import Alert
from resecure.identity.approvals import Approval
from resecure.identity.resecurings import Trigger
from resecure.operations.acknowledge_alert import acknowledge_alert
from resecure.operations.approve import approve, decline
from resecure.operations.end_approvals import end_approvals
from resecure.operations.resecure import resecure
from resecure.operations.withdraw_approval import withdraw_approval
from resecure.policy.approving import ApprovalRequired
from tests.conftest import World
from tests.faults.prepared import Prepared, prepares


def waiting_for_a_second_person(world: World) -> tuple[Approval, Any, Any]:
    """A resecure of an administrator that waits; who asked, and who can approve."""
    role = "primary_local_administrator"
    target, by, second = world.administrator(), world.administrator(role), world.administrator(role)
    try:
        world.resecured(target, by=by)
    except ApprovalRequired as required:
        return required.approval, by, second
    raise AssertionError("it needed no second person")


@prepares
def ask_for_a_second_person(world: World) -> Prepared:
    target, by = world.administrator(), world.administrator("primary_local_administrator")
    confirmation = world.confirmation(target, by=by)

    def call() -> None:
        try:
            resecure(target.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)
        except ApprovalRequired:
            return

    return call


@prepares
def approve_a_resecure(world: World) -> Prepared:
    waiting, _by, second = waiting_for_a_second_person(world)
    return lambda: approve(waiting.pk, by=second)


@prepares
def decline_an_approval(world: World) -> Prepared:
    waiting, _by, second = waiting_for_a_second_person(world)
    return lambda: decline(waiting.pk, by=second, reason="it was not them")


@prepares
def withdraw_an_approval(world: World) -> Prepared:
    waiting, by, _second = waiting_for_a_second_person(world)
    return lambda: withdraw_approval(waiting.pk, by=by)


@prepares
def end_the_approvals_that_ran_out(world: World) -> Prepared:
    waiting, _by, _second = waiting_for_a_second_person(world)
    Approval.objects.filter(pk=waiting.pk).update(ends_at=timezone.now())
    return lambda: end_approvals(by=system_account())


@prepares
def acknowledge_one_alert(world: World) -> Prepared:
    by = world.administrator("primary_local_administrator")
    world.resecured(world.person(), by=world.administrator())
    alert = Alert.objects.filter(kind="first_by_administrator").get()
    return lambda: acknowledge_alert(alert.pk, by=by, note="I asked them; it was in order")
