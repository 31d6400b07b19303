"""End every session of every account: what an operator does after restoring a backup."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.application_sessions import ApplicationSession
from resecure.propagation import outbox
from resecure.propagation.models import Change, System

# In pieces, so that a sign-in waits for one organisation's rows and not for two million.
_RAISE = """
UPDATE identity_account SET generation = generation + 1,
  temporary_password_used_at = CASE WHEN password_is_temporary THEN now() ELSE temporary_password_used_at END
WHERE organisation_id = %s AND NOT is_system
"""


def end_every_session(*, by: Account) -> int:
    """Afterwards nothing that was issued before counts, for anybody, and applications are told. Returns how many
    accounts there are.

    A restored backup brings back the generations of its day, and with them sessions that a resecure ended
    after it was taken, and temporary passwords that were spent; this ends both again. Only the operator's
    console calls it, by the service's own account.
    """
    assert by.is_system
    raised = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_organisation ORDER BY id")
        organisations = [row[0] for row in cursor.fetchall()]
    for organisation in organisations:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_RAISE, [organisation])
            raised += cursor.rowcount
    now = timezone.now()
    open_ones = ApplicationSession.objects.filter(ended_at__isnull=True)
    for account in open_ones.order_by().values_list("account", flat=True).distinct().iterator():
        outbox.announce(Change.SESSIONS_ENDED, account=account, at=now, payload={}, systems=[System.APPLICATIONS])
    with transaction.atomic():
        record.append(Event.EVERY_SESSION_ENDED, actor=by.pk, target=None, at=now, details={"accounts": raised})
    return raised
