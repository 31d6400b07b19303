"""Delete: close an account. It can be restored for 30 days."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import roles
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, insist, move_status, too_few_left
from resecure.operations.shared.telling import tell
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def delete(account: UUID, *, by: Account, though_it_is_the_last: bool = False) -> None:
    """Afterwards nothing opens the account and its roles have ended. An unfinished resecuring
    stays unfinished: restored, the account still awaits what it awaited.

    Where an organisation is left with too few administrators, that must be asked for in so many words
    (``though_it_is_the_last``). Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_DELETED, account, by=by, permission=Permission.DELETE) as frame:
        last = too_few_left(frame, frame.facts.target_grants, though_it_is_the_last=though_it_is_the_last)
        insist(Permission.DELETE, frame, *last)
        move_status(frame, By.DELETE)
        ended = roles.withdraw(frame.facts.target_grants, by=by.pk, now=frame.now)
        tell(Change.DELETED, frame.account, at=frame.now)
        frame.details.update(roles_ended=ended)
