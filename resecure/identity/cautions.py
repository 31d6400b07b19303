"""Cautions: an administrator was not sure who called, and for a while everybody who opens the account sees it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models

from resecure.identity.accounts import Account


class Caution(models.Model):
    """One time that somebody was unsure. It blocks nothing; the latest says until when the account shows them."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    by = models.UUIDField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "-until"], name="caution_by_account")]
        constraints = [
            models.CheckConstraint(name="caution_ends_later", condition=models.Q(until__gt=models.F("at"))),
        ]


def mark(account: UUID, *, by: UUID, at: datetime, until: datetime) -> None:
    """Afterwards the account shows until then who was unsure, and when. One that lasts already is prolonged."""
    Caution.objects.create(account_id=account, by=by, at=at, until=until)
    Caution.objects.filter(account=account, until__gt=at, until__lt=until).update(until=until)


def on(account: UUID, *, now: datetime) -> list[Caution]:
    """Every time somebody was unsure that still counts, the latest first."""
    return list(Caution.objects.filter(account=account, until__gt=now).order_by("-at", "-id"))
