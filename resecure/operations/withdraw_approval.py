"""Withdraw what one asked a second person for."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import approvals
from resecure.identity.accounts import Account
from resecure.identity.approvals import OPEN, Approval, ApprovalState
from resecure.operations.shared.frame import acting
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission


class _WithdrawnBefore(Exception):
    """A second click: nothing happens."""

    def __init__(self, approval: Approval) -> None:
        super().__init__()
        self.approval = approval


def withdraw_approval(approval: UUID, *, by: Account) -> Approval:
    """Afterwards nothing comes of it. Only whoever asked withdraws it; others decline. Raises Refused, NotFound."""
    found = Approval.objects.filter(pk=approval).first()
    try:
        with acting(
            Event.APPROVAL_WITHDRAWN, found.account_id if found else approval, by=by, permission=Permission.APPROVE
        ) as frame:
            assert found is not None  # an account of that id cannot be seen, as there is none
            locked = Approval.objects.get(pk=approval)
            if locked.asker != by.pk:
                raise Refused(Refusal("not_your_request", _("Somebody else asked for this."), _("You can decline it.")))
            if locked.state == ApprovalState.WITHDRAWN:
                raise _WithdrawnBefore(locked)
            state = locked.state_at(frame.now)
            if state not in OPEN:
                raise Refused(
                    Refusal("approval_over", _("It does not wait any more: %(state)s.") % {"state": state.label})
                )
            approvals.move(locked, ApprovalState.WITHDRAWN, now=frame.now)
            frame.details.update(approval=str(locked.pk), operation=locked.operation)
    except _WithdrawnBefore as before:
        return before.approval
    return locked
