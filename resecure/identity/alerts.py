"""Alerts: what primary administrators and auditors should look at, until one of them says that they did."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.database import statements


class AlertKind(models.TextChoices):
    """What was noticed. The value is stored; the label is what people read."""

    NOT_CONFIRMED = "not_confirmed", _("An administrator could not confirm who asked")
    NOT_ME = "not_me", _("Somebody said: this wasn’t me, and the account was frozen")
    AUTHENTICATION_FAILED = "authentication_failed", _("Authenticate User failed several times")
    MANY_BY_ADMINISTRATOR = "many_by_administrator", _("Many resecures by one administrator")
    MANY_OF_ACCOUNT = "many_of_account", _("One account was resecured many times")
    MANY_IN_ORGANISATION = "many_in_organisation", _("Many resecures in one organisation")
    OUT_OF_HOURS = "out_of_hours", _("A resecure out of hours")
    FIRST_BY_ADMINISTRATOR = "first_by_administrator", _("The first resecure by an administrator")
    REPEATED = "repeated", _("An account was resecured again within days")
    POLICY_LOOSENED = "policy_loosened", _("An organisation's policy protects less than before")
    CONTACT_CHANGED = "contact_changed", _("A contact changed soon after somebody was identified")


class Alert(models.Model):
    """Something noticed about an account or an administrator. Never removed; acknowledged once, with a note.

    Raised in the transaction of the operation that it is about, or of the refusal: nothing is noticed twice or lost.
    ``details`` holds plain values for the sentence (names of rules, numbers, times), never a secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=40)  # one of AlertKind
    account = models.UUIDField(null=True)  # whom it is about
    actor = models.UUIDField(null=True)  # the administrator whose act it is about
    organisation_path = models.CharField(max_length=200, db_collation="C")
    raised_at = models.DateTimeField()
    details = models.JSONField(default=dict)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="alert_acknowledged_by_somebody",
                condition=models.Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | models.Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation_path", "-raised_at"], name="alert_by_place"),
            models.Index(
                fields=["organisation_path"], name="alert_open", condition=models.Q(acknowledged_at__isnull=True)
            ),
            models.Index(fields=["account", "-raised_at"], name="alert_by_account"),
            models.Index(fields=["actor", "-raised_at"], name="alert_by_actor"),
        ]


_RAISE = """
INSERT INTO identity_alert (id, kind, account, actor, organisation_path, raised_at, details, note)
VALUES (%s, %s, %s, %s, %s, %s, %s, '')
"""


def raise_alert(
    kind: AlertKind,
    *,
    account: UUID | None,
    actor: UUID | None,
    organisation_path: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> Alert:
    """Afterwards, once the caller's transaction commits, those who watch this place of the tree see it."""
    made = Alert(
        kind=kind.value,
        account=account,
        actor=actor,
        organisation_path=organisation_path,
        raised_at=at,
        details=details or {},
    )
    statements.run(
        _RAISE,
        [made.pk, made.kind, account, actor, organisation_path, at, json.dumps(made.details)],
    )
    return made


def raised_since(
    kind: AlertKind,
    since: datetime,
    *,
    account: UUID | None = None,
    actor: UUID | None = None,
    organisation_path: str | None = None,
) -> bool:
    """Whether there is one of this kind since then: about this account, this administrator, or this place."""
    found = Alert.objects.filter(kind=kind, raised_at__gt=since)
    if account is not None:
        found = found.filter(account=account)
    if actor is not None:
        found = found.filter(actor=actor)
    if organisation_path is not None:
        found = found.filter(organisation_path=organisation_path)
    return found.exists()


def acknowledge(alert: Alert, *, by: UUID, note: str, now: datetime) -> None:
    """Afterwards it counts as seen to. The caller has locked its row and read that nobody has said so yet."""
    alert.acknowledged_at, alert.acknowledged_by, alert.note = now, by, note
    alert.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
