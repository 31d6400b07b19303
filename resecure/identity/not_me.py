"""Links by which a person says *This wasn't me*: each good once, for a week, while the account's generation stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models

from resecure.database import statements
from resecure.identity import tokens
from resecure.identity.accounts import Account

LIFETIME = timedelta(days=7)
# Whoever holds a mailbox must not keep its owner out for ever: after a freeze, messages hold no link for so long.
REST = timedelta(days=7)


class NotMeLink(models.Model):
    """One link, which stands in every message about one operation. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    generation = models.BigIntegerField()  # the account's after the operation that it is about
    digest = models.BinaryField(unique=True)
    change = models.CharField(max_length=32)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="not_me_link_by_end"),
            models.Index(fields=["account"], name="not_me_used", condition=models.Q(used_at__isnull=False)),
        ]


def new_link(account: Account, change: str, *, now: datetime) -> str:
    """A fresh link's token, for the account as it stands now. One statement, which may be queued."""
    token, digest = tokens.new(tokens.NOT_ME)
    statements.insert(
        NotMeLink(
            account_id=account.pk,
            generation=account.generation,
            digest=digest,
            change=change,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


def find(token: str, *, now: datetime) -> NotMeLink | None:
    """The link behind a token, while it is good: not used, not late, and nothing happened to the account since."""
    return NotMeLink.objects.filter(
        digest=tokens.digest(token), used_at=None, expires_at__gt=now, generation=models.F("account__generation")
    ).first()


def use(link: NotMeLink, *, now: datetime) -> None:
    """Afterwards it is used up. The caller holds the account's row lock."""
    NotMeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now)


def used_since(account: UUID, since: datetime) -> bool:
    """Whether somebody said so since then."""
    return NotMeLink.objects.filter(account=account, used_at__gte=since).exists()


def last_used(account: UUID) -> NotMeLink | None:
    """The link by which somebody last said so."""
    return NotMeLink.objects.filter(account=account, used_at__isnull=False).order_by("-used_at").first()


def sweep(*, before: datetime, limit: int) -> int:
    """Remove links that ended before this time. Returns how many went."""
    over = NotMeLink.objects.filter(expires_at__lt=before).values_list("pk", flat=True)[:limit]
    return NotMeLink.objects.filter(pk__in=list(over)).delete()[0]
