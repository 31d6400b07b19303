"""The acceptable use policy (AUP): its versions, and who has accepted which."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.database import statements
from resecure.identity.accounts import Account


class AupVersion(models.Model):
    """A version of the policy. The current one is the newest; a published text never changes."""

    version = models.CharField(max_length=20, unique=True)
    text = models.TextField()
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.version


class WithdrawnBecause(models.TextChoices):
    RESECURED = "resecured", _("the account was resecured")
    REPLACED = "replaced", _("a newer version was accepted")
    DELETED = "deleted", _("the account was deleted")


class AupAcceptance(models.Model):
    """One acceptance. Withdrawn, it stays, with when, by whom and why: it counts no longer."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="acceptances")
    version = models.ForeignKey(AupVersion, on_delete=models.PROTECT, db_index=False)
    accepted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.UUIDField(null=True)
    withdrawn_because = models.CharField(max_length=20, choices=WithdrawnBecause.choices, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="aup_accepted_once",
            )
        ]


def current_aup() -> AupVersion:
    """The version that must be accepted. Raises AupVersion.DoesNotExist before the first is published."""
    return AupVersion.objects.latest("published_at", "id")


def acceptance_of(account: UUID) -> AupAcceptance | None:
    """The acceptance that counts, of whatever version, or None."""
    return AupAcceptance.objects.filter(account=account, withdrawn_at__isnull=True).select_related("version").first()


def current_and_accepted(account: UUID) -> tuple[int, int | None]:
    """The keys of the version that must be accepted and of the one that is, read together.

    Raises AupVersion.DoesNotExist before the first is published.
    """
    [(current, accepted)] = statements.rows(
        "SELECT (SELECT id FROM identity_aupversion ORDER BY published_at DESC, id DESC LIMIT 1),"
        " (SELECT version_id FROM identity_aupacceptance WHERE account_id = %s AND withdrawn_at IS NULL)",
        [account],
    )
    if current is None:
        raise AupVersion.DoesNotExist
    return current, accepted


def withdraw_aup_acceptance(account: Account, *, by: UUID, because: WithdrawnBecause, now: datetime) -> None:
    """Afterwards the person has accepted nothing."""
    statements.run(
        "UPDATE identity_aupacceptance SET withdrawn_at = %s, withdrawn_by = %s, withdrawn_because = %s"
        " WHERE account_id = %s AND withdrawn_at IS NULL",
        [now, by, because.value, account.pk],
    )


def accept(account: Account, *, version: AupVersion, now: datetime) -> AupAcceptance:
    """Afterwards the account has accepted this version, and no other counts."""
    withdraw_aup_acceptance(account, by=account.pk, because=WithdrawnBecause.REPLACED, now=now)
    return AupAcceptance.objects.create(account=account, version=version, accepted_at=now)
