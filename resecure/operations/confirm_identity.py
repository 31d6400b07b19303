"""Confirm identity: an administrator writes down how they know who the person is. And when they do not."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import cautions
from resecure.identity.accounts import Account
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.identity.confirmations import Document, IdentityConfirmation, Method, Purpose
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.telling import tell_administrators
from resecure.operations.shared.typed import one_line
from resecure.policy.authentication import authenticate_first
from resecure.policy.confirmation_methods import reasons_against, recorded
from resecure.policy.organisation_policy import CAUTION_HOURS
from resecure.policy.refusals import Invalid
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
    with acting(Event.IDENTITY_CONFIRMED, account, by=by, permission=Permission.CONFIRM_IDENTITY) as frame:
        insist(Permission.CONFIRM_IDENTITY, frame, *first, *reasons_against(method, frame.facts))
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


def cannot_confirm_identity(account: UUID, *, by: Account, said: str) -> None:
    """Stop, and write down that this administrator was not sure who asked. Nothing about the account changes; its
    Primary Local Administrators have an alert and a mail, and for a day (a setting) whoever opens it sees a caution."""
    with acting(Event.IDENTITY_NOT_CONFIRMED, account, by=by, permission=Permission.CONFIRM_IDENTITY) as frame:
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
