"""What waits for somebody to look at: approvals and alerts within one's scope. Reading changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.identity.accounts import Account
from resecure.identity.activity import activity_of
from resecure.identity.alerts import Alert
from resecure.identity.approvals import OPEN, Approval, ApprovalState
from resecure.identity.confirmations import Purpose
from resecure.identity.roles import RoleGrant, held_by
from resecure.operations.shared.frame import record_refusal
from resecure.operations.shared.looking import look_at
from resecure.policy.actions import Facts
from resecure.policy.approving import Need, needs_second, reasons_not_to_decide
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.policy.roles import Permission, role_of

MOST = 100


@dataclass(frozen=True, kw_only=True)
class Beforehand:
    """What one should know before asking: why a second person would be needed, and what waits already."""

    needs: list[Need]
    waits: Approval | None


def beforehand(facts: Facts, purpose: Purpose) -> Beforehand:
    """Read now, to show it; the write asks again under the lock."""
    activity = activity_of(facts.account.pk, by=facts.by.pk, now=facts.now, operation=purpose.value)
    waits = Approval.objects.filter(pk=activity.open_approval).first() if activity.open_approval else None
    if waits is not None and (waits.state_at(facts.now) not in OPEN or waits.generation != facts.account.generation):
        waits = None
    return Beforehand(needs=needs_second(facts, activity, purpose), waits=waits)


def decision(approval: Approval, *, by: Account) -> list[Refusal]:
    """Why this administrator cannot decide it now; an empty list if they can. To show it: the write asks again."""
    now = timezone.now()
    facts = Facts.read(approval.account, by=by, now=now)
    asker = Account.objects.filter(pk=approval.asker).first() or Account(pk=approval.asker)
    return reasons_not_to_decide(approval, facts, asker=Facts.read(approval.account, by=asker, now=now), now=now)


def open_approvals(*, by: Account) -> list[Approval]:
    """Those that wait now within one's scope, and one's own, the longest first; a hundred at most."""
    here = _within(held_by(by.pk)[by.pk], Permission.APPROVE)
    waiting = Approval.objects.filter(here | Q(asker=by.pk), state__in=OPEN, ends_at__gt=timezone.now())
    return list(waiting.select_related("account__organisation").order_by("asked_at", "id")[:MOST])


def approval_of(approval: UUID, *, by: Account) -> Approval:
    """One of them, as it stands. Raises NotFound for one about an account that one may not see, as for none."""
    found = Approval.objects.select_related("account__organisation").filter(pk=approval).first()
    # For an unknown one the account is looked for all the same: the time must not tell the two apart.
    look_at(found.account_id if found else approval, by=by)
    if found is None:
        raise NotFound
    return found


def alerts_of(*, by: Account, acknowledged: bool = False, after: UUID | None = None) -> list[Alert]:
    """Alerts within one's scope, the newest first, a hundred at most; ``after`` the last one of the page before.
    Raises Refused without a role that reads alerts."""
    grants = held_by(by.pk)[by.pk]
    if not any(Permission.VIEW_ALERTS in role_of(grant).permissions for grant in grants):
        refusal = Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask an Auditor or a Primary Local Administrator of the organisation."),
            )
        )
        record_refusal(refusal, account=None, by=by, now=timezone.now(), asked=Permission.VIEW_ALERTS.value)
        raise refusal
    visible = Alert.objects.filter(_within(grants, Permission.VIEW_ALERTS))
    here = visible.filter(acknowledged_at__isnull=not acknowledged)
    if after is not None:
        last = visible.filter(pk=after).first()
        if last is None:
            raise NotFound
        here = here.filter(Q(raised_at__lt=last.raised_at) | Q(raised_at=last.raised_at, pk__lt=last.pk))
    return list(here.order_by("-raised_at", "-id")[:MOST])


def alert_of(alert: UUID, *, by: Account) -> Alert:
    """One alert within one's scope. Raises NotFound for any other, as for none."""
    grants = held_by(by.pk)[by.pk]
    found = Alert.objects.filter(_within(grants, Permission.VIEW_ALERTS), pk=alert).first()
    if found is None:
        raise NotFound
    return found


def waiting_counts(grants: list[RoleGrant], *, by: UUID) -> tuple[int, int]:
    """How many approvals wait for the word of somebody with these roles, and how many alerts nobody has acknowledged;
    for the navigation, a hundred at most of each."""
    waits = Approval.objects.filter(
        _within(grants, Permission.APPROVE), state=ApprovalState.WAITING, ends_at__gt=timezone.now()
    ).exclude(asker=by)
    unseen = Alert.objects.filter(_within(grants, Permission.VIEW_ALERTS), acknowledged_at__isnull=True)
    return waits[:MOST].count(), unseen[:MOST].count()


def _within(grants: list[RoleGrant], permission: Permission) -> Q:
    places = Q(pk__in=[])
    for grant in grants:
        if permission in role_of(grant).permissions:
            path = grant.organisation.path
            places |= Q(organisation_path__startswith=path) if grant.reaches_children else Q(organisation_path=path)
    return places
