"""Asking to be reached by another address or number: until its code is typed back it waits and counts for nothing."""

from __future__ import annotations

from datetime import datetime

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import pending_contacts
from resecure.identity.accounts import Account
from resecure.identity.contacts import Kind
from resecure.identity.pending_contacts import PendingContact
from resecure.operations.shared.telling import send_contact_code


def ask_for(account: Account, kind: Kind, value: str, *, now: datetime) -> None:
    """Afterwards this one waits, and a code is on its way there. In the caller's transaction, which holds the account's
    row lock. What waits already is left as it is: pressing Save again sends no second code."""
    waits = pending_contacts.pending(account).get(kind)
    if waits is not None and waits.value == value:
        return
    waits = pending_contacts.put(account, kind, value, now=now)
    send(waits, account, now=now)
    on_record(Event.CONTACT_ASKED_FOR, account, kind, now=now)


def send(waits: PendingContact, account: Account, *, now: datetime) -> bool:
    """Send a fresh code there. False, and nothing sent, when too many were in the last hour."""
    made = pending_contacts.new_code(waits, account, now=now)
    if made is None:
        return False
    code, until = made
    send_contact_code(account, code, kind=Kind(waits.kind), to=waits.value, pending=waits.pk, at=now, until=until)
    return True


def on_record(event: Event, account: Account, kind: Kind, *, now: datetime) -> None:
    """Which kind; never the address or number itself: the record is no second directory."""
    record.append(
        event,
        actor=account.pk,
        target=account.pk,
        organisation_path=account.organisation_path,
        at=now,
        details={"contact": kind.value},
    )
