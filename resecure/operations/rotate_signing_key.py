"""Rotate the signing key: make the next one, publish it, sign with it a day later, and take the old one away."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import signing_keys
from resecure.identity.accounts import Account
from resecure.identity.signing_keys import AHEAD, SigningKey

# Nothing that a key signed is looked at for longer: ID tokens as hints of a sign-out, for as long as a session lasts.
LOOKED_AT = timedelta(days=2)


def rotate_signing_key(*, by: Account, at_once: bool = False) -> SigningKey | None:
    """Afterwards there is a next key where one is due; it is published now and signs in a day, so that applications
    have read it by then. Keys that were followed long ago are off the list, their private half forgotten.

    ``at_once``: for a key that leaked. The new one signs now and all others are off the list; applications that
    remember our keys fail to check a token until they read them again. Returns the new key, or None.
    """
    assert by.is_system
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('resecure signing key'))")
        youngest = SigningKey.objects.filter(ended_at=None).order_by("-signs_from").first()
        age = timedelta(days=settings.RESECURE.signing_key_days)
        due = at_once or youngest is None or youngest.signs_from + age - AHEAD <= now
        made = None
        if due:
            starts = now if at_once or youngest is None else max(now + AHEAD, youngest.signs_from + age)
            made = signing_keys.make(now=now, signs_from=starts)
            record.append(
                Event.SIGNING_KEY_ROTATED,
                actor=by.pk,
                target=None,
                at=now,
                details={"key": str(made.pk), "signs_from": starts.isoformat(), "at_once": at_once},
            )
        if at_once and made is not None:
            signing_keys.end_all_but(made, now=now)
        else:
            signing_keys.end_older(before=now - LOOKED_AT, now=now)
    return made
