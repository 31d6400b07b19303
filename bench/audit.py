"""How fast the record is checked, and how much memory that takes: over 100,000 records and over 1,000,000."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from bench.figures import Figure
from bench.ground import ground

FEW, MANY = 100_000, 1_000_000
SLOWEST = 100_000  # records a second
MOST_GROWTH = 4.0  # MB between the one and the other

_COLUMNS = "chain, position, at, event, actor, target, organisation_path, details, hash"
_EVENTS = ("sign_in_completed", "sign_in_failed", "account_resecured", "profile_changed")
# In a process of its own, so that its memory is its own.
_CHECK = """
import json, resource, time
from resecure.config import settings
import django
django.setup()
from resecure.audit.record import verify
began = time.perf_counter()
read, faults = verify()
print(json.dumps([read, len(faults), time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def run(*, short: bool = False) -> list[Figure]:
    """Records a second, and the growth of memory."""
    few, many = (FEW // 20, MANY // 50) if short else (FEW, MANY)
    with ground(durable=False):
        from resecure.audit.record import CHAINS, START

        ends = [(0, START)] * CHAINS
        _fill(0, few, ends)
        _read, faults_of_few, _seconds, before = _checked()
        _fill(few, many, ends)
        read, faults, seconds, after = _checked()
    speed, growth = read / seconds, (after - before) / 1024
    whole = not faults_of_few and not faults and read == many
    return [
        Figure(
            name=f"audit verify over {many:,} records",
            measured=f"{speed:,.0f} a second" + ("" if whole else "; NOT whole"),
            bound=f"≥ {SLOWEST:,} a second",
            holds=whole and speed >= SLOWEST,
            bounded_by="the server spelling each record out as it was sealed",
        ),
        Figure(
            name=f"the growth of its memory from {few:,} records to {many:,}",
            measured=f"{growth:.1f} MB (of {after / 1024:.0f})",
            bound=f"≤ {MOST_GROWTH:.0f} MB",
            holds=growth <= MOST_GROWTH,
            bounded_by="one batch of 10,000 records is held at a time",
        ),
    ]


def _fill(first: int, last: int, ends: list[tuple[int, bytes]]) -> None:
    """Records as the service writes them, sealed here: the trigger takes its time, and that is not what is measured."""
    from django.db import connection, transaction

    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        with cursor.copy(f"COPY audit_record ({_COLUMNS}) FROM STDIN") as copy:
            for number in range(first, last):
                chain = number % len(ends)
                position, previous = ends[chain]
                at, event = begin + timedelta(seconds=number), _EVENTS[number % len(_EVENTS)]
                actor, target = UUID(int=number % 5_000), UUID(int=number % 50_000)
                path = f"ALL.Y{number % 7}.Q{number % 300}."
                details = json.dumps({"from": f"192.0.2.{number % 250}", "known": True, "reference": f"call {number}"})
                moment = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
                texts = [str(each) for each in (chain, position + 1, moment, event, actor, target, path, details)]
                digest = sha256(previous + "".join(f"{len(text)}:{text}" for text in texts).encode()).digest()
                ends[chain] = (position + 1, digest)
                copy.write_row((chain, position + 1, at, event, actor, target, path, details, digest))
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")
        for chain, (position, digest) in enumerate(ends):
            cursor.execute(
                "UPDATE audit_chainhead SET position = %s, hash = %s WHERE chain = %s", [position, digest, chain]
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE audit_record")
    connection.close()


def _checked() -> tuple[int, int, float, int]:
    ended = subprocess.run([sys.executable, "-c", _CHECK], capture_output=True, text=True, check=True)
    found: Any = json.loads(ended.stdout.splitlines()[-1])
    return found[0], found[1], found[2], found[3]
