"""What waits for somebody: approvals by a second person, and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import Text, answers
from resecure.identity.alerts import Alert
from resecure.identity.approvals import Approval
from resecure.operations.acknowledge_alert import acknowledge_alert as acknowledge_alert_operation
from resecure.operations.approve import approve as approve_operation
from resecure.operations.approve import decline as decline_operation
from resecure.operations.shared.waiting import MOST, alerts_of, approval_of, open_approvals
from resecure.operations.withdraw_approval import withdraw_approval as withdraw_operation
from resecure.policy.watching import said

router = Router(tags=["approvals"])


class Need(Schema):
    """One reason why a second person is needed: a stable code, and the rule in words."""

    code: str
    text: str


class ApprovalOut(Schema):
    """What is asked, by whom, on what evidence, why a second person is needed, until when, and how it stands."""

    id: UUID
    account: UUID
    operation: str
    needs: list[Need]
    method: str
    reference: str
    asker: UUID
    asked_at: datetime
    ends_at: datetime
    state: str
    decided_at: datetime | None
    decided_by: UUID | None
    reason: str
    resecuring: UUID | None


class ApprovalList(Schema):
    """Those that wait, the longest first."""

    items: list[ApprovalOut]


class DeclineIn(Schema):
    """``reason``: who asked reads it."""

    reason: Text


class AlertOut(Schema):
    """What was noticed, about whom, in words with its numbers; and who has said that they looked."""

    id: UUID
    kind: str
    sentence: str
    account: UUID | None
    actor: UUID | None
    organisation_path: str
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    note: str


class AlertPage(Schema):
    """Alerts, the newest first; ``next`` is what the next page comes ``after``, null on the last one."""

    items: list[AlertOut]
    next: UUID | None


class AcknowledgeIn(Schema):
    """``note``: what one found."""

    note: Text


@router.get("/approvals", response=answers({200: ApprovalList}, 401))
def view_approvals(request: HttpRequest) -> dict[str, Any]:
    """What waits for a second person within one's scope, and what one asked for oneself."""
    return {"items": [_approval(each) for each in open_approvals(by=me_of(request))]}


@router.get("/approvals/{uuid:approval}", response=answers({200: ApprovalOut}, 401, 404))
def view_approval(request: HttpRequest, approval: UUID) -> dict[str, Any]:
    """One of them, as it stands, also when it is over."""
    return _approval(approval_of(approval, by=me_of(request)))


@router.post("/approvals/{uuid:approval}/approve", response=answers({200: ApprovalOut}, 401, 404, 409, 422))
def approve(request: HttpRequest, approval: UUID) -> dict[str, Any]:
    """Be the second person. A resecure takes place at that moment, if everything still holds."""
    return _approval(approve_operation(approval, by=me_of(request)))


@router.post("/approvals/{uuid:approval}/decline", response=answers({200: ApprovalOut}, 401, 404, 409, 422))
def decline(request: HttpRequest, approval: UUID, body: DeclineIn) -> dict[str, Any]:
    """Say no, and why. Nothing comes of it."""
    return _approval(decline_operation(approval, by=me_of(request), reason=body.reason))


@router.post("/approvals/{uuid:approval}/withdraw", response=answers({200: ApprovalOut}, 401, 404, 409, 422))
def withdraw_approval(request: HttpRequest, approval: UUID) -> dict[str, Any]:
    """Take back what one asked for oneself."""
    return _approval(withdraw_operation(approval, by=me_of(request)))


@router.get("/alerts", response=answers({200: AlertPage}, 401, 404, 409, 422))
def view_alerts(request: HttpRequest, acknowledged: bool = False, after: UUID | None = None) -> dict[str, Any]:
    """Alerts within one's scope that nobody has acknowledged, or those that somebody has; a hundred a page."""
    found = alerts_of(by=me_of(request), acknowledged=acknowledged, after=after)
    return {"items": [_alert(each) for each in found], "next": found[-1].pk if len(found) == MOST else None}


@router.post("/alerts/{uuid:alert}/acknowledge", response=answers({200: AlertOut}, 401, 404, 409, 422))
def acknowledge_alert(request: HttpRequest, alert: UUID, body: AcknowledgeIn) -> dict[str, Any]:
    """Say that one has looked, and what one found."""
    return _alert(acknowledge_alert_operation(alert, by=me_of(request), note=body.note))


def _approval(approval: Approval) -> dict[str, Any]:
    names = [
        *("operation", "needs", "method", "reference", "asker", "asked_at", "ends_at"),
        *("decided_at", "decided_by", "reason", "resecuring"),
    ]
    shown = {name: getattr(approval, name) for name in names}
    state = approval.state_at(timezone.now()).value
    return {**shown, "id": approval.pk, "account": approval.account_id, "state": state}


def _alert(alert: Alert) -> dict[str, Any]:
    names = [
        *("kind", "account", "actor", "organisation_path", "raised_at"),
        *("acknowledged_at", "acknowledged_by", "note"),
    ]
    shown = {name: getattr(alert, name) for name in names}
    return {**shown, "id": alert.pk, "sentence": said(alert.kind, alert.details)}
