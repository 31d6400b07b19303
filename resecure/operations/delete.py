"""Delete: close an account. It can be restored for 30 days."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import roles
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, insist, move_status
from resecure.operations.shared.telling import told
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation import outbox
from resecure.propagation.models import Change


def delete(account: UUID, *, by: Account) -> None:
    """Afterwards nothing opens the account and its roles have ended. An unfinished resecuring
    stays unfinished: restored, the account still awaits what it awaited.

    Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_DELETED, account, by=by, permission=Permission.DELETE) as frame:
        insist(Permission.DELETE, frame)
        move_status(frame, By.DELETE)
        ended = roles.withdraw(frame.facts.target_grants, by=by.pk, now=frame.now)
        outbox.announce(Change.DELETED, account=account, at=frame.now, payload=told(frame.account))
        frame.details.update(roles_ended=ended)
