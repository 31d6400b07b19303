"""Disable: shut an account until an administrator enables it."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, insist, move_status, too_few_left
from resecure.operations.shared.telling import tell
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def disable(account: UUID, *, by: Account, though_it_is_the_last: bool = False) -> None:
    """Afterwards nothing opens the account: its sessions are over and its password is not looked at.

    Where an organisation is left with too few administrators, that must be asked for in so many words
    (``though_it_is_the_last``). Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_DISABLED, account, by=by, permission=Permission.DISABLE) as frame:
        last = too_few_left(frame, frame.facts.target_grants, though_it_is_the_last=though_it_is_the_last)
        insist(Permission.DISABLE, frame, *last)
        move_status(frame, By.DISABLE)
        tell(Change.DISABLED, frame.account, at=frame.now)
