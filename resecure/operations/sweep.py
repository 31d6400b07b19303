"""Sweep: remove rows that count for nothing any more. Nothing about who gets in depends on it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from resecure.identity import (
    application_tokens,
    contacts,
    known_browsers,
    not_me,
    pending_contacts,
    second_factors,
    sessions,
    throttles,
)
from resecure.identity.accounts import Account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.sign_ins import SignIn
from resecure.propagation import outbox

# Until then the second use of a code or refresh token is still known for what it is.
TOKENS_END = timedelta(days=1)
BROWSERS_KEPT = timedelta(days=90)  # as long as the browser itself keeps it
WINDOWS_END = timedelta(days=1)  # no throttle counts for longer


def sweep(*, by: Account, limit: int = 5000) -> dict[str, int]:
    """Afterwards up to ``limit`` sessions, sign-ins and confirmations that ended longer ago than the settings keep
    them are gone, so are deliveries acknowledged longer ago, and every throttle whose window is over. Returns how
    many of each.

    Writes no record: nobody lost anything, and whatever a confirmation was used for has it on record. Any
    number of workers may run it at once.
    """
    assert by.is_system
    now = timezone.now()
    old = now - timedelta(days=settings.RESECURE.ended_sessions_kept_days)
    delivered = now - timedelta(days=settings.RESECURE.deliveries_kept_days)
    sign_ins = SignIn.objects.filter(expires_at__lt=old).values_list("pk", flat=True)[:limit]
    confirmations = IdentityConfirmation.objects.filter(expires_at__lt=old).values_list("pk", flat=True)[:limit]
    return {
        "former_contacts": contacts.sweep(now=now, limit=limit),
        "pending_contacts": pending_contacts.sweep(now=now, limit=limit),
        "not_me_links": not_me.sweep(before=old, limit=limit),
        "deliveries": outbox.sweep(before=delivered, limit=limit),
        "application_tokens": application_tokens.sweep(before=now - TOKENS_END, limit=limit),
        "sessions": sessions.sweep(before=old, limit=limit),
        "known_browsers": known_browsers.sweep(before=now - BROWSERS_KEPT, limit=limit),
        "challenges": second_factors.sweep(before=now, limit=limit),
        "throttles": throttles.sweep(before=now - WINDOWS_END),
        "sign_ins": SignIn.objects.filter(pk__in=list(sign_ins)).delete()[0],
        "confirmations": IdentityConfirmation.objects.filter(pk__in=list(confirmations)).delete()[0],
    }
