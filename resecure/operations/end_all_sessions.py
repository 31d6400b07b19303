"""End all sessions: everything a person has open is over, and they may sign in again at once."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.telling import tell
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


def end_all_sessions(account: UUID, *, by: Account) -> None:
    """Afterwards no session, half-finished sign-in or unused confirmation of before counts.

    Raises Refused with every reason, or NotFound.
    """
    with acting(Event.SESSIONS_ENDED, account, by=by, permission=Permission.END_ALL_SESSIONS) as frame:
        insist(Permission.END_ALL_SESSIONS, frame)
        sessions.revoke_all(frame.account, by=by.pk, now=frame.now)
        tell(Change.SESSIONS_ENDED, frame.account, at=frame.now)
