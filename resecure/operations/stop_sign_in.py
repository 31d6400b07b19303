"""Stop a sign-in before its last step."""

from __future__ import annotations

from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.operations.shared.step_frame import current, living, note


def stop_sign_in(handle: str) -> None:
    """Afterwards this sign-in is over: whoever has kept its handle takes no further step. What its steps have
    changed stays, and a temporary password that opened it stays spent. Raises NotSignedIn if it was over before."""
    now = timezone.now()
    with living(current(handle), now=now) as frame:
        owed = frame.owed()
        note(frame.sign_in, completed_at=now)
        record.append(
            Event.SIGN_IN_STOPPED,
            actor=frame.account.pk,
            target=frame.account.pk,
            organisation_path=frame.account.organisation_path,
            at=now,
            details={"owed": [step.value for step in owed]},
        )
