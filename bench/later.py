"""A day in a moment: everything that waits grows older, and the workers are woken, for benchmarks of an outage."""

from __future__ import annotations

import time
from datetime import timedelta


def wake() -> None:
    """As an operation does that has something to tell."""
    from django.db import connection

    from resecure.propagation.outbox import CHANNEL

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def older(by: timedelta) -> None:
    """Everything that has a time was that much longer ago. Not while a worker has a delivery in hand: it would
    write times that it reckoned before."""
    from django.db import connection, transaction
    from django.db.models import F

    from resecure.propagation.models import Delivery, Pause

    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE propagation_delivery IN EXCLUSIVE MODE")
            if not Delivery.objects.filter(claimed_until__isnull=False).exists():
                Delivery.objects.update(
                    requested_at=F("requested_at") - by, next_attempt_at=F("next_attempt_at") - by, turn=F("turn") - by
                )
                Pause.objects.update(until=F("until") - by, since=F("since") - by)
                return
        time.sleep(0.005)
