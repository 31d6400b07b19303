"""Browsers in which somebody signed in before. There a stranger's wrong passwords keep nobody out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models

from resecure.database import statements
from resecure.identity import tokens
from resecure.identity.accounts import Account


class KnownBrowser(models.Model):
    """A browser that opened a session of this account. It opens nothing by itself: it only lets the right password be
    tried where others are kept out. Dies with the generation, like everything else, but for a lock by wrong
    passwords, which strangers can put on (:func:`carry`)."""

    digest = models.BinaryField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    generation = models.BigIntegerField()
    known_since = models.DateTimeField()


def remember(account: Account, *, now: datetime) -> str:
    """Afterwards a browser that shows the returned value is known at this account. The caller holds the row lock."""
    value, digest = tokens.new(tokens.BROWSER)
    statements.insert(
        KnownBrowser(digest=digest, account_id=account.pk, generation=account.generation, known_since=now)
    )
    return value


def known(value: str, *, account: UUID, generation: int) -> bytes | None:
    """The digest of a browser that is known at this account; None for all others. The same statement for all."""
    digest = tokens.digest(value)
    found = statements.rows(
        "SELECT 1 FROM identity_knownbrowser WHERE digest = %s AND account_id = %s AND generation = %s",
        [digest, account, generation],
    )
    return digest if found else None


def forget(digest: bytes) -> None:
    """Afterwards this browser is a stranger."""
    KnownBrowser.objects.filter(digest=digest).delete()


def carry(account: Account, *, before: int) -> None:
    """Take the browsers known under the generation before into the present one. Only for a lock by wrong passwords:
    otherwise whoever types ten of them would make the person a stranger at their own desk."""
    KnownBrowser.objects.filter(account=account, generation=before).update(generation=account.generation)


def sweep(*, before: datetime, limit: int) -> int:
    """Remove those known since before this time. Returns how many went."""
    old = KnownBrowser.objects.filter(known_since__lt=before).values_list("pk", flat=True)[:limit]
    return KnownBrowser.objects.filter(pk__in=list(old)).delete()[0]
