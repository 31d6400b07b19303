"""End approvals: what the clock does to those that nobody decided in time, or that have nothing left to decide."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import approvals
from resecure.identity.accounts import Account
from resecure.identity.approvals import OPEN, Approval, ApprovalState


def end_approvals(*, by: Account, limit: int = 500) -> int:
    """Afterwards those past their end are *expired* and those whose account has moved on *overtaken*, each with its
    record, in a transaction of its own. Nothing waits for this: past its end, nothing can be decided anyway.
    Returns how many ended."""
    now = timezone.now()
    generation = Account.objects.filter(pk=OuterRef("account")).values("generation")
    due = Approval.objects.filter(state__in=OPEN).annotate(now_at=Subquery(generation))
    due = due.filter(Q(ends_at__lte=now) | ~Q(now_at=F("generation")))
    return sum(_end(pk, account, by=by) for pk, account in list(due.values_list("pk", "account")[:limit]))


def _end(approval: UUID, account: UUID, *, by: Account) -> int:
    with transaction.atomic():
        locked = Account.objects.locked(account)
        now = timezone.now()
        found = Approval.objects.get(pk=approval)
        if found.state not in OPEN:
            return 0
        if now >= found.ends_at:
            after, event = ApprovalState.EXPIRED, Event.APPROVAL_EXPIRED
        elif found.generation != locked.generation:
            after, event = ApprovalState.OVERTAKEN, Event.APPROVAL_OVERTAKEN
        else:
            return 0
        approvals.move(found, after, now=now)
        record.append(
            event,
            actor=by.pk,
            target=account,
            organisation_path=found.organisation_path,
            at=now,
            details={"approval": str(found.pk), "operation": found.operation, "asked_by": str(found.asker)},
        )
    return 1
