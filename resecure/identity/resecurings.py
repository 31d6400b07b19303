"""Resecurings: each time an account was taken back, and how far its person has come since."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.identity.accounts import Account


class Trigger(models.TextChoices):
    """Which of the three reasons for a resecure applies."""

    FORGOTTEN_SECRET = "forgotten_secret", _("They cannot remember their account secret")
    FORGOTTEN_ANSWERS = "forgotten_answers", _("They have forgotten their security questions or answers")
    FAILED_AUTHENTICATION = "failed_authentication", _("They tried to authenticate and did not succeed")


class Outcome(models.TextChoices):
    """How a resecuring ended."""

    FINISHED = "finished", _("the person is back at work")
    LAPSED = "lapsed", _("the person did not finish in time")
    CLOSED = "closed", _("the account was closed")


class Resecuring(models.Model):
    """One resecure. All its effects took place at ``begun_at``, in one transaction."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="resecurings")
    by = models.UUIDField()
    because = models.CharField(max_length=30, choices=Trigger.choices)
    confirmation = models.UUIDField()
    method = models.CharField(max_length=20)
    reference = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=100, null=True)
    generation = models.BigIntegerField()
    begun_at = models.DateTimeField()
    finish_by = models.DateTimeField()
    # How many second factors went with it, where the policy had it so; None where it did not touch them.
    second_factors_removed = models.PositiveSmallIntegerField(null=True)
    temporary_password_set_at = models.DateTimeField(null=True)
    temporary_password_set_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, default="")
    # Where the account stood then: those of one organisation are counted.
    organisation_path = models.CharField(max_length=200, default="", db_default="", db_collation="C")
    # The second person, and the request they approved; nothing where one person was enough.
    approval = models.UUIDField(null=True)
    approved_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ended_at__isnull=True), name="resecured_once_at_a_time"
            ),
            models.UniqueConstraint(fields=["by", "idempotency_key"], name="resecuring_asked_once"),
            models.CheckConstraint(name="resecuring_because_known", condition=models.Q(because__in=Trigger.values)),
        ]
        indexes = [
            models.Index(
                fields=["finish_by"],
                condition=models.Q(ended_at__isnull=True),
                name="resecuring_unfinished",
            ),
            models.Index(
                fields=["begun_at"],
                condition=models.Q(ended_at__isnull=True, temporary_password_set_at__isnull=True),
                name="resecuring_awaiting_password",
            ),
            models.Index(fields=["by", "begun_at"], name="resecuring_by_administrator"),
            models.Index(fields=["account", "begun_at"], name="resecuring_by_account"),
            models.Index(fields=["organisation_path", "begun_at"], name="resecuring_by_place"),
        ]


def asked_before(*, by: UUID, key: str) -> Resecuring | None:
    """What this administrator's request with this key led to, or None if it is new."""
    return Resecuring.objects.filter(by=by, idempotency_key=key).first()


def postpone(account: UUID, *, finish_by: datetime) -> None:
    """Afterwards the person has until then to finish an unfinished resecuring."""
    Resecuring.objects.filter(account=account, ended_at__isnull=True).update(finish_by=finish_by)


def unfinished(account: UUID) -> Resecuring | None:
    """The resecuring whose person is not back yet, or None."""
    return Resecuring.objects.filter(account=account, ended_at__isnull=True).first()


def latest(account: UUID) -> Resecuring | None:
    """The last resecuring of this account, finished or not, or None."""
    return Resecuring.objects.filter(account=account).order_by("-begun_at").first()


def note_temporary_password(account: UUID, *, by: UUID, now: datetime) -> None:
    """The unfinished resecuring, if there is one, no longer waits for a temporary password."""
    Resecuring.objects.filter(account=account, ended_at__isnull=True).update(
        temporary_password_set_at=now, temporary_password_set_by=by
    )


def end(account: UUID, *, outcome: Outcome, now: datetime) -> None:
    """The unfinished resecuring, if there is one, is over."""
    Resecuring.objects.filter(account=account, ended_at__isnull=True).update(ended_at=now, outcome=outcome)
