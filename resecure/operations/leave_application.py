"""Leave an application: sign out of one, and stay signed in everywhere else."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import application_sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.application_ends import tell_one
from resecure.operations.shared.frame import locked_own
from resecure.policy.refusals import NotFound
from resecure.propagation.models import Change


def leave_application(sid: UUID, *, by: Account) -> None:
    """Afterwards nothing that was issued in this application session counts, and the application is told.

    Raises NotFound for any but one's own, NotSignedIn.
    """
    now = timezone.now()
    with transaction.atomic():
        locked_own(by)
        over = application_sessions.end_one(sid, account=by.pk, now=now)
        if not over:
            raise NotFound
        tell_one(over, change=Change.SESSION_ENDED, account=by.pk, now=now)
        record.append(
            Event.APPLICATION_LEFT,
            actor=by.pk,
            target=by.pk,
            organisation_path=by.organisation_path,
            at=now,
            details={"application": str(over[0].application), "name": over[0].name, "sid": str(sid)},
        )
