"""Finding records, newest first, a page at a time, whatever else is in the record.

Four ways, each of which walks an index that holds the rows in the order they are shown:

1. of one person: the index of that target or actor;
2. of few places: of each place its newest, and of those the newest;
3. of many places, one event: the index of that event;
4. of many places: the index of time. A page is full soon, as many places hold a large share of all there is.

A place is where the record says it happened, for ever: an organisation's path, empty for what concerns the service.
"""

# ruff: noqa: S608 - statements are put together from pieces of ours; what was asked travels as parameters

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from resecure.audit.models import Record
from resecure.database import statements

FEW_PLACES = 200
MILLISECONDS = 20_000
_SETTINGS = "SELECT set_config('plan_cache_mode', %s, true), set_config('statement_timeout', %s, true)"
_START = datetime(1970, 1, 1, tzinfo=UTC)

# Where a page ended: the time and number of its last record.
Place = tuple[datetime, int]


class TooMuch(Exception):
    """What was asked would take too long to find: it must be narrowed."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which records. ``ranges`` of places that may be seen (from, up to); none of them: no record at all.
    ``places``: every place within the ranges, where they are few; None where they are many."""

    ranges: Sequence[tuple[str, str]]
    places: Sequence[str] | None = None
    actor: UUID | None = None
    target: UUID | None = None
    event: str = ""
    since: datetime | None = None
    until: datetime | None = None


def find(asked: Question, *, after: Place | None = None, limit: int) -> list[Record]:
    """The newest records that fit and stand after this place. Raises TooMuch."""
    if not asked.ranges:
        return []
    statement, values = statement_of(asked, after=after, limit=limit)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Planned with its values: one plan for a person with three records and one with a million is none.
            cursor.execute("SELECT current_setting('plan_cache_mode'), current_setting('statement_timeout')")
            before = cursor.fetchone()
            cursor.execute(_SETTINGS, ["force_custom_plan", str(MILLISECONDS)])
            cursor.execute(statement, values)
            found = [statements.built(Record, row) for row in cursor.fetchall()]
            cursor.execute(_SETTINGS, before)
            return found
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMuch from error
        raise


def statement_of(asked: Question, *, after: Place | None, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement that finds them, and its values."""
    values: dict[str, Any] = {"limit": limit}
    conditions = []
    for name, given in {"actor": asked.actor, "target": asked.target, "event": asked.event}.items():
        if given:
            conditions.append(f"r.{name} = %({name})s")
            values[name] = given
    if asked.since is not None:
        conditions.append("r.at >= %(since)s")
        values["since"] = asked.since
    if asked.until is not None:
        conditions.append("r.at < %(until)s")
        values["until"] = asked.until
    if after is not None:
        conditions.append("(r.at, r.id) < (%(after_at)s, %(after_id)s)")
        values["after_at"], values["after_id"] = after
    columns, order = statements.columns(Record, "r"), "ORDER BY r.at DESC, r.id DESC LIMIT %(limit)s"
    if asked.places is not None and not (asked.actor or asked.target):
        values["places"] = list(asked.places)
        where = " AND ".join(["r.organisation_path = p.place", *conditions])
        newest = f"SELECT * FROM audit_record r WHERE {where} {order}"
        few = f"unnest(%(places)s::text[]) AS p(place) CROSS JOIN LATERAL ({newest}) r"
        return f"SELECT {columns} FROM {few} {order}", values
    within = []
    for number, (low, high) in enumerate(asked.ranges):
        within.append(f"(r.organisation_path >= %(low{number})s AND r.organisation_path < %(high{number})s)")
        values[f"low{number}"], values[f"high{number}"] = low, high
    where = " AND ".join([f"({' OR '.join(within)})", *conditions])
    return f"SELECT {columns} FROM audit_record r WHERE {where} {order}", values


def cursor_of(last: Record) -> str:
    """The place after this record, as it travels in an address."""
    moment = (last.at - _START) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{moment}.{last.pk}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place | None:
    """The place a cursor names. Raises ValueError for what is no cursor of ours. One made by hand only moves its
    maker within what they may see anyway."""
    if not cursor:
        return None
    try:
        moment, _dot, number = base64.urlsafe_b64decode(cursor[:100] + "=" * (-len(cursor) % 4)).decode().partition(".")
        at, last = _START + timedelta(microseconds=int(moment)), int(number)
    except (binascii.Error, UnicodeError, OverflowError) as error:
        raise ValueError from error
    if not 0 <= last < 2**63:
        raise ValueError
    return at, last
