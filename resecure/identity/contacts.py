"""Addresses and numbers that a person had until a few days ago: they hear of what happens to the account, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.identity.accounts import Account

KEPT = timedelta(days=7)


class Kind(models.TextChoices):
    """What a person can be reached by."""

    ADDRESS = "address", _("Email address")
    MOBILE = "mobile", _("Mobile number")


class FormerContact(models.Model):
    """What a person was reached by before a change, and until when it still hears of everything: whoever changed it
    to take the account over must not so have silenced its owner."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)  # one of Kind
    value = models.CharField(max_length=254)
    changed_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="former_contact_by_end")]


def keep_former(account: UUID, kind: Kind, value: str, *, now: datetime) -> None:
    """Afterwards this one hears of everything for another week."""
    if value:
        FormerContact.objects.create(account_id=account, kind=kind, value=value, changed_at=now, until=now + KEPT)


def former(account: UUID, *, now: datetime) -> list[FormerContact]:
    """Those that still hear of what happens, the newest first."""
    return list(FormerContact.objects.filter(account=account, until__gt=now).order_by("-changed_at"))


def sweep(*, now: datetime, limit: int) -> int:
    """Forget those whose week is over. Returns how many went."""
    over = FormerContact.objects.filter(until__lte=now).values_list("pk", flat=True)[:limit]
    return FormerContact.objects.filter(pk__in=list(over)).delete()[0]
