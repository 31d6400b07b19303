"""Codes that a person reads back on a video call, or types to confirm a new address or number: six digits, kept as a
digest."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import F

from resecure.identity import secret_store
from resecure.identity.accounts import Account

MINUTES = 10
TRIES = 3
MOST_AN_HOUR = 5
PURPOSE = "confirmation_code"


class ConfirmationCode(models.Model):
    """One code: of one account, for one administrator and one operation, under one generation. It counts once, for ten
    minutes and three tries; a newer one for the same ends it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    by = models.UUIDField()
    purpose = models.CharField(max_length=20)
    generation = models.BigIntegerField()
    digest = models.BinaryField()
    key_name = models.CharField(max_length=40)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-sent_at"], name="code_by_account")]


def sent_lately(account: UUID, *, now: datetime, to_themselves: bool = False) -> int:
    """How many went to this account in the last hour, whoever sent them. Those ``to_themselves``, which the person
    asked for, are counted apart: whoever holds their session must not use up their administrators'."""
    sent = ConfirmationCode.objects.filter(account=account, sent_at__gt=now - timedelta(hours=1))
    return sent.filter(by=account).count() if to_themselves else sent.exclude(by=account).count()


def end(account: UUID, *, by: UUID, purpose: str, now: datetime) -> None:
    """Afterwards no code for this counts."""
    ConfirmationCode.objects.filter(account=account, by=by, purpose=purpose, ended_at=None).update(ended_at=now)


def make(account: Account, *, by: UUID, purpose: str, now: datetime) -> tuple[str, ConfirmationCode]:
    """A new code in clear, for the message alone, and what is kept of it. The caller holds the account's row lock."""
    code = f"{secrets.randbelow(1_000_000):06}"
    digest, key_name = secret_store.keyed_digest(code, account=account.pk, purpose=PURPOSE)
    end(account.pk, by=by, purpose=purpose, now=now)
    kept = ConfirmationCode.objects.create(
        account=account,
        by=by,
        purpose=purpose,
        generation=account.generation,
        digest=digest,
        key_name=key_name,
        sent_at=now,
        expires_at=now + timedelta(minutes=MINUTES),
    )
    return code, kept


def take_try(account: UUID, *, by: UUID, purpose: str, now: datetime) -> int | None:
    """Spend one try, and say on which code; None where none counts. To be committed before anything is compared:
    whoever asks many times at once has three tries and no more."""
    living = ConfirmationCode.objects.filter(
        account=account, by=by, purpose=purpose, ended_at=None, expires_at__gt=now, tries__lt=TRIES
    )
    found = living.values_list("pk", flat=True).first()
    return found if found is not None and living.filter(pk=found).update(tries=F("tries") + 1) else None


def use(pk: int | None, typed: str, *, account: Account, now: datetime) -> bool:
    """Whether this is the code, and it counts; afterwards it does so no more. Under the account's row lock."""
    if pk is None:
        return False
    kept = ConfirmationCode.objects.filter(
        pk=pk, account=account.pk, generation=account.generation, ended_at=None, expires_at__gt=now
    ).first()
    if kept is None or not secret_store.known_key(kept.key_name):
        return False
    digest, _name = secret_store.keyed_digest(typed, account=account.pk, purpose=PURPOSE, key_name=kept.key_name)
    if not hmac.compare_digest(digest, bytes(kept.digest)):
        return False
    return ConfirmationCode.objects.filter(pk=pk, ended_at=None).update(ended_at=now) == 1
