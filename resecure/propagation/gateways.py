"""Pauses of the mail server and the SMS gateway: while one is away, one message asks whether it is back.

Nothing that waits counts a try or waits for a time-out meanwhile, and once it is back all of it is due, the oldest
first. What is wrong with one message or one address pauses nothing: :func:`outbox.postpone` sees to that message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction
from django.db.models import F, Q

from resecure.database import statements
from resecure.propagation import outbox
from resecure.propagation.models import Delivery, Pause, State

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)

# Those that wait untried say why, too. One that another is writing to is left: it says so at its own try.
_SAY_WHY = """
UPDATE propagation_delivery SET failed_because = %s WHERE id IN (
  SELECT id FROM propagation_delivery WHERE system = %s AND state = 'requested' AND failed_because = ''
  FOR UPDATE SKIP LOCKED)
"""


class Turn(Enum):
    """What a claimed delivery may do."""

    GO = "go"
    ASK = "ask"  # its gateway is away: go, and say what came of it
    WAIT = "wait"  # another asks


def turn_of(delivery: Delivery, *, now: datetime) -> Turn:
    """While its gateway is away only one delivery at a time is tried. Those that must wait are given back untried."""
    found = Pause.objects.filter(target=delivery.system).values_list("until", flat=True).first()
    if found is None:
        return Turn.GO
    # Whoever moves the end asks. Should it die on the way, the next asks when its claim is over.
    if Pause.objects.filter(target=delivery.system, until__lte=now).update(until=now + outbox.CLAIM):
        return Turn.ASK
    Delivery.objects.filter(pk=delivery.pk, state=State.REQUESTED).update(
        claimed_until=None, attempts=F("attempts") - 1
    )
    return Turn.WAIT


def away(delivery: Delivery, *, asked: datetime, now: datetime, because: str) -> None:
    """Its gateway could not be reached: nothing goes there for a while, twice as long each time. ``asked``: when
    this try began. After :data:`outbox.PATIENCE` the delivery itself has failed, and says so."""
    with transaction.atomic():
        found, made = Pause.objects.select_for_update().get_or_create(
            target=delivery.system, defaults={"until": now + FIRST_PAUSE, "failures": 1, "since": now}
        )
        # Those that were under way beside the first that failed are no further failures.
        if not made and asked >= found.since:
            found.failures += 1
            found.until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(found.failures - 1, 12))
            found.save(update_fields=["failures", "until"])
        outbox.postpone(delivery, now=now, because=because, until=found.until)
        statements.run(_SAY_WHY, [because[:300], delivery.system])


def answered(delivery: Delivery, *, now: datetime) -> None:
    """It answers, whatever it says: if it was away, all that waited for it is due, the oldest first."""
    with transaction.atomic():
        if Pause.objects.filter(target=delivery.system).delete()[0]:
            later = Q(system=delivery.system, state=State.REQUESTED, next_attempt_at__gt=now, claimed_until=None)
            Delivery.objects.filter(later).update(next_attempt_at=now, turn=F("requested_at"))
