"""Telling applications: a delivery for each application session that is over, and pauses for those out of reach."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from resecure.propagation.models import Change, Delivery, Pause, State, System

# One turn each: at the usual speed a thousand are told in less than these turns take, so that whoever comes
# after them in time comes before most of them in turn.
TURN = timedelta(milliseconds=20)
LAST_TURN = 2500  # all later ones share it; under the farthest turn that is looked at
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
NOWHERE = gettext_noop("the application has no address at which it could be told")


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An application that must learn that one of its sessions is over."""

    application: UUID
    name: str
    sid: UUID
    logout_address: str
    question_address: str
    asks_each_time: bool


# One statement, however many: a thousand of them would take a tenth of a second.
_WRITE = """
INSERT INTO propagation_delivery (id, "order", system, target, change, account, resecuring, payload, state, attempts,
  requested_at, next_attempt_at, turn, acknowledged_at, confirmed_at, failed_because)
SELECT v.id, nextval('propagation_order'), 'application', v.target, %s, %s, %s, v.payload, v.state, 0,
  %s, %s, v.turn, v.done, v.done, v.because
FROM unnest(%s::uuid[], %s::text[], %s::jsonb[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[])
  AS v(id, target, payload, state, turn, done, because)
"""


def spread(parent: Delivery, listeners: Sequence[Listener], *, now: datetime) -> None:
    """One row for each, in the caller's transaction, and the row that asked for it is done."""
    write(
        listeners,
        change=Change(parent.change),
        account=parent.account,
        resecuring=parent.resecuring,
        requested_at=parent.requested_at,
        now=now,
    )
    Delivery.objects.filter(pk=parent.pk, state=State.REQUESTED).update(
        state=State.ACKNOWLEDGED, acknowledged_at=now, told_at=now, claimed_until=None
    )


def write(
    listeners: Sequence[Listener],
    *,
    change: Change,
    account: UUID,
    resecuring: UUID | None,
    requested_at: datetime,
    now: datetime,
) -> None:
    """A delivery for each, in the caller's transaction.

    What asks us at every request hears it by the next: confirmed. What can neither ask nor be told is failed, and
    says so: a resecuring is not complete while it may live on there.
    """
    rows: list[list[Any]] = []
    for number, each in enumerate(listeners):
        state, because, done = State.REQUESTED.value, "", None
        if each.asks_each_time:
            state, done = State.CONFIRMED.value, now
        elif not each.logout_address:
            state, because = State.FAILED.value, NOWHERE
        payload = {
            "name": each.name,
            "sid": str(each.sid),
            "logout_address": each.logout_address,
            "question_address": each.question_address,
            "asks": bool(each.question_address) or each.asks_each_time,
        }
        turn = now + TURN * min(number, LAST_TURN)
        rows.append([uuid4(), str(each.application), json.dumps(payload), state, turn, done, because])
    if rows:
        with connection.cursor() as cursor:
            columns: list[Any] = [list(each) for each in zip(*rows, strict=True)]
            cursor.execute(_WRITE, [change.value, account, resecuring, requested_at, now, *columns])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How one attempt went. Without ``because`` it was acknowledged, and ``confirmed`` if we asked and saw."""

    delivery: UUID
    told_at: datetime
    at: datetime
    confirmed: bool = False
    # It took our word, but it could not be asked, or said that the session lives: to be told again.
    acknowledged: bool = True
    because: str = ""
    for_good: bool = False
    next_attempt_at: datetime | None = None
    # Who had claimed it. When that is another by now, only that it was taken is news; it stays the other's.
    by: int | None = None


_ANSWER = """
UPDATE propagation_delivery d SET state = v.state, told_at = v.told_at,
  acknowledged_at = coalesce(d.acknowledged_at, v.acknowledged_at), confirmed_at = v.confirmed_at,
  next_attempt_at = coalesce(v.next, d.next_attempt_at), turn = coalesce(v.next, d.turn),
  claimed_until = NULL, failed_because = v.because
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
  %s::text[], %s::int[]) AS v(id, state, told_at, acknowledged_at, confirmed_at, next, because, by)
WHERE d.id = v.id AND d.state = 'requested' AND (v.because = '' OR d.claimed_by IS NOT DISTINCT FROM v.by)
"""


def answer(answers: Sequence[Answer]) -> None:
    """Write down how these attempts went, all in one statement: a thousand at once cost one commit."""
    columns: list[list[Any]] = [[], [], [], [], [], [], [], []]
    for each in answers:
        if each.because:
            state = State.FAILED if each.for_good else State.REQUESTED
        else:
            state = State.CONFIRMED if each.confirmed else State.ACKNOWLEDGED
        values = (
            each.delivery,
            state.value,
            each.told_at,
            each.at if each.acknowledged else None,
            each.at if each.confirmed else None,
            each.next_attempt_at,
            each.because[:300],
            each.by,
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, columns)


def paused(targets: Sequence[str]) -> dict[str, Pause]:
    """Which of these could not be reached when last tried."""
    return {each.target: each for each in Pause.objects.filter(target__in=set(targets))}


def pause(target: str, *, now: datetime) -> datetime:
    """It could not be reached: nothing is sent there for a while, twice as long each time. Returns until when.

    One statement puts off all that waits for it: none of it counts an attempt or waits for a time-out.
    """
    with transaction.atomic():
        found, made = Pause.objects.select_for_update().get_or_create(
            target=target, defaults={"until": now + FIRST_PAUSE, "failures": 1, "since": now}
        )
        # Those sent beside the first that failed are no further failures.
        if not made and found.until <= now:
            found.failures += 1
            found.until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(found.failures - 1, 12))
            found.save(update_fields=["failures", "until"])
        _waiting_for(target).filter(next_attempt_at__lt=found.until, claimed_until__isnull=True).update(
            next_attempt_at=found.until, turn=found.until
        )
    return found.until


def back(target: str, *, now: datetime) -> None:
    """It answers again: all that waits for it is due, the oldest first."""
    with transaction.atomic():
        if Pause.objects.filter(target=target).delete()[0]:
            _waiting_for(target).update(next_attempt_at=now, turn=F("requested_at"))


def put_off(deliveries: Sequence[Delivery], *, until: datetime) -> None:
    """Give these back untried until then: their application is paused."""
    Delivery.objects.filter(pk__in=[each.pk for each in deliveries], state=State.REQUESTED).update(
        next_attempt_at=until, turn=until, claimed_until=None, attempts=F("attempts") - 1
    )


def _waiting_for(target: str) -> Any:
    return Delivery.objects.filter(system=System.APPLICATION, target=target, state=State.REQUESTED)
