"""Mark as Leaver: the person leaves the organisation; another has 30 days to take the account over."""

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


def mark_as_leaver(account: UUID, *, by: Account, though_it_is_the_last: bool = False) -> None:
    """Afterwards the account is Active (Leaver), every administrator role has ended and the person is told.

    They can go on signing in for 30 days; sessions of now end, as they may have been an administrator's.
    Where an organisation is left with too few administrators, that must be asked for in so many words
    (``though_it_is_the_last``). Raises Refused with every reason, or NotFound.
    """
    with acting(Event.ACCOUNT_MARKED_AS_LEAVER, account, by=by, permission=Permission.MARK_AS_LEAVER) as frame:
        last = too_few_left(frame, frame.facts.target_grants, though_it_is_the_last=though_it_is_the_last)
        insist(Permission.MARK_AS_LEAVER, frame, *last)
        move_status(frame, By.MARK_AS_LEAVER)
        ended = roles.withdraw(frame.facts.target_grants, by=by.pk, now=frame.now)
        tell(Change.LEAVER, frame.account, at=frame.now)
        frame.details.update(roles_ended=ended)
