"""Writing the record, and checking that nobody has touched it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from resecure.audit.events import Event
from resecure.database import statements

# Many chains, not one: a single chain would make every operation of the service wait for every other.
# An account always writes to the same one, so its own history is ordered.
CHAINS = 64
START = hashlib.sha256(b"resecure audit").digest()

_INSERT = """
INSERT INTO audit_record (chain, position, at, event, actor, target, organisation_path, details, hash)
VALUES (%s, 0, %s, %s, %s, %s, %s, %s, ''::bytea)
"""


def append(
    event: Event,
    *,
    actor: UUID | None,
    target: UUID | None,
    organisation_path: str = "",
    at: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one record in the caller's transaction. It holds no password, secret, character, code or token.

    Take it as late in the transaction as the operation allows: it locks the end of one chain.
    """
    statements.run(
        _INSERT,
        [
            chain_of(target or actor),
            at,
            event.value,
            actor,
            target,
            organisation_path,
            json.dumps(details or {}, sort_keys=True, ensure_ascii=True),
        ],
    )


def chain_of(subject: UUID | None) -> int:
    """The chain of an account, 0 to 63; what concerns no account goes to chain 0."""
    return subject.int % CHAINS if subject else 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The first bad record of a chain, and what is wrong with it."""

    chain: int
    position: int
    text: str


def verify() -> tuple[int, list[Fault]]:
    """Read the whole record and check every hash, place and end.

    Returns the number of records read and, for each broken chain, its first fault. Memory stays flat.
    """
    faults: list[Fault] = []
    read = 0
    for chain in range(CHAINS):
        end = _end_of(chain)
        if end is None:
            faults.append(Fault(chain=chain, position=1, text="the end of this chain was removed"))
            continue
        head_position, head_hash, last_position = end
        previous, expected, broken = START, 1, False
        for row in _chain(chain, until=head_position):
            read += 1
            if broken:
                continue
            position, digest = row[0], bytes(row[-1])
            if position != expected:
                faults.append(Fault(chain=chain, position=expected, text="a record is missing here"))
                broken = True
            elif hashlib.sha256(_sealed(previous, chain, row)).digest() != digest:
                faults.append(Fault(chain=chain, position=position, text="this record was changed"))
                broken = True
            previous, expected = digest, expected + 1
        if not broken and last_position > head_position:
            faults.append(Fault(chain=chain, position=head_position + 1, text="a record was added by hand"))
        elif not broken and (expected - 1, previous) != (head_position, head_hash):
            faults.append(Fault(chain=chain, position=expected, text="records were cut off from here on"))
    return read, faults


def _end_of(chain: int) -> tuple[int, bytes, int] | None:
    """Where the chain ends by its head, the hash there, and the highest place in use. In one statement: both
    are of one moment, so that what is recorded while we read is no fault. None when the head is gone: then nothing
    says how long the chain was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, hash, (SELECT coalesce(max(position), 0) FROM audit_record r WHERE r.chain = h.chain)"
            " FROM audit_chainhead h WHERE chain = %s",
            [chain],
        )
        row = cursor.fetchone()
    return (row[0], bytes(row[1]), row[2]) if row else None


def _chain(chain: int, *, until: int) -> Iterator[tuple[Any, ...]]:
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, at, event, actor, target, organisation_path, details, hash"
                " FROM audit_record WHERE chain = %s AND position > %s AND position <= %s"
                " ORDER BY position LIMIT 5000",
                [chain, last, until],
            )
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < 5000:
            return
        last = rows[-1][0]


def _sealed(previous: bytes, chain: int, row: tuple[Any, ...]) -> bytes:
    """The bytes that are hashed: as the trigger ``audit_seal`` makes them, each part with its length."""
    position, at, event, actor, target, path, details, _digest = row
    moment = (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND
    parts = (chain, position, moment, event, actor or "", target or "", path, details)
    texts = [str(part).encode() for part in parts]
    return previous + b"".join(b"%d:%s" % (len(text), text) for text in texts)


_MICROSECOND = datetime.resolution
