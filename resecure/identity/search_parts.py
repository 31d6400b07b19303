"""What the ways of searching share: the question, conditions, places in the results, bounds of work."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from resecure.identity.accounts import Status

LETTERS_FOR_MIDDLE = 3  # a trigram index knows nothing of one or two letters
MILLISECONDS = 2_000  # the last resort; nothing known comes near it
LONGEST_PAGE = 100
MOST_WORDS, LONGEST_WORD = 6, 60
LAST = "\U0010ffff"  # sorts after every letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An account as a line of the results."""

    id: UUID
    name: str
    address: str
    job_title: str
    status: str
    organisation_name: str
    organisation_code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """``next`` is the cursor of the page after this, empty at the end. ``too_many``: more match than could be
    looked through, so that some may be missing; the person should type more."""

    items: list[Found]
    next: str
    too_many: bool = False


# A place in the results: the group, and the values by which the group is sorted, the account's id last.
Place = tuple[int, tuple[str, ...]]
FIRST: Place = (0, ())
ADDRESSES = 5  # a search for an address has this one group


@dataclass(kw_only=True)
class Question:
    """What is asked, ready for SQL. Values travel as parameters, never in the text of a statement."""

    ranges: list[tuple[str, str]]
    words: list[str]
    statuses: list[str]
    after: Place
    want: int
    walk: int

    @property
    def short(self) -> bool:
        """One or two letters match only where a name begins: in the middle they are everywhere."""
        return all(len(word) < LETTERS_FOR_MIDDLE for word in self.words)

    @property
    def few_statuses(self) -> bool:
        return bool(self.statuses) and Status.ACTIVE not in self.statuses


@dataclass(kw_only=True)
class Rows:
    """Places found, in order; ``whole`` is False where a limit was met before all was read. ``among_all``: how many
    of them a walk over everybody in the scope had met by then."""

    places: list[Place]
    whole: bool = True
    among_all: int = 0


def in_scope(asked: Question, params: dict[str, Any], column: str = "organisation_path") -> str:
    pieces = []
    for number, (low, high) in enumerate(asked.ranges):
        params |= {f"s{number}": low, f"e{number}": high}
        pieces.append(f"({column} >= %(s{number})s AND {column} < %(e{number})s)")
    return f"({' OR '.join(pieces)})"


def has_status(asked: Question, params: dict[str, Any]) -> str:
    if not asked.statuses:
        return ""
    params["statuses"] = asked.statuses
    return " AND status = ANY(%(statuses)s)"


def has_words(asked: Question, params: dict[str, Any]) -> str:
    pieces = []
    for word in asked.words:
        name = f"w{len([each for each in params if each.startswith('w')])}"
        params[name] = f"%{like(word)}%"
        pieces.append(f"search_key LIKE %({name})s")
    return f"({' AND '.join(pieces)})"


def rank_of(asked: Question, params: dict[str, Any]) -> str:
    """The group of an account that has all words; 0 for none."""
    params |= {"family": asked.words[-1], "given": asked.words[0]}
    rest = 0 if asked.short else 3
    return (
        "CASE WHEN starts_with(family_key, %(family)s::text) THEN 1"
        f" WHEN starts_with(given_key, %(given)s::text) THEN 2 ELSE {rest} END"
    )


def like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def in_order(asked: Question, rows: list[tuple[Any, ...]]) -> list[Place]:
    """The places after the cursor, in order, as many as are wanted."""
    places: list[Place] = []
    for rank, family, given, path, pk, *_rest in rows:
        keys = {1: (family, given), 2: (given, family), 3: (path, family, given)}.get(rank)
        if keys is not None and (place := (rank, (*keys, str(pk)))) > asked.after:
            places.append(place)
    # By code point, which is the order of the C collation in UTF-8; a uuid sorts as its text does.
    return sorted(places)[: asked.want]


def walked(rows: list[tuple[Any, ...]], asked: Question, *, group: int) -> Rows:
    """The last row may be no match, but the mark that the walk came to its limit."""
    whole = len(rows) >= asked.want or all(row[0] for row in rows)
    return Rows(places=[(group, (*map(str, row[1:]),)) for row in rows if row[0]], whole=whole)


# --- around the statements


# What the planner may choose from: its guesses of how many match a text are wild, and our ways need none.
WALKING = {"enable_bitmapscan": "off", "enable_indexscan": "on", "enable_indexonlyscan": "on"}
BOUNDS = {
    **WALKING,
    "enable_seqscan": "off",
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "statement_timeout": str(MILLISECONDS),
}


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, statements are planned with their values and given up after MILLISECONDS."""
    names = ", ".join(f"current_setting('{name}')" for name in BOUNDS)
    before = dict(zip(BOUNDS, fetch(f"SELECT {names}", {})[0], strict=True))
    plan_with(BOUNDS)
    yield  # after an error, the end of the transaction or savepoint brings the settings back
    plan_with(before)


def plan_with(values: dict[str, str]) -> None:
    calls = ", ".join(f"set_config('{name}', %({name})s, true)" for name in values)
    fetch(f"SELECT {calls}", values)


def fetch(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as open_cursor:
        open_cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = open_cursor.fetchall()
        return rows


def found_by(ids: list[str]) -> list[Found]:
    """The accounts with these ids, in this order."""
    rows = fetch(
        """SELECT a.id, a.given_name, a.family_name, a.address, a.job_title, a.status, o.name, o.code
        FROM identity_account a JOIN identity_organisation o ON o.id = a.organisation_id
        WHERE a.id = ANY(%(ids)s::uuid[])""",
        {"ids": ids},
    )
    found = {
        str(row[0]): Found(
            id=row[0],
            name=f"{row[1]} {row[2]}",
            address=row[3],
            job_title=row[4],
            status=row[5],
            organisation_name=row[6],
            organisation_code=row[7],
        )
        for row in rows
    }
    return [found[pk] for pk in ids if pk in found]


def plain(text: str) -> str:
    """Without what no name holds and no database takes: control characters and broken code points."""
    return "".join(each if unicodedata.category(each) not in {"Cc", "Cs", "Cn"} else " " for each in text[:500])


def path_ranges(scope: Sequence[tuple[str, bool]], *, within: str) -> list[tuple[str, str]]:
    """The scope as ranges of paths that do not touch, in order. A path holds letters, digits and dots."""
    ranges = []
    for path, below in scope:
        if within.startswith(path) and below:
            ranges.append((within or path, (within or path) + LAST))
        elif path.startswith(within):
            ranges.append((path, path + (LAST if below else "!")))
    apart: list[tuple[str, str]] = []
    for low, high in sorted(set(ranges), key=lambda each: (each[0], each[1] < each[0] + LAST)):
        if not apart or low >= apart[-1][1]:
            apart.append((low, high))
    return apart


def cursor_of(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """The place a cursor names. Somebody may have written it by hand: it only moves them within what they
    may see anyway, and must not break anything."""
    try:
        group, keys = json.loads(base64.urlsafe_b64decode(cursor[:2000] + "=" * (-len(cursor) % 4)))
        valid = (
            isinstance(group, int)
            and len(keys) == {1: 3, 2: 3, 3: 4, 4: 4, ADDRESSES: 2}[group]
            and all(isinstance(key, str) and plain(key) == key for key in keys)
        )
        return (group, (*keys[:-1], str(UUID(keys[-1])))) if valid else FIRST
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return FIRST
