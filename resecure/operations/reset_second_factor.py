"""Reset second factor: take away what a person has lost, on evidence of its own."""

from __future__ import annotations

from uuid import UUID

from resecure.audit.events import Event
from resecure.identity import confirmations, second_factors, sessions
from resecure.identity.accounts import Account, touch
from resecure.identity.confirmations import Purpose
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.telling import tell
from resecure.policy.evidence import reasons_of_evidence, reasons_of_two_keys
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


def reset_second_factor(account: UUID, *, by: Account, confirmation: UUID | None) -> int:
    """Afterwards no passkey, app or recovery code of the account counts, and all that was open is over. Returns how
    many factors went. The password stays; an administrator adds a new factor at the next sign-in.

    Whoever reset the password of the same account within a day does not do this too: one deceived administrator
    must not open an account whole. Raises Refused, NotFound, SecondFactorNeeded.
    """
    asked = Permission.RESET_SECOND_FACTOR
    with acting(Event.SECOND_FACTOR_RESET, account, by=by, permission=asked, confirmation=confirmation) as frame:
        evidence, missing = reasons_of_evidence(Purpose.RESET_SECOND_FACTOR, frame.facts)
        insist(asked, frame, *missing, *reasons_of_two_keys(Purpose.RESET_SECOND_FACTOR, frame.facts))
        confirmations.use(evidence.pk, now=frame.now)
        gone = second_factors.forget_all(account)
        sessions.revoke_all(frame.account, by=by.pk, now=frame.now)
        touch(frame.account, by=by.pk, now=frame.now, second_factor_changed_at=frame.now)
        tell(Change.SECOND_FACTOR_RESET, frame.account, at=frame.now)
        frame.details.update(method=evidence.method, reference=evidence.reference, removed=gone)
    return gone
