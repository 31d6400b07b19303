"""Which messengers live: so that what a dead one had in hand is told by another, and what a live one has is not.

A messenger holds an advisory lock under a number of its own, on a connection of its own. The lock lives as long as the
connection: when the process is killed, the database lets go of it at once. The others see that, wait for a grace, and
free what was claimed under the number. A messenger that lives and has lost its connection has that long to hold its
number again, or must give up by itself what it has in hand; it reckons from when it last asked, which was earlier.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from resecure.propagation.outbox import CHANNEL

GRACE = timedelta(seconds=3)
LOCKS = 7500653  # the class of these locks: any number that nobody else takes in this database
NUMBERS = 2**31 - 1

_FREE = """NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 7500653
  AND l.objid = m.number AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_SEEN_GONE = f"UPDATE propagation_messenger m SET gone_since = now() WHERE gone_since IS NULL AND {_FREE}"  # noqa: S608
_GONE = f"""SELECT number FROM propagation_messenger m WHERE gone_since < now() - %s AND {_FREE}
  FOR UPDATE SKIP LOCKED"""  # noqa: S608 - numbers of ours
_FREED = """UPDATE propagation_delivery SET claimed_until = NULL, claimed_by = NULL
  WHERE claimed_by = ANY(%s) AND state = 'requested' AND claimed_until IS NOT NULL"""


def hold(line: psycopg.Connection[Any], number: int, *, again: bool) -> bool:
    """Afterwards the number is held as long as this connection lives. False if somebody holds it, or, ``again``, if it
    was given up meanwhile."""
    got = line.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCKS, number]).fetchone()
    if not (got and got[0]):
        return False
    if again:
        kept = line.execute("UPDATE propagation_messenger SET gone_since = NULL WHERE number = %s", [number])
    else:
        kept = line.execute("INSERT INTO propagation_messenger (number) VALUES (%s) ON CONFLICT DO NOTHING", [number])
    return kept.rowcount == 1


def free_those_of_the_dead(line: psycopg.Connection[Any]) -> int:
    """Free what messengers that are gone for longer than the grace had claimed. Returns how many deliveries that were.

    By the database's clock: those of the hosts may differ by more than the grace.
    """
    line.execute(_SEEN_GONE)
    with line.transaction():
        gone = [number for (number,) in line.execute(_GONE, [GRACE])]
        if not gone:
            return 0
        freed = line.execute(_FREED, [gone]).rowcount
        line.execute("DELETE FROM propagation_messenger WHERE number = ANY(%s)", [gone])
        line.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return freed


def leave(line: psycopg.Connection[Any], number: int) -> None:
    """It ends: what it could not write down is free at once, and nobody need look after it."""
    line.execute(_FREED, [[number]])
    line.execute("DELETE FROM propagation_messenger WHERE number = %s", [number])
