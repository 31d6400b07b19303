"""Acknowledge an alert: say that one has looked, and what one found."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import alerts
from resecure.identity.accounts import Account
from resecure.identity.alerts import Alert
from resecure.identity.roles import held_by
from resecure.operations.shared.frame import RECORDED, insist_proven, insist_still_acting, record_refusal
from resecure.operations.shared.typed import one_line
from resecure.policy.actions import permissions_at
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission


def acknowledge_alert(alert: UUID, *, by: Account, note: str) -> Alert:
    """Afterwards it counts as seen to, with the note, once. Out of scope answers as unknown. Raises Refused,
    NotFound, Invalid, NotSignedIn, SecondFactorNeeded."""
    note = one_line(note)
    if not note:
        raise Invalid({"note": [_("Say in a few words what you found")]})
    if len(note) > 500:
        raise Invalid({"note": [_("Use at most 500 characters")]})
    now = timezone.now()
    try:
        with transaction.atomic():
            insist_still_acting(by)
            found = Alert.objects.select_for_update().filter(pk=alert).first()
            allowed = permissions_at(found.organisation_path if found else "", held_by(by.pk)[by.pk], by=by)
            if found is None or Permission.VIEW_ALERTS not in allowed:
                raise NotFound
            _insist(found, allowed, by=by)
            insist_proven(by)
            if found.acknowledged_at is None:
                alerts.acknowledge(found, by=by.pk, note=note, now=now)
                record.append(
                    Event.ALERT_ACKNOWLEDGED,
                    actor=by.pk,
                    target=found.account,
                    organisation_path=found.organisation_path,
                    at=now,
                    details={"alert": str(alert), "kind": found.kind, "note": note},
                )
    except RECORDED as refusal:
        record_refusal(refusal, account=None, by=by, now=now, asked=Permission.ACKNOWLEDGE_ALERT.value)
        raise
    return found


def _insist(alert: Alert, allowed: set[Permission], *, by: Account) -> None:
    if Permission.ACKNOWLEDGE_ALERT not in allowed:
        raise Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("A Primary Local Administrator acknowledges alerts."),
            )
        )
    if by.pk in {alert.actor, alert.account}:
        raise Refused(
            Refusal(
                "own_alert",
                _("This is about what you did yourself, or about your own account."),
                _("Another Primary Local Administrator must acknowledge it."),
            )
        )
    if alert.acknowledged_at is not None and alert.acknowledged_by != by.pk:
        raise Refused(Refusal("acknowledged_before", _("Somebody else has acknowledged it already.")))
