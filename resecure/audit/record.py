"""Writing the record, and checking that nobody has touched it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from resecure.audit.events import Event
from resecure.database import statements

# Many chains, not one: a single chain would make every operation of the service wait for every other.
# An account always writes to the same one, so its own history is ordered.
CHAINS = 64
START = sha256(b"resecure audit").digest()

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


# How many records are fetched at once, and how far a record may stand from its place in its chain: writers at the
# same moment take their numbers before they queue for the end of a chain, so that numbers and places differ by as
# many as there are writers.
BATCH = 10_000
APART = 4_096
# The bytes that are hashed after the previous hash: as the trigger ``audit_seal`` makes them, each part with its
# length. The server only spells them out; hashing and comparing is done here.
_SEALED = """
convert_to(concat(length(chain::text), ':', chain, length(position::text), ':', position,
  length(moment), ':', moment, octet_length(event), ':', event, length(actor), ':', actor,
  length(target), ':', target, octet_length(organisation_path), ':', organisation_path,
  octet_length(details), ':', details), 'UTF8')
"""
_READ = f"""
SELECT id, chain, position, {_SEALED}, hash FROM (
  SELECT id, chain, position, ((extract(epoch from at) * 1000000)::bigint)::text AS moment, event,
    coalesce(actor::text, '') AS actor, coalesce(target::text, '') AS target, organisation_path, details, hash
  FROM audit_record WHERE id > %s AND id <= %s ORDER BY id LIMIT {BATCH}
) r
"""  # noqa: S608 - constants of ours
# The ends, and how far the record goes, in one statement: all are of one moment, so that what is recorded while we
# read is no fault.
_ENDS = """
SELECT h.chain, h.position, h.hash,
  (SELECT coalesce(max(position), 0) FROM audit_record r WHERE r.chain = h.chain),
  (SELECT coalesce(max(id), 0) FROM audit_record)
FROM audit_chainhead h ORDER BY h.chain
"""


@dataclass(kw_only=True)
class _Chain:
    """How far one chain has been checked. ``early``: records that came before it was their turn."""

    end: int
    end_hash: bytes
    last: int
    expected: int = 1
    previous: bytes = START
    early: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    fault: tuple[int, str] | None = None


def verify() -> tuple[int, list[Fault]]:
    """Read the whole record once, in the order in which it was written, and check every hash, place and end.

    Returns the number of records read and, for each broken chain, its first fault. Memory stays flat: it holds a
    batch of records, and of each chain the few that came before their turn.
    """
    ends = statements.rows(_ENDS, [])
    chains = {row[0]: _Chain(end=row[1], end_hash=bytes(row[2]), last=row[3]) for row in ends if 0 <= row[0] < CHAINS}
    read, until, after = 0, max((row[4] for row in ends), default=0), -(2**63)
    while rows := statements.rows(_READ, [after, until]):
        after = rows[-1][0]
        for _number, number, position, sealed, digest in rows:
            chain = chains.get(number)
            if chain is None or position > chain.end:
                continue  # younger than the ends; or of a chain that has none, which is named below
            read += 1
            if chain.fault is None:
                if position == chain.expected:
                    _check(chain, sealed, digest)
                else:
                    _keep(chain, position, sealed, digest)
    faults = []
    for number in range(CHAINS):
        fault = _fault_of(chains.get(number))
        if fault is not None:
            faults.append(Fault(chain=number, position=fault[0], text=fault[1]))
    return read, faults


def hashes_at(positions: list[int]) -> dict[int, bytes]:
    """Of each chain the hash of its record at this place; positions in the order of the chains."""
    found = statements.rows(
        "SELECT r.chain, r.hash FROM unnest(%s::bigint[]) WITH ORDINALITY p (position, number)"
        " JOIN audit_record r ON r.chain = p.number - 1 AND r.position = p.position",
        [positions],
    )
    return {chain: bytes(digest) for chain, digest in found}


def _check(chain: _Chain, sealed: bytes, digest: bytes) -> None:
    """Check the record whose turn it is, and those that waited for it."""
    early = chain.early
    while True:
        if sha256(chain.previous + sealed).digest() != digest:
            chain.fault = (chain.expected, "this record was changed")
            early.clear()
            return
        chain.previous = digest
        chain.expected += 1
        if not early or chain.expected not in early:
            return
        sealed, digest = early.pop(chain.expected)


def _keep(chain: _Chain, position: int, sealed: bytes, digest: bytes) -> None:
    """Keep a record until its turn. One whose turn is over, or that waits too long, has no place here."""
    if position < chain.expected:
        chain.fault = (position, "a record was added by hand")
    elif len(chain.early) >= APART:
        chain.fault = (chain.expected, "a record is missing here")
    else:
        chain.early[position] = (sealed, digest)
        return
    chain.early.clear()


def _fault_of(chain: _Chain | None) -> tuple[int, str] | None:
    if chain is None:
        return 1, "the end of this chain was removed"
    if chain.fault is not None:
        return chain.fault
    if chain.early:
        return chain.expected, "a record is missing here"
    if chain.last > chain.end:
        return chain.end + 1, "a record was added by hand"
    if (chain.expected - 1, chain.previous) != (chain.end, chain.end_hash):
        return chain.expected, "records were cut off from here on"
    return None
