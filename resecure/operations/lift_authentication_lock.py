"""Lift the lock on Authenticate User: letters of this secret may be asked for again."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import authentications
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, insist
from resecure.policy.actions import standing_for
from resecure.policy.authentication import AFTER_A_LIFT, reasons_not_to_lift
from resecure.policy.roles import Permission


def lift_authentication_lock(account: UUID, *, by: Account) -> None:
    """Afterwards letters may be asked for again. Three more wrong answers and it must be lifted again: the guesser who
    had it locked may still be there, so a lift never gives the short locks back.

    Only by an administrator of higher standing than all who asked for the wrong letters. Raises Refused, NotFound.
    """
    permission = Permission.LIFT_AUTHENTICATION_LOCK
    with acting(Event.AUTHENTICATION_LOCK_LIFTED, account, by=by, permission=permission) as frame:
        state = authentications.authentication_of(frame.account)
        standing = standing_for(permission, frame.facts)
        insist(permission, frame, *reasons_not_to_lift(state, standing=standing, now=frame.now))
        frame.details.update(failures=state.failures, until_lifted=state.needs_lift)
        authentications.lift(state, failures=min(state.failures, AFTER_A_LIFT))
