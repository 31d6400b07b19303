"""Approvals: what one administrator asked for that a second one must approve. Rows are kept for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.database import statements
from resecure.identity.accounts import Account
from resecure.identity.confirmations import Purpose


class ApprovalState(models.TextChoices):
    """How an approval stands. What leads from one to another is in ``policy.approving``."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved, to be carried out by who asked")
    EXECUTED = "executed", _("Approved and carried out")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    OVERTAKEN = "overtaken", _("Overtaken: something changed meanwhile")


OPEN = (ApprovalState.WAITING, ApprovalState.APPROVED)


class Approval(models.Model):
    """One request for a second person, with all that the operation needs. It carries the generation of the account it
    is about, of who asked and of who decided: when one of them has moved on, nothing comes of it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    organisation_path = models.CharField(max_length=200, db_collation="C")
    operation = models.CharField(max_length=20)  # one of Purpose
    # What the operation was asked with, and is done with.
    arguments = models.JSONField(default=dict)
    # Why one person is not enough: the codes of the rules and the sentences with their numbers, as they were.
    needs = models.JSONField(default=list)
    confirmation = models.UUIDField()
    method = models.CharField(max_length=20)
    reference = models.CharField(max_length=200)
    asker = models.UUIDField()
    asker_generation = models.BigIntegerField()
    generation = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=100, null=True)
    asked_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decider_generation = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, default="")
    ended_at = models.DateTimeField(null=True)
    resecuring = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="approval_state_known", condition=models.Q(state__in=ApprovalState.values)),
            models.CheckConstraint(
                name="approval_by_a_second_person",
                condition=models.Q(state__in=["approved", "executed"], decided_by__isnull=False)
                & ~models.Q(decided_by=models.F("asker"))
                & ~models.Q(decided_by=models.F("account"))
                | ~models.Q(state__in=["approved", "executed"]),
            ),
            models.UniqueConstraint(
                fields=["account", "operation"],
                condition=models.Q(state__in=["waiting", "approved"]),
                name="approval_open_once",
            ),
            models.UniqueConstraint(fields=["confirmation"], name="approval_by_one_confirmation"),
            models.UniqueConstraint(fields=["asker", "idempotency_key"], name="approval_asked_once"),
        ]
        indexes = [
            models.Index(
                fields=["organisation_path", "asked_at"],
                condition=models.Q(state__in=["waiting", "approved"]),
                name="approval_open_by_place",
            ),
            models.Index(fields=["asker", "-asked_at"], name="approval_by_asker"),
            models.Index(fields=["account", "-asked_at"], name="approval_by_account"),
        ]

    def state_at(self, now: datetime) -> ApprovalState:
        """How it stands now: past its end it has expired, whether or not the clock has written so yet."""
        state = ApprovalState(self.state)
        return ApprovalState.EXPIRED if state in OPEN and now >= self.ends_at else state


def ask(made: Approval) -> None:
    """Write it. The caller holds the row lock of its account."""
    made.save(force_insert=True)


_MOVE = """
UPDATE identity_approval SET state = %(after)s, ended_at = %(ended_at)s, decided_at = coalesce(%(at)s, decided_at),
  decided_by = coalesce(%(by)s, decided_by), decider_generation = coalesce(%(of)s, decider_generation),
  reason = %(reason)s, resecuring = coalesce(%(resecuring)s, resecuring)
WHERE id = %(id)s AND state = %(before)s
"""


def move(
    approval: Approval,
    after: ApprovalState,
    *,
    now: datetime,
    decided_by: Account | None = None,
    reason: str = "",
    resecuring: UUID | None = None,
) -> None:
    """Change its state. The caller holds the row lock of its account, under which alone that happens, and has read it
    under that lock: so nobody can be faster."""
    before, approval.state = approval.state, after
    statements.run(
        _MOVE,
        {
            "id": approval.pk,
            "before": before,
            "after": after.value,
            "at": now if decided_by else None,
            "by": decided_by.pk if decided_by else None,
            "of": decided_by.generation if decided_by else None,
            "reason": reason or approval.reason,
            "ended_at": None if after in OPEN else now,
            "resecuring": resecuring,
        },
    )
    if decided_by:
        approval.decided_by, approval.decided_at = decided_by.pk, now
        approval.decider_generation = decided_by.generation
    approval.ended_at = None if after in OPEN else now
    approval.reason, approval.resecuring = reason or approval.reason, resecuring or approval.resecuring


def open_of(account: UUID, operation: Purpose) -> Approval | None:
    """The one that is open for this operation on this account, or None."""
    return Approval.objects.filter(account=account, operation=operation, state__in=OPEN).first()
