"""Confirm contact: a person proves that a new address or number is theirs, by the code that was sent there."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import confirmation_codes as codes
from resecure.identity import pending_contacts
from resecure.identity.accounts import Account, search_keys, touch
from resecure.identity.contacts import Kind, keep_former
from resecure.identity.pending_contacts import PendingContact
from resecure.operations.shared.asking_contact import ask_for, on_record, send
from resecure.operations.shared.frame import insist_proven_or_new, locked_own, record_refusal
from resecure.operations.shared.telling import tell
from resecure.operations.shared.typed import mail_address
from resecure.operations.shared.watching import watch_contact_change
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.propagation.models import Change


def ask_for_address(address: str, *, by: Account) -> bool:
    """Afterwards a code is on its way to this address, and it waits to be confirmed. Returns False, and changes
    nothing, for the address that the account has. Raises Invalid, NotSignedIn; SecondFactorNeeded where no second
    factor was given lately, or for who has none, no sign-in: one signs in with the address, and a computer that was
    found open must not be enough to take it over.

    Whether another account has it is not said here, where anybody could try names: only to whoever has its mailbox.
    """
    given, now = mail_address(address), timezone.now()
    with transaction.atomic():
        locked = locked_own(by)
        insist_proven_or_new(by)
        if given == locked.address:
            pending_contacts.forget(locked.pk, Kind.ADDRESS, now=now)
            return False
        ask_for(locked, Kind.ADDRESS, given, now=now)
    return True


def send_another_code(kind: Kind, *, by: Account) -> None:
    """Afterwards a fresh code is on its way, and the one before is over. Raises Refused, NotFound when nothing of this
    kind waits, NotSignedIn."""
    now = timezone.now()
    try:
        with transaction.atomic():
            locked = locked_own(by)
            waits = pending_contacts.pending(locked).get(kind)
            if waits is None:
                raise NotFound
            if not send(waits, locked, now=now):
                raise Refused(
                    Refusal("too_many_codes", _("Too many codes were sent to this person."), _("Try again in an hour."))
                )
            on_record(Event.CONTACT_CODE_SENT, locked, kind, now=now)
    except Refused as refusal:
        record_refusal(refusal, account=by.pk, by=by, now=now, asked="confirm_contact")
        raise


def confirm_contact(kind: Kind, code: str, *, by: Account) -> None:
    """Afterwards the account has the address or number that waited; the one before hears of it, and of everything
    else for a week. Raises Refused for a code that is wrong, late, used up, of another account or from before
    something happened to this one: one answer for all. NotFound when nothing waits, NotSignedIn.
    """
    now, refused = timezone.now(), None
    try:
        with transaction.atomic():
            locked = locked_own(by)  # (1) tries that come at once are counted one after the other
            waits = pending_contacts.pending(locked).get(kind)
            if waits is None:
                raise NotFound
            refused = _reason_against(waits, code, account=locked, now=now)
            if refused is None:
                pending_contacts.forget(locked.pk, kind, now=now)
                on_record(Event.CONTACT_CONFIRMED, locked, kind, now=now)
            else:
                # In this transaction, which is not undone: the try is spent, whatever comes of it.
                record_refusal(refused, account=by.pk, by=by, now=now, asked="confirm_contact")
    except NotFound as nothing:
        record_refusal(nothing, account=by.pk, by=by, now=now, asked="confirm_contact")
        raise
    if refused is not None:
        raise refused


def _reason_against(waits: PendingContact, code: str, *, account: Account, now: datetime) -> Refused | None:
    """None when the account has the new one now."""
    kind = Kind(waits.kind)
    tried = codes.take_try(account.pk, by=account.pk, purpose=pending_contacts.purpose_of(kind), now=now)
    # (2) The code that went to this value, and no other.
    typed = "".join(letter for letter in code if letter not in " -\u00a0")
    if tried != waits.code or not codes.use(tried, typed, account=account, now=now):
        return Refused(Refusal("code_not_valid", _("The code is wrong, too old or used up."), _("Send another one.")))
    try:
        with transaction.atomic():
            _take(account, kind, waits.value, now=now)
    except IntegrityError:
        # (3) Only now, to whoever reads that mailbox, is it said that another account has the address.
        taken = Refusal("address_taken", _("Another account has this address."), _("Choose another address."))
        return Refused(taken)
    return None


def withdraw_contact(kind: Kind, *, by: Account) -> None:
    """Afterwards nothing of this kind waits, and no code for it counts. Raises NotSignedIn."""
    now = timezone.now()
    with transaction.atomic():
        locked = locked_own(by)
        if pending_contacts.forget(locked.pk, kind, now=now):
            on_record(Event.CONTACT_WITHDRAWN, locked, kind, now=now)


def _take(account: Account, kind: Kind, value: str, *, now: datetime) -> None:
    """The one before is kept first: a thief who changes it must not so silence its owner. Soon after somebody was
    identified by an administrator, those who watch hear of it."""
    watch_contact_change(account, now=now)
    if kind is Kind.MOBILE:
        keep_former(account.pk, kind, account.mobile, now=now)
        touch(account, by=account.pk, now=now, mobile=value, mobile_changed_at=now)
        tell(Change.MOBILE_CHANGED, account, at=now)
        return
    keep_former(account.pk, kind, account.address, now=now)
    keys = search_keys(given_name=account.given_name, family_name=account.family_name, address=value)
    touch(account, by=account.pk, now=now, address=value, **keys)
    tell(Change.ADDRESS_CHANGED, account, at=now)
