"""Deliveries as they are stored: the outbox."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _


class Change(models.TextChoices):
    """What a connected system is told. The value travels; it is never renamed."""

    RESECURED = "resecured", _("account resecured")
    PASSWORD_RESET = "password_reset", _("temporary password set")
    BACK_AT_WORK = "back_at_work", _("all steps done")
    CREATED = "created", _("account created")
    LOCKED = "locked", _("account locked")
    UNLOCKED = "unlocked", _("account unlocked")
    INACTIVE = "inactive", _("account inactive")
    DISABLED = "disabled", _("account disabled")
    ENABLED = "enabled", _("account enabled")
    LEAVER = "leaver", _("marked as leaver")
    JOINED = "joined", _("joined a new organisation")
    DELETED = "deleted", _("account deleted")
    RESTORED = "restored", _("account restored")
    SESSIONS_ENDED = "sessions_ended", _("all sessions ended")
    PASSWORD_CHANGED = "password_changed", _("password changed")
    ROLE_GRANTED = "role_granted", _("role granted")
    ROLE_WITHDRAWN = "role_withdrawn", _("role withdrawn")


class System(models.TextChoices):
    """The connected systems. Each can acknowledge; ``CAN_CONFIRM`` names those that can also be asked."""

    MAIL = "mail", _("Mail to the person")


class State(models.TextChoices):
    """How far a delivery has got. *Acknowledged* is the system's word; *confirmed*, that we asked and saw."""

    REQUESTED = "requested", _("waiting")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    CONFIRMED = "confirmed", _("confirmed")
    FAILED = "failed", _("failed")


CAN_CONFIRM: frozenset[str] = frozenset()


class Delivery(models.Model):
    """One change that one connected system must learn of. ``id`` is the idempotency key that travels."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    order = models.BigIntegerField(editable=False, null=True)
    system = models.CharField(max_length=32, choices=System.choices)
    change = models.CharField(max_length=32, choices=Change.choices)
    account = models.UUIDField()
    resecuring = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    attempts = models.IntegerField(default=0)
    requested_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    failed_because = models.CharField(max_length=300, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="propagation_open",
                condition=models.Q(state="requested"),
            ),
            models.Index(fields=["account", "system", "order"], name="propagation_by_account"),
            models.Index(fields=["resecuring"], name="propagation_by_resecuring"),
        ]
