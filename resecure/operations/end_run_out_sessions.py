"""End run-out sessions: applications hear of sessions that nobody ended, but whose time is over."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from resecure.identity import application_sessions
from resecure.identity.accounts import Account
from resecure.propagation import outbox
from resecure.propagation.models import Change, System


def end_run_out_sessions(*, by: Account, limit: int = 500) -> int:
    """Afterwards a row in the outbox tells the applications of up to ``limit`` accounts whose session ran out.

    Our own tokens ended with the session; this is for what an application keeps for itself. Returns how many
    accounts. Any number of workers may run it at once: each application session is told once. No record: nobody
    did anything.
    """
    assert by.is_system
    now = timezone.now()
    with transaction.atomic():
        found = application_sessions.accounts_run_out(now=now, limit=limit)
        for account in found:
            outbox.announce(Change.SESSION_ENDED, account=account, at=now, payload={}, systems=[System.APPLICATIONS])
    return len(found)
