"""Confirm identity: an administrator writes down how they know who the person is. And when they do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import cautions
from resecure.identity import confirmation_codes as codes
from resecure.identity.accounts import Account
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.identity.confirmations import Document, IdentityConfirmation, Method, Purpose
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.telling import send_code, tell_administrators
from resecure.operations.shared.typed import one_line
from resecure.policy.authentication import authenticate_first
from resecure.policy.confirmation_methods import ending, reasons_against, recorded
from resecure.policy.organisation_policy import CAUTION_HOURS
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


def confirm_identity(
    account: UUID,
    *,
    by: Account,
    method: Method,
    reference: str,
    purpose: Purpose = Purpose.RESECURE,
    document: Document | None = None,
    code: str = "",
) -> IdentityConfirmation:
    """Afterwards there is a confirmation, good once, for this operation on this account by this administrator,
    for 30 minutes, and only while nothing else has taken the account back. Raises Refused, NotFound, Invalid."""
    reference = one_line(reference)
    if not reference:
        raise Invalid({"reference": [_("Enter a reference, for example the number of the call")]})
    if len(reference) > 200:
        raise Invalid({"reference": [_("Use at most 200 characters for the reference")]})
    # The secret is asked for by Authenticate User, which makes the confirmation of a yes itself: it cannot be claimed.
    first = [authenticate_first()] if method is Method.ACCOUNT_SECRET else []
    # Spent before anything is compared, and for good: a refusal undoes its transaction, not this.
    tried = _try_of_code(account, by=by, purpose=purpose) if method is Method.VIDEO_CALL and code else None
    with acting(Event.IDENTITY_CONFIRMED, account, by=by, permission=Permission.CONFIRM_IDENTITY) as frame:
        insist(Permission.CONFIRM_IDENTITY, frame, *first, *reasons_against(method, frame.facts))
        if method is Method.VIDEO_CALL and not codes.use(tried, code.strip(), account=frame.account, now=frame.now):
            raise Refused(_no_code(code))
        noted = recorded(method, frame.facts, document=document)
        made = IdentityConfirmation.objects.create(
            account_id=account,
            by=by.pk,
            purpose=purpose,
            method=method,
            reference=reference,
            details=noted,
            generation=frame.account.generation,
            created_at=frame.now,
            expires_at=frame.now + timedelta(minutes=settings.RESECURE.confirmation_minutes),
        )
        frame.details.update(method=method.value, reference=reference, operation=purpose.value, **noted)
    return made


def send_confirmation_code(account: UUID, *, by: Account, purpose: Purpose = Purpose.RESECURE) -> datetime:
    """Afterwards six digits are on their way to the number on record, to be read back to this administrator on a video
    call; codes sent before for the same are over. Returns until when they count. Raises Refused, NotFound."""
    with acting(Event.CONFIRMATION_CODE_SENT, account, by=by, permission=Permission.CONFIRM_IDENTITY) as frame:
        reasons = reasons_against(Method.VIDEO_CALL, frame.facts)
        if codes.sent_lately(account, now=frame.now) >= codes.MOST_AN_HOUR:
            reasons.append(
                Refusal("too_many_codes", _("Too many codes were sent to this person."), _("Try again in an hour."))
            )
        insist(Permission.CONFIRM_IDENTITY, frame, *reasons)
        code, kept = codes.make(frame.account, by=by.pk, purpose=purpose.value, now=frame.now)
        send_code(frame.account, code, mobile=frame.account.mobile, at=frame.now, until=kept.expires_at)
        frame.details.update(operation=purpose.value, number_ends=ending(frame.account))
    return kept.expires_at


def _try_of_code(account: UUID, *, by: Account, purpose: Purpose) -> int | None:
    with transaction.atomic():
        return codes.take_try(account, by=by.pk, purpose=purpose.value, now=timezone.now())


def _no_code(typed: str) -> Refusal:
    """One answer for wrong, late, used up, and of another account, administrator or operation."""
    if not typed:
        return Refusal(
            "code_required",
            _("Nobody has read back a code."),
            _("Send one to the number on record, and enter what the person reads back."),
        )
    return Refusal("code_not_valid", _("The code is wrong, too old or used up."), _("Send another one."))


def cannot_confirm_identity(account: UUID, *, by: Account, said: str) -> None:
    """Stop, and write down that this administrator was not sure who asked. Nothing about the account changes; its
    Primary Local Administrators have an alert and a mail, and for a day (a setting) whoever opens it sees a caution."""
    asked = Permission.CONFIRM_IDENTITY
    # Whoever hesitates is not held up: nothing about the account changes by this.
    with acting(Event.IDENTITY_NOT_CONFIRMED, account, by=by, permission=asked, proven=False) as frame:
        insist(Permission.CONFIRM_IDENTITY, frame)
        frame.details.update(said=one_line(said)[:500])
        until = frame.now + timedelta(hours=frame.facts.policy.of(CAUTION_HOURS))
        cautions.mark(account, by=by.pk, at=frame.now, until=until)
        raise_alert(
            AlertKind.NOT_CONFIRMED,
            account=account,
            actor=by.pk,
            organisation_path=frame.account.organisation_path,
            at=frame.now,
        )
        tell_administrators(Change.LOOK_NOT_CONFIRMED, frame.account, at=frame.now, but=by.pk)
