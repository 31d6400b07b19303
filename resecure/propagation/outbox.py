"""The outbox: rows written in an operation's transaction, taken out and delivered afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Min
from django.utils.translation import gettext

from resecure.database import statements
from resecure.propagation.models import ENDS_SESSIONS, Change, Delivery, State, System

CHANNEL = "resecure_deliveries"
CLAIM = timedelta(seconds=60)
FARTHEST_TURN = timedelta(seconds=60)
LONGEST_WAIT = timedelta(minutes=15)
ATTEMPTS_BEFORE_FAILED = 200  # of an application that answers and does not do what it is told: two days
# So long a message waits for its mail server or gateway, by time and not by tries: a long weekend and what follows.
PATIENCE = timedelta(days=7)

_ANNOUNCE = """
INSERT INTO propagation_delivery (id, "order", system, change, account, resecuring, payload, state, attempts,
                                  requested_at, next_attempt_at, turn, failed_because)
VALUES (%s, nextval('propagation_order'), %s, %s, %s, %s, %s, 'requested', 0, %s, %s, %s, '')
"""


def announce(
    change: Change,
    *,
    account: UUID,
    at: datetime,
    payload: dict[str, Any],
    resecuring: UUID | None = None,
    systems: Iterable[System] | None = None,
) -> None:
    """One row for each system that must learn of it, in the caller's transaction; workers are woken when it commits.

    Without ``systems``: the mail, and where the change ends sessions the applications.

    ``payload`` holds plain values a connector needs (addresses, names, times), never a secret: a code or a link's
    token stands under ``sealed`` (identity/sealed_words). ``until``: after that moment it is of no use and not sent.
    """
    if systems is None:
        systems = (System.MAIL, System.APPLICATIONS) if change in ENDS_SESSIONS else (System.MAIL,)
    for system in systems:
        statements.run(
            _ANNOUNCE,
            [uuid4(), system.value, change.value, account, resecuring, json.dumps(payload), at, at, at],
        )


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One row to write: what one system, or one person on one of their channels, must learn."""

    change: Change
    system: System
    account: UUID
    payload: dict[str, Any]
    target: str = ""
    resecuring: UUID | None = None


_POST = """
INSERT INTO propagation_delivery (id, "order", system, target, change, account, resecuring, payload, state, attempts,
  requested_at, next_attempt_at, turn, failed_because)
SELECT v.id, nextval('propagation_order'), v.system, v.target, v.change, v.account, v.resecuring, v.payload,
  'requested', 0, %s, %s, %s, ''
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::jsonb[])
  AS v(id, system, target, change, account, resecuring, payload)
"""


def post(letters: Sequence[Letter], *, at: datetime) -> None:
    """All of these rows by one statement, in their order, in the caller's transaction."""
    columns: list[list[Any]] = [
        [uuid4() for _each in letters],
        [each.system.value for each in letters],
        [each.target for each in letters],
        [each.change.value for each in letters],
        [each.account for each in letters],
        [each.resecuring for each in letters],
        [json.dumps(each.payload) for each in letters],
    ]
    if letters:
        statements.run(_POST, [at, at, at, *columns])


# Only the oldest open delivery of an account and system may go (and application, where that is the system): order is
# kept without a lock on the account. Asked for each row by itself (min, not "none earlier"): the planner cannot turn it
# into a join of all with all, as it would while it believes that the table is almost empty.
_CLAIM = """
UPDATE propagation_delivery SET claimed_until = %(until)s, claimed_by = %(by)s, attempts = attempts + 1
WHERE id IN (
  SELECT d.id FROM propagation_delivery d
  WHERE d.state = 'requested' AND d.system = %(system)s AND d.turn <= %(farthest)s
    AND d.next_attempt_at <= %(now)s
    AND (d.claimed_until IS NULL OR d.claimed_until < %(now)s)
    AND NOT EXISTS (SELECT FROM propagation_pause p WHERE p.target = %(system)s AND p.until > %(now)s)
    AND d."order" = (
      SELECT min(oldest."order") FROM propagation_delivery oldest
      WHERE oldest.account = d.account AND oldest.system = d.system AND oldest.target = d.target
        AND oldest.state = 'requested')
  ORDER BY d.turn LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED)
RETURNING id
"""


def claim(*, now: datetime, limit: int = 20, system: System = System.MAIL, by: int | None = None) -> list[Delivery]:
    """Take due deliveries for this worker for a minute. A worker that dies loses its claim, not the rows: after that
    minute, or, where it claimed ``by`` a number that it holds, soon after it is dead (:mod:`presence`)."""
    with transaction.atomic(), connection.cursor() as cursor:
        values: dict[str, Any] = {
            "until": now + CLAIM,
            "by": by,
            "now": now,
            "limit": limit,
            "system": system.value,
            "farthest": now + FARTHEST_TURN,
        }
        cursor.execute(_CLAIM, values)
        found = [row[0] for row in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=found).order_by("order"))


_ACKNOWLEDGE = """
UPDATE propagation_delivery SET state = 'acknowledged', acknowledged_at = %s, claimed_until = NULL,
  failed_because = '', payload = payload - 'sealed'
WHERE id = %s AND state = 'requested'
"""


def acknowledge(delivery: Delivery, *, now: datetime) -> None:
    """The system took it. Whether it also did it is *confirmed*, where the system can be asked. What was sealed in
    it has been handed over and is kept no longer."""
    statements.run(_ACKNOWLEDGE, [now, delivery.pk])


def postpone(delivery: Delivery, *, now: datetime, because: str, until: datetime | None = None) -> None:
    """It did not work: try again later, each time later, spread at random, or ``until`` then; after
    :data:`PATIENCE` since it was asked for, or asked for again by hand, give up and say why.

    ``because`` is shown to administrators: it names the fault, never what was in the message.
    """
    if now - (delivery.retried_at or delivery.requested_at) >= PATIENCE:
        fail(delivery, because=because)
        return
    if until is None:
        ceiling = min(LONGEST_WAIT, timedelta(seconds=2 ** min(delivery.attempts, 12)))
        until = now + ceiling * (0.5 + secrets.randbelow(500) / 1000)  # so that they do not all come back at once
    Delivery.objects.filter(pk=delivery.pk, state=State.REQUESTED).update(
        next_attempt_at=until, turn=until, claimed_until=None, failed_because=because[:300]
    )


def fail(delivery: Delivery, *, because: str) -> None:
    """The system refused it for good; a person must act. Later deliveries of the account go on."""
    Delivery.objects.filter(pk=delivery.pk, state=State.REQUESTED).update(
        state=State.FAILED, claimed_until=None, failed_because=because[:300]
    )


def retry(delivery_ids: Sequence[UUID], *, now: datetime) -> int:
    """Ask for these to be sent again now. Returns how many were waiting or had failed."""
    return Delivery.objects.filter(pk__in=delivery_ids, state__in=[State.REQUESTED, State.FAILED]).update(
        state=State.REQUESTED, next_attempt_at=now, turn=now, claimed_until=None, attempts=0, retried_at=now
    )


def close(delivery: UUID, *, by: UUID, because: str, now: datetime) -> None:
    """Nobody waits for it any more. An answer that still comes changes nothing. Later deliveries of the account go
    on. Of what it held, only the name of the application stays: the row says for as long as the resecuring is kept
    that this was never answered."""
    found = Delivery.objects.get(pk=delivery)
    found.state, found.claimed_until, found.claimed_by = State.CLOSED, None, None
    found.closed_at, found.closed_by, found.closed_because = now, by, because
    found.payload = {name: found.payload[name] for name in ("name", "asks") if name in found.payload}
    found.save(
        update_fields=["state", "claimed_until", "claimed_by", "closed_at", "closed_by", "closed_because", "payload"]
    )


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one connected system has got with one resecuring."""

    delivery: UUID
    system: System
    # The application, by the name that it had then; nothing for the other systems.
    name: str = ""
    asks: bool = False
    change: Change
    state: State
    requested_at: datetime
    told_at: datetime | None = None
    acknowledged_at: datetime | None
    confirmed_at: datetime | None
    failed_because: str
    attempts: int
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    closed_because: str = ""

    @property
    def is_closed(self) -> bool:
        """True where somebody said that it can never be told: it is neither open nor done."""
        return self.state is State.CLOSED

    @property
    def may_be_closed(self) -> bool:
        """What is open; but not our own finding of the applications, behind which they still hide."""
        return self.is_open and self.system is not System.APPLICATIONS

    @property
    def is_open(self) -> bool:
        """True while we are not done with this system: it waits, it failed, or it must still be asked."""
        if self.is_closed:
            return False
        if self.asks:
            return self.state is not State.CONFIRMED
        return self.state not in {State.ACKNOWLEDGED, State.CONFIRMED}

    @property
    def because(self) -> str:
        """Why it failed, for whoever reads it now. Stored is English, with a detail in brackets that stays."""
        words, bracket, detail = self.failed_because.partition(" (")
        # The translation of an empty text is the head of the catalogue.
        return gettext(words) + bracket + detail if words else ""

    @property
    def milliseconds(self) -> int | None:
        """From the operation to the answer, or None while there is none."""
        last = self.confirmed_at or self.acknowledged_at
        return round((last - self.requested_at).total_seconds() * 1000) if last else None


def progress(*, resecuring: UUID) -> list[Progress]:
    """Every delivery of a resecuring, in order."""
    return [_progress(row) for row in Delivery.objects.filter(resecuring=resecuring).order_by("order")]


def of_resecuring(delivery: UUID, *, resecuring: UUID) -> Progress | None:
    """One of them, its row locked: whoever answers or closes it at the same moment comes before or after. In the
    caller's transaction."""
    row = Delivery.objects.select_for_update().filter(pk=delivery, resecuring=resecuring).first()
    return _progress(row) if row else None


def _progress(row: Delivery) -> Progress:
    return Progress(
        delivery=row.pk,
        system=System(row.system),
        name=row.payload.get("name", "") if row.system == System.APPLICATION else "",
        asks=bool(row.payload.get("asks")),
        change=Change(row.change),
        state=State(row.state),
        requested_at=row.requested_at,
        told_at=row.told_at,
        acknowledged_at=row.acknowledged_at,
        confirmed_at=row.confirmed_at,
        failed_because=row.failed_because,
        attempts=row.attempts,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_because=row.closed_because,
    )


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many deliveries one connected system has still to take, and since when the oldest waits."""

    system: System
    number: int
    since: datetime | None


def waiting() -> list[Waiting]:
    """For each connected system, also where nothing waits. Reads the partial index of open deliveries alone."""
    open_ones = Delivery.objects.filter(state=State.REQUESTED).order_by().values_list("system")
    found = {system: (number, since) for system, number, since in open_ones.annotate(Count("pk"), Min("requested_at"))}
    made = []
    for each in System:
        number, since = found.get(each.value, (0, None))
        made.append(Waiting(system=each, number=number, since=since))
    return made


def sweep(*, before: datetime, limit: int) -> int:
    """Forget deliveries that were acknowledged before this time: their payload names people. Those that wait
    or failed stay until somebody sees to them; those that were closed go on saying that they were
    never answered. Returns how many went."""
    done = Delivery.objects.filter(state__in=[State.ACKNOWLEDGED, State.CONFIRMED], acknowledged_at__lt=before)
    return Delivery.objects.filter(pk__in=list(done.values_list("pk", flat=True)[:limit])).delete()[0]
