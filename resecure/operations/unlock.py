"""Unlock: open an account that too many wrong passwords locked."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import confirmations
from resecure.identity.accounts import Account
from resecure.identity.confirmations import Purpose
from resecure.operations.shared.frame import acting, insist, move_status
from resecure.operations.shared.telling import tell
from resecure.policy.evidence import reasons_of_evidence
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


def unlock(account: UUID, *, by: Account, confirmation: UUID | None) -> None:
    """Afterwards the account is what it was before the lock: Active, Inactive or Active (Leaver), whose 30 days
    went on. The person can sign in with the password they had, and the count of wrong ones is zero.

    Needs a confirmation: whoever guessed until it locked would ask for this next. Raises Refused, NotFound.
    """
    with acting(
        Event.ACCOUNT_UNLOCKED, account, by=by, permission=Permission.UNLOCK, confirmation=confirmation
    ) as frame:
        evidence, missing = reasons_of_evidence(Purpose.UNLOCK, frame.facts)
        insist(Permission.UNLOCK, frame, *missing)
        confirmations.use(evidence.pk, now=frame.now)
        move_status(frame, By.UNLOCK, wrong_passwords=0, wrong_passwords_since=None)
        tell(Change.UNLOCKED, frame.account, at=frame.now)
        frame.details.update(method=evidence.method, reference=evidence.reference)
