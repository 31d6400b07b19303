"""Counting wrong tries in windows, in the database, so that every node counts the same."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import connection, models

from resecure.database import statements


class Throttle(models.Model):
    """How many tries a place, or a place at an account, has failed since a time. ``key`` is a digest."""

    key = models.BinaryField(primary_key=True)
    count = models.IntegerField()
    since = models.DateTimeField()


def key_of(*parts: str) -> bytes:
    """A digest, so that the table lists neither addresses of people nor of networks."""
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


_COUNT = """
INSERT INTO identity_throttle AS t (key, count, since) VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN t.since < %(start)s THEN 1 ELSE t.count + 1 END,
  since = CASE WHEN t.since < %(start)s THEN %(now)s ELSE t.since END
"""


def count(key: bytes, *, now: datetime, window: timedelta) -> None:
    """One more failed try; a window that is over begins again."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "now": now, "start": now - window})


def wait(limits: dict[bytes, tuple[int, timedelta]], *, now: datetime) -> timedelta | None:
    """How long to wait until every limit leaves room again; None if there is room now.

    ``limits``: for each key the number of failed tries, and the window in which they count.
    """
    longest: timedelta | None = None
    found = statements.rows("SELECT key, count, since FROM identity_throttle WHERE key = ANY(%s)", [list(limits)])
    for key, count_now, since in found:
        most, window = limits[bytes(key)]
        left = since + window - now
        if count_now >= most and left > timedelta(0):
            longest = max(longest or timedelta(0), left)
    return longest


def leaves_room(key: bytes, *, most: int, now: datetime, window: timedelta) -> bool:
    """Count one more, and whether it is among the first ``most`` of its window. Two at once count as two: the
    second waits until the transaction of the first is over."""
    count(key, now=now, window=window)
    return wait({key: (most + 1, window)}, now=now) is None


def forget(key: bytes) -> None:
    """The tries counted under this key did no harm: the right one was among them."""
    Throttle.objects.filter(key=key).delete()


def sweep(*, before: datetime) -> int:
    """Forget windows that ended before this time."""
    return Throttle.objects.filter(since__lt=before).delete()[0]
