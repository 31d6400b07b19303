"""Restore: bring a deleted account back within 30 days."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, days_anew, insist, move_status
from resecure.operations.shared.telling import tell
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def restore(account: UUID, *, by: Account) -> None:
    """Afterwards the person can sign in as before. Sessions and roles of before stay over.

    Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_RESTORED, account, by=by, permission=Permission.RESTORE) as frame:
        insist(Permission.RESTORE, frame)
        move_status(frame, By.RESTORE, **days_anew(frame))
        tell(Change.RESTORED, frame.account, at=frame.now)
