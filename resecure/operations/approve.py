"""Approve or decline: the second person's word on what another administrator asked for."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import approvals
from resecure.identity.accounts import Account
from resecure.identity.activity import activity_of
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.operations.shared.carrying_out import carry_out_resecure, requester_of, tell_asker
from resecure.operations.shared.frame import Frame, acting
from resecure.operations.shared.typed import one_line
from resecure.policy.actions import Facts, permissions_over, reasons_not_to
from resecure.policy.approving import OPERATIONS_BY_NAME, is_overtaken, reasons_not_to_decide
from resecure.policy.confirmation_methods import reasons_against
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission


class _DecidedBefore(Exception):
    """The same person said the same a moment ago: nothing happens, and the answer is the first one."""

    def __init__(self, approval: Approval) -> None:
        super().__init__()
        self.approval = approval


def approve(approval: UUID, *, by: Account) -> Approval:
    """Afterwards a resecure has taken place, or a reset of the password is left to whoever asked to carry out.

    Everything is asked again at this moment, under the account's row lock: may this person be the second one, may
    who asked still do it, is the evidence that on which it was asked, and are the generations of both the same as
    then. What does not hold any more is *overtaken*, once and for all. Raises Refused, NotFound. The numbers are
    those of docs/operations/approve.md.
    """
    found = Approval.objects.filter(pk=approval).first()
    overtaken = False
    try:
        # (0) The account's row is locked. An unknown one is looked for all the same: the time must not tell.
        with acting(
            Event.APPROVAL_GIVEN, found.account_id if found else approval, by=by, permission=Permission.APPROVE
        ) as frame:
            assert found is not None  # an account of that id cannot be seen, as there is none
            locked = Approval.objects.get(pk=approval)
            if locked.decided_by == by.pk and locked.state in {ApprovalState.EXECUTED, ApprovalState.APPROVED}:
                raise _DecidedBefore(locked)
            requester = requester_of(locked)
            asker = Facts.read(frame.account, by=requester or Account(pk=locked.asker), now=frame.now)
            _insist(locked, frame, asker)  # (1) may they be the second person, and does it wait?
            evidence = _evidence(locked)
            if requester is None or evidence is None or _does_not_hold(locked, frame, asker, requester):  # (2)
                approvals.move(locked, ApprovalState.OVERTAKEN, now=frame.now)
                frame.event, overtaken = Event.APPROVAL_OVERTAKEN, True
                frame.details.update(approval=str(locked.pk), operation=locked.operation)
            elif locked.operation == Purpose.RESECURE:  # (3) it is done, by whoever asked, at this moment
                carry_out_resecure(
                    frame,
                    by=requester,
                    because=locked.arguments["because"],
                    evidence=evidence,
                    activity=activity_of(
                        frame.account.pk,
                        by=requester.pk,
                        now=frame.now,
                        operation=locked.operation,
                        in_turn=True,
                    ),
                    key=locked.idempotency_key,
                    approval=locked,
                )
            else:  # (3) nobody but who asked may see the password: they carry it out
                approvals.move(locked, ApprovalState.APPROVED, now=frame.now, decided_by=by)
                tell_asker(frame, locked, requester)
                frame.details.update(approval=str(locked.pk), operation=locked.operation, asked_by=str(requester.pk))
    except _DecidedBefore as before:
        return before.approval
    if overtaken:
        raise Refused(_overtaken())
    return locked


def decline(approval: UUID, *, by: Account, reason: str) -> Approval:
    """Afterwards nothing comes of it, and whoever asked knows why. Raises Refused, NotFound, Invalid."""
    reason = one_line(reason)
    if not reason:
        raise Invalid({"reason": [_("Say why you decline; who asked reads it")]})
    if len(reason) > 500:
        raise Invalid({"reason": [_("Use at most 500 characters")]})
    found = Approval.objects.filter(pk=approval).first()
    try:
        with acting(
            Event.APPROVAL_DECLINED, found.account_id if found else approval, by=by, permission=Permission.APPROVE
        ) as frame:
            assert found is not None
            locked = Approval.objects.get(pk=approval)
            if locked.decided_by == by.pk and locked.state == ApprovalState.DECLINED:
                raise _DecidedBefore(locked)
            requester = requester_of(locked)
            _insist(locked, frame, Facts.read(frame.account, by=requester or Account(pk=locked.asker), now=frame.now))
            approvals.move(locked, ApprovalState.DECLINED, now=frame.now, decided_by=by, reason=reason)
            if requester is not None:
                tell_asker(frame, locked, requester)
            frame.details.update(
                approval=str(locked.pk), operation=locked.operation, asked_by=str(locked.asker), reason=reason
            )
    except _DecidedBefore as before:
        return before.approval
    return locked


def _insist(approval: Approval, frame: Frame, asker: Facts) -> None:
    if reasons := reasons_not_to_decide(approval, frame.facts, asker=asker, now=frame.now):
        raise Refused(*reasons)


def _evidence(approval: Approval) -> IdentityConfirmation | None:
    """The confirmation on which it was asked: used up at that moment and for that, or nothing."""
    return IdentityConfirmation.objects.filter(
        pk=approval.confirmation,
        account=approval.account_id,
        by=approval.asker,
        purpose=approval.operation,
        generation=approval.generation,
        used_at=approval.asked_at,
    ).first()


def _does_not_hold(approval: Approval, frame: Frame, asker: Facts, requester: Account) -> bool:
    """Whether what was asked could not be asked any more now, by the same person, on the same evidence."""
    permission = OPERATIONS_BY_NAME[approval.operation]
    return (
        is_overtaken(approval, frame.account, requester)
        or not asker.actor_still_acts
        or Permission.VIEW_ACCOUNT not in permissions_over(asker)
        or bool(reasons_not_to(permission, asker))
        or bool(reasons_against(Method(approval.method), asker))
    )


def _overtaken() -> Refusal:
    return Refusal(
        "approval_overtaken",
        _("The account, or who asked, is not as it was when it was asked. Nothing was done."),
        _("Whoever needs it asks again, with a new confirmation."),
    )
