"""What every operation stands in: one transaction, the locked account, its record, its refusal on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import resecurings, roles, second_factors, sessions
from resecure.identity.accounts import Account, Status
from resecure.identity.activity import Counting
from resecure.identity.roles import RoleGrant
from resecure.operations.shared.moving import columns_of_move
from resecure.policy.actions import Facts, insist_on_scope, reasons_not_to
from resecure.policy.last_administrators import reasons_to_keep
from resecure.policy.refusals import InvalidOnRecord, NotFound, NotSignedIn, Refusal, Refused, SecondFactorNeeded
from resecure.policy.roles import Permission
from resecure.policy.transitions import By

# What is no to an operation, and so on record. What was only typed wrongly is not.
RECORDED = (Refused, NotFound, NotSignedIn, InvalidOnRecord, SecondFactorNeeded)


@dataclass(kw_only=True)
class Frame:
    """An operation under way: who, on whom, when; and what its record will say."""

    account: Account
    by: Account
    now: datetime
    facts: Facts
    event: Event
    details: dict[str, Any] = field(default_factory=dict)
    recorded: bool = False

    def write_record(self, **details: Any) -> None:
        """Write the record now, rather than when the block ends; for an operation that queues its writes."""
        record.append(
            self.event,
            actor=self.by.pk,
            target=self.account.pk,
            organisation_path=self.account.organisation_path,
            at=self.now,
            details={**self.details, **details},
        )
        self.recorded = True


@contextmanager
def acting(
    event: Event,
    account: UUID,
    *,
    by: Account,
    permission: Permission,
    confirmation: UUID | None = None,
    proven: bool = True,
    counting: Counting | None = None,
) -> Iterator[Frame]:
    """Open the transaction of an administrator's operation, lock the account, and check scope.

    Inside, the operation asks :func:`insist` for its reasons and then writes. When the block ends, the
    record is written in the same transaction. ``counting``: what happened lately is read too. If it raises Refused,
    nothing changed and the refusal itself is on record; if the record cannot be written, nothing changed at all.
    Raises SecondFactorNeeded where the actor gave no second factor lately: every operation asks, but the few that only
    say no (``proven=False``).
    """
    now = timezone.now()
    frame = None
    try:
        with transaction.atomic():
            frame = _open(account, by=by, confirmation=confirmation, now=now, event=event, counting=counting)
            if proven and not frame.facts.actor_is_proven:
                insist_proven(by)
            yield frame
            if not frame.recorded:
                frame.write_record()
    except RECORDED as refusal:
        where = frame.account.organisation_path if frame else None
        record_refusal(refusal, account=account, by=by, now=now, asked=permission.value, organisation_path=where)
        raise


def locked_own(by: Account) -> Account:
    """The actor's own account, its row locked, for what people do with their own. Raises NotSignedIn if what they
    came by is over: their session ended, or the account was taken back, since the request was let in."""
    locked = Account.objects.locked(by.pk)
    insist_still_acting(by)
    return locked


def insist_still_acting(by: Account) -> None:
    """Raise NotSignedIn if the session somebody came by is over. In the transaction of what they ask for."""
    if not sessions.still_acts(by):
        raise NotSignedIn


def insist_proven(by: Account) -> None:
    """Raise SecondFactorNeeded unless a second factor was given lately in the session somebody acts in. In the
    transaction of what they ask for: so no page, call or race gets past it (decision 0023)."""
    if settings.RESECURE.second_factor_required and not sessions.is_proven(by):
        raise needed(by)


def insist_proven_or_new(by: Account) -> None:
    """The same for one's own second factors. Who has none yet signed in lately instead: a computer found open must
    not be enough to add one."""
    if second_factors.has_one(by.pk):
        if not sessions.is_proven(by):
            raise needed(by)
    elif not sessions.is_new(by):
        raise needed(by)


def needed(by: Account) -> SecondFactorNeeded:
    """What is lacking, and how old it may be."""
    return SecondFactorNeeded(
        max_age=settings.RESECURE.second_factor_minutes * 60, enrolled=second_factors.has_one(by.pk)
    )


def _open(
    account: UUID,
    *,
    by: Account,
    confirmation: UUID | None,
    now: datetime,
    event: Event,
    counting: Counting | None,
) -> Frame:
    facts = Facts.locked(account, by=by, confirmation=confirmation, now=now, counting=counting)
    insist_on_scope(facts)
    return Frame(account=facts.account, by=by, now=now, facts=facts, event=event)


def insist(permission: Permission, frame: Frame, *more: Refusal) -> None:
    """Raise Refused with every reason against this operation, if there is one."""
    reasons = [*reasons_not_to(permission, frame.facts), *more]
    if reasons:
        raise Refused(*reasons)


def too_few_left(frame: Frame, ending: Iterable[RoleGrant], *, though_it_is_the_last: bool) -> list[Refusal]:
    """The reason against ending these grants where an organisation would keep too few administrators; none where
    that was asked for in so many words, which the record then says.

    Locks, in this order everywhere: the account's row (:func:`acting` has it), then organisations by their ids
    (here and in ``roles.withdraw``), and no account after. Two that end a grant in one organisation at the same
    moment so come one after the other, and the second counts without the first.
    """
    ending = list(ending)
    roles.lock_organisations(ending)
    reasons = reasons_to_keep(ending)
    if reasons and though_it_is_the_last:
        frame.details.update(though_it_is_the_last=True)
        return []
    return reasons


def record_refusal(
    refusal: Refused | NotFound | NotSignedIn | InvalidOnRecord | SecondFactorNeeded,
    *,
    account: UUID | None,
    by: Account,
    now: datetime,
    asked: str,
    organisation_path: str | None = None,
) -> None:
    """No refusal without a record either: in a transaction of its own, as the operation's is undone.

    It stands where the account is; where there is none that they may see, in the organisation of who asked: those
    who read the record there learn what their own people tried, and nothing of anybody else's.
    """
    codes = [each.code for each in refusal.reasons] if isinstance(refusal, Refused) else [refusal.code]
    record.append(
        Event.OPERATION_REFUSED,
        actor=by.pk,
        target=account,
        organisation_path=by.organisation_path if organisation_path is None else organisation_path,
        at=now,
        details={"operation": asked, "reasons": codes},
    )


def days_anew(frame: Frame) -> dict[str, object]:
    """The columns of an account that opens again: whoever had steps to take gets all the days for them anew.
    Otherwise the clock would shut it again before the person has heard that it is open."""
    if frame.account.finish_by is None:
        return {}
    finish_by = frame.now + timedelta(days=settings.RESECURE.finish_within_days)
    resecurings.postpone(frame.account.pk, finish_by=finish_by)
    return {"finish_by": finish_by}


def move_status(frame: Frame, how: By, **columns: Any) -> Status:
    """Change the status by the table, and end everything that was open under the old one.

    The caller has asked :func:`insist`, so the table allows it. Returns the new status.
    """
    before = frame.account.status
    moved = columns_of_move(frame.account, how, now=frame.now)
    assert moved is not None
    sessions.revoke_all(frame.account, by=frame.by.pk, now=frame.now, **moved, **columns)
    after = Status(frame.account.status)
    frame.details.update(before=before, after=after.value)
    return after
