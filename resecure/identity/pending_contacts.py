"""Addresses and numbers that a person wants to be reached by and has not confirmed yet. They count for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models

from resecure.identity import confirmation_codes as codes
from resecure.identity.accounts import Account
from resecure.identity.contacts import Kind

KEPT = timedelta(days=30)


class PendingContact(models.Model):
    """One address or number that waits for its code, asked for under one generation. When something happens to the
    account it counts no more: who asked for it may have been somebody else."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=10)  # one of Kind
    value = models.CharField(max_length=254)
    generation = models.BigIntegerField()
    asked_at = models.DateTimeField()
    # The code that was sent there last; None while none was, because too many had been.
    code = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="pending_contact_once")]
        indexes = [models.Index(fields=["asked_at"], name="pending_contact_by_time")]


def purpose_of(kind: Kind) -> str:
    """The purpose of its codes: none of another purpose confirms it."""
    return f"contact_{kind.value}"


def pending(account: Account) -> dict[str, PendingContact]:
    """What waits, by its kind."""
    found = PendingContact.objects.filter(account=account.pk, generation=account.generation)
    return {each.kind: each for each in found}


def number_of(account: Account) -> str:
    """The mobile number that the person last gave: the one that waits, or the one on record."""
    waits = pending(account).get(Kind.MOBILE)
    return waits.value if waits else account.mobile


def put(account: Account, kind: Kind, value: str, *, now: datetime) -> PendingContact:
    """Afterwards this one waits, and no other of its kind. The caller holds the account's row lock."""
    forget(account.pk, kind, now=now)
    return PendingContact.objects.create(
        account=account, kind=kind, value=value, generation=account.generation, asked_at=now
    )


def new_code(waiting: PendingContact, account: Account, *, now: datetime) -> tuple[str, datetime] | None:
    """A code in clear, for the message alone, and until when it counts; the one before is over. None when too many
    were sent in the last hour: whoever has the session could fill a stranger's mobile."""
    if codes.sent_lately(account.pk, now=now, to_themselves=True) >= codes.MOST_AN_HOUR:
        return None
    code, kept = codes.make(account, by=account.pk, purpose=purpose_of(Kind(waiting.kind)), now=now)
    waiting.code = kept.pk
    waiting.save(update_fields=["code"])
    return code, kept.expires_at


def forget(account: UUID, kind: Kind, *, now: datetime) -> bool:
    """Afterwards none of this kind waits, and no code of one counts. Returns whether one did."""
    codes.end(account, by=account, purpose=purpose_of(kind), now=now)
    return PendingContact.objects.filter(account=account, kind=kind).delete()[0] > 0


def sweep(*, now: datetime, limit: int) -> int:
    """Forget those that nobody confirmed for a month. Returns how many went."""
    old = PendingContact.objects.filter(asked_at__lte=now - KEPT).values_list("pk", flat=True)[:limit]
    return PendingContact.objects.filter(pk__in=list(old)).delete()[0]
