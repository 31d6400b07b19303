"""End one session: sign out, or end another of one's own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import locked_own
from resecure.policy.refusals import NotFound
from resecure.propagation import outbox
from resecure.propagation.models import Change, System


def end_session(session: UUID, *, by: Account) -> None:
    """Afterwards this session of one's own is over. Raises NotFound for any other, NotSignedIn."""
    _end(session, by=by, event=Event.SESSION_ENDED)


def sign_out(session: UUID, *, by: Account) -> None:
    """Afterwards the session that asks is over."""
    _end(session, by=by, event=Event.SIGNED_OUT)


def end_my_other_sessions(session: UUID, *, by: Account) -> int:
    """Afterwards only the session that asks is left. Returns how many ended. Raises NotSignedIn."""
    now = timezone.now()
    with transaction.atomic():
        locked_own(by)
        ended = sessions.end_others(session, account=by.pk, now=now)
        _tell(by, now)
        record.append(
            Event.SESSIONS_ENDED,
            actor=by.pk,
            target=by.pk,
            organisation_path=by.organisation_path,
            at=now,
            details={"kept": str(session), "ended": ended},
        )
    return ended


def _end(session: UUID, *, by: Account, event: Event) -> None:
    now = timezone.now()
    with transaction.atomic():
        if event is not Event.SIGNED_OUT:
            locked_own(by)
        if not sessions.end(session, account=by.pk, now=now):
            raise NotFound
        _tell(by, now)
        record.append(
            event,
            actor=by.pk,
            target=by.pk,
            organisation_path=by.organisation_path,
            at=now,
            details={"session": str(session)},
        )


def _tell(by: Account, now: datetime) -> None:
    """The applications of the session hear of it; a mail would be one too many."""
    outbox.announce(Change.SESSION_ENDED, account=by.pk, at=now, payload={}, systems=[System.APPLICATIONS])
