"""Enable: open a disabled account again."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, days_anew, insist, move_status
from resecure.operations.shared.telling import tell
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def enable(account: UUID, *, by: Account) -> None:
    """Afterwards the person can sign in as before. Sessions of before stay over.

    Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_ENABLED, account, by=by, permission=Permission.ENABLE) as frame:
        insist(Permission.ENABLE, frame)
        move_status(frame, By.ENABLE, **days_anew(frame))
        tell(Change.ENABLED, frame.account, at=frame.now)
