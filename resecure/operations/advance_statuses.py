"""Advance statuses: what the clock does to accounts that nobody acts on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import resecurings, roles, sessions
from resecure.identity.accounts import IN_PROGRESS, Account, Status
from resecure.identity.resecurings import Outcome, Resecuring
from resecure.operations.shared.moving import NO_LOCK
from resecure.operations.shared.telling import tell
from resecure.propagation.models import Change, Delivery, State

_SETTLES = {
    Status.ENABLING: Status.ACTIVE,
    Status.RESTORING: Status.ACTIVE,
    Status.DISABLING: Status.DISABLED,
    Status.DELETING: Status.DELETED,
    Status.MIGRATION_PENDING: Status.ACTIVE,
}


@dataclass(frozen=True, kw_only=True)
class Due:
    """Accounts whose status the clock must change, and to what."""

    after: Status
    where: Q


def advance_statuses(*, by: Account, limit: int = 500, idle: bool = True) -> int:
    """Afterwards up to ``limit`` accounts of each kind whose time has come are in their next status, each with
    its record, in a transaction of its own. Any number of workers may run it at once. Returns how many moved.

    ``idle``: also those that nobody used for 30 days. Looking for them reads every Active account: an index on
    the time of the last sign-in would make each sign-in write to every index there is, so the clock asks once
    an hour instead.
    """
    now = timezone.now()
    moved = 0
    for due in [*_due(now), *(_idle(now) if idle else ())]:
        for pk in list(_open().filter(due.where).values_list("pk", flat=True)[:limit]):
            moved += _advance(pk, due, by=by, now=now)
    return moved


def _open() -> QuerySet[Account]:
    return Account.objects.filter(is_system=False).annotate(
        active_at=Greatest(Coalesce("last_active_at", "status_since"), "status_since")
    )


def _due(now: datetime) -> list[Due]:
    config = settings.RESECURE

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    late = Resecuring.objects.filter(ended_at__isnull=True, finish_by__lte=now).values("account")
    return [
        Due(after=Status.INACTIVE, where=Q(status=Status.ACTIVE, pk__in=late)),
        Due(
            after=Status.INACTIVE,
            where=Q(
                status=Status.ACTIVE,
                last_sign_in_at__isnull=True,
                created_at__lte=before(config.finish_within_days),
                finish_by__lte=now,
            ),
        ),
        Due(
            after=Status.DELETED,
            where=Q(status=Status.INACTIVE, status_since__lte=before(config.inactive_to_deleted_days)),
        ),
        Due(
            after=Status.DELETED,
            where=Q(status=Status.DISABLED, status_since__lte=before(config.disabled_to_deleted_days)),
        ),
        Due(
            after=Status.DELETED,
            where=Q(status=Status.LEAVER, status_since__lte=before(config.leaver_days)),
        ),
        # A lock stops no deadline: otherwise whoever can type ten wrong passwords could keep an account for ever.
        Due(
            after=Status.DELETED,
            where=Q(status=Status.LOCKED)
            & (
                Q(status_before_lock=Status.LEAVER, status_before_lock_since__lte=before(config.leaver_days))
                | Q(
                    status_before_lock=Status.INACTIVE,
                    status_before_lock_since__lte=before(config.inactive_to_deleted_days),
                )
            ),
        ),
        Due(after=Status.DELETED, where=Q(status=Status.PENDING, finish_by__lte=now)),
        Due(
            after=Status.DELETED_PERMANENT,
            where=Q(status=Status.DELETED, status_since__lte=before(config.restore_within_days)),
        ),
        *[Due(after=after, where=Q(status=status) & _nothing_open()) for status, after in _SETTLES.items()],
    ]


def _idle(now: datetime) -> list[Due]:
    since = now - timedelta(days=settings.RESECURE.inactive_after_days)
    return [Due(after=Status.INACTIVE, where=Q(status=Status.ACTIVE, active_at__lte=since))]


def _nothing_open() -> Q:
    waiting = Delivery.objects.filter(state=State.REQUESTED).values("account")
    return ~Q(pk__in=waiting)


def _advance(pk: UUID, due: Due, *, by: Account, now: datetime) -> int:
    with transaction.atomic():
        # Asked again under the lock: the person may have signed in, or another worker been faster.
        locked = Account.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
        if locked is None or not _open().filter(due.where, pk=pk).exists():
            return 0
        before = locked.status
        columns = {"status": due.after, "status_since": now, "finish_by": None, "stuck_reported_at": None, **NO_LOCK}
        sessions.revoke_all(locked, by=by.pk, now=now, **columns)
        if due.after is Status.INACTIVE:
            resecurings.end(locked.pk, outcome=Outcome.LAPSED, now=now)
            tell(Change.INACTIVE, locked, at=now)
        elif due.after is Status.DELETED_PERMANENT:
            resecurings.end(locked.pk, outcome=Outcome.CLOSED, now=now)
        if due.after is Status.DELETED:
            # As when an administrator deletes: restored, the account comes back without its roles.
            roles.withdraw(roles.held_by(locked.pk)[locked.pk], by=by.pk, now=now)
            if before != Status.DELETING:  # that deletion was told to all when it began
                tell(Change.DELETED, locked, at=now)
        record.append(
            Event.ACCOUNT_STATUS_ADVANCED,
            actor=by.pk,
            target=locked.pk,
            organisation_path=locked.organisation_path,
            at=now,
            details={"before": before, "after": due.after.value},
        )
    return 1


def report_stuck(*, by: Account) -> int:
    """Afterwards each account that has been between two statuses for over a day has an alert on record, once
    for each time it got there. Returns how many are new."""
    now = timezone.now()
    since = now - timedelta(hours=settings.RESECURE.stuck_after_hours)
    stuck = Account.objects.filter(status__in=IN_PROGRESS - {Status.PENDING}, status_since__lte=since)
    new = 0
    for account in stuck.filter(stuck_reported_at__isnull=True)[:500]:
        with transaction.atomic():
            taken = Account.objects.filter(pk=account.pk, stuck_reported_at__isnull=True)
            if taken.update(stuck_reported_at=now):
                new += 1
                record.append(
                    Event.ACCOUNT_STUCK,
                    actor=by.pk,
                    target=account.pk,
                    organisation_path=account.organisation_path,
                    at=now,
                    details={"status": account.status, "since": account.status_since.isoformat()},
                )
    return new
