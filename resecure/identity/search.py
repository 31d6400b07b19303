"""Searching accounts, with work that stays bounded however many there are.

Results come in four groups, each in an order that an index has:

1. the family name begins with the text (of several words: with the last), by name;
2. the given name begins with it (with the first), by given name;
3. all words occur somewhere in the name or before the @, by organisation and name;
4. the organisation's name or code matches, by organisation and name.

A page is found by walking the index of its group. Text that many match fills a page soon; where a walk has
read ``WALK`` entries in vain, few match, and the trigram index finds those few; should even those be more than
``RARE``, a longer walk is sure to meet some. Which of the ways was taken
never shows: all give the same order, and the cursor is a place in it.
"""

# ruff: noqa: S608 - statements are put together from pieces of ours; what was typed travels as parameters

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from resecure.identity.accounts import Status
from resecure.identity.folding import fold

SMALL = 3_000  # scopes up to this many accounts are read whole
WALK = 4_000  # entries that a first walk reads
LONG_WALK = 40_000  # entries that a walk reads where the text is neither common nor rare
RARE = 3_000  # matches that the trigram index may fetch
MILLISECONDS = 2_000  # the last resort; nothing known comes near it
LONGEST_PAGE = 100
MOST_WORDS, LONGEST_WORD = 6, 60
LETTERS_FOR_MIDDLE = 3  # a trigram index knows nothing of one or two letters
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
class _Question:
    """What is asked, ready for SQL. Values travel as parameters, never in the text of a statement."""

    ranges: list[tuple[str, str]]
    words: list[str]
    statuses: list[str]
    after: Place
    want: int
    walk: int = WALK

    @property
    def short(self) -> bool:
        """One or two letters match only where a name begins: in the middle they are everywhere."""
        return all(len(word) < LETTERS_FOR_MIDDLE for word in self.words)

    @property
    def few_statuses(self) -> bool:
        return bool(self.statuses) and Status.ACTIVE not in self.statuses


@dataclass(kw_only=True)
class _Rows:
    """Places found, in order; ``whole`` is False where a limit was met before all was read."""

    places: list[Place]
    whole: bool = True


def search(
    *,
    scope: Sequence[tuple[str, bool]],
    text: str = "",
    statuses: Sequence[str] = (),
    organisation_path: str = "",
    cursor: str = "",
    limit: int = 25,
) -> Page:
    """Accounts within the scope that match, a page at a time; the service's own account never.

    ``scope`` is (organisation's path, whether it reaches below); ``organisation_path`` narrows it to one
    organisation and those below. No text matches all. A cursor that is not one of ours begins anew.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    wanted = [each for each in dict.fromkeys(statuses) if each in Status.values]
    ranges = _ranges(scope, within=_plain(organisation_path))
    if not ranges or (statuses and not wanted):
        return Page(items=[], next="")
    typed = _plain(text)
    asked = _Question(
        ranges=ranges,
        words=[word[:LONGEST_WORD] for word in fold(typed).split()[:MOST_WORDS]],
        statuses=wanted,
        after=_place(cursor),
        want=limit + 1,
    )
    try:
        with transaction.atomic(), _bounded():
            found = _by_address(asked, typed) if "@" in typed else _matching(asked)
            items = _lines([place[1][-1] for place in found.places[:limit]])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return Page(items=[], next="", too_many=True)
        raise
    more = len(found.places) > limit
    return Page(
        items=items, next=_cursor(found.places[limit - 1]) if more else "", too_many=not found.whole and not more
    )


# --- which way


def _matching(asked: _Question) -> _Rows:
    # A cursor of another search names a group that this one has not.
    if asked.after[0] == ADDRESSES or (not asked.words and asked.after[0] != 3):
        asked.after = FIRST
    if not asked.words:
        return _walk_places(asked, group=3)
    people = _read_whole(asked) if _is_small(asked) else _find_people(asked)
    return _with_organisations(asked, people)


def _find_people(asked: _Question) -> _Rows:
    """Groups 1 to 3: a short walk where many match, the trigram index where few do, a long walk in between."""
    walked = _walk_groups(asked)
    if walked.whole or asked.short:
        return walked
    rare = _rare(asked)
    return rare if rare.whole else _walk_groups(replace(asked, walk=LONG_WALK))


def _walk_groups(asked: _Question) -> _Rows:
    """One group after the other, until the page is full. Not whole: a walk met its limit before."""
    places: list[Place] = []
    for group in (1, 2, 3):
        if group < asked.after[0] or (group == 3 and asked.short):
            continue
        rest = replace(asked, want=asked.want - len(places))
        walked = _walk_places(rest, group=3) if group == 3 else _walk_names(rest, group=group)
        places += walked.places
        if len(places) >= asked.want:
            return _Rows(places=places[: asked.want])
        if not walked.whole:
            return _Rows(places=places, whole=False)
    return _Rows(places=places)


def _with_organisations(asked: _Question, people: _Rows) -> _Rows:
    """Group 4 follows the people, unless the page is full or the people could not be read to their end."""
    if len(people.places) >= asked.want or not people.whole:
        return people
    rest = replace(asked, want=asked.want - len(people.places))
    return _Rows(places=people.places + _in_organisations(rest))


# --- the ways. Each statement reads a bounded number of entries of one index.


def _is_small(asked: _Question) -> bool:
    """Whether the scope holds so few accounts, of the statuses asked for, that all can be read."""
    statement: list[str] = []
    params: dict[str, Any] = {}
    for number, (low, high) in enumerate(asked.ranges):
        params |= {f"low{number}": low, f"high{number}": high}
        for each, status in enumerate(asked.statuses if asked.few_statuses else [""]):
            params |= {f"status{each}": status} if status else {}
            statement.append(
                "(SELECT 1 FROM identity_account WHERE NOT is_system"
                + (f" AND status <> 'active' AND status = %(status{each})s" if status else "")
                + f" AND organisation_path >= %(low{number})s AND organisation_path < %(high{number})s"
                f" LIMIT {SMALL + 1})"
            )
    every = " UNION ALL ".join(statement)
    count = _rows(f"SELECT count(*) FROM (SELECT 1 FROM ({every}) every LIMIT {SMALL + 1}) few", params)
    return int(count[0][0]) <= SMALL


def _read_whole(asked: _Question) -> _Rows:
    params: dict[str, Any] = {}
    own_index = " AND status <> 'active'" if asked.few_statuses else ""
    rows = _rows(
        f"""SELECT {_rank(asked, params)} AS rank, family_key, given_key, organisation_path, id FROM identity_account
        WHERE NOT is_system{own_index} AND {_in_scope(asked, params)}{_has_status(asked, params)}
        AND {_has_words(asked, params)}""",
        params,
    )
    return _Rows(places=_sorted(asked, rows))


def _rare(asked: _Question) -> _Rows:
    """All matches by the trigram index, whose work grows with their number: above RARE we say so."""
    params: dict[str, Any] = {}
    # Only words that the index knows: for a word of one letter it would hand out everything.
    indexed = replace(asked, words=[word for word in asked.words if len(word) >= LETTERS_FOR_MIDDLE])
    own_index = " AND status <> 'active'" if asked.few_statuses else ""
    _set({"enable_bitmapscan": "on", "enable_indexscan": "off", "enable_indexonlyscan": "off"})
    rows = _rows(
        f"""SELECT {_rank(asked, params)} AS rank, family_key, given_key, organisation_path, id, total
        FROM (SELECT *, count(*) OVER () AS total FROM (
          SELECT family_key, given_key, organisation_path, id, search_key, status FROM identity_account
          WHERE NOT is_system{own_index} AND {_has_words(indexed, params)} LIMIT {RARE}) few) few
        WHERE {_in_scope(asked, params)}{_has_status(asked, params)} AND {_has_words(asked, params)}""",
        params,
    )
    _set(_WALKING)
    return _Rows(places=_sorted(asked, rows), whole=not rows or rows[0][5] < RARE)


def _walk_names(asked: _Question, *, group: int) -> _Rows:
    """Group 1 or 2: a range of names, in order."""
    first, second = ("family_key", "given_key") if group == 1 else ("given_key", "family_key")
    prefix = asked.words[-1] if group == 1 else asked.words[0]
    params: dict[str, Any] = {"from": prefix, "to": prefix + LAST}
    after = ""
    if asked.after[0] == group:
        params |= dict(zip(("k1", "k2", "k3"), asked.after[1], strict=True))
        after = f" AND ({first}, {second}, id) > (%(k1)s, %(k2)s, %(k3)s::uuid)"
    rows = _rows(
        f"""SELECT ok, {first}, {second}, id FROM (
          SELECT *, row_number() OVER () AS n,
            {_in_scope(asked, params)}{_has_status(asked, params)} AND {_has_words(asked, params)}
            AND {_rank(asked, params)} = {group} AS ok
          FROM (SELECT family_key, given_key, id, organisation_path, status, search_key FROM identity_account
            WHERE NOT is_system AND {first} >= %(from)s AND {first} < %(to)s{after}
            ORDER BY {first}, {second}, id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return _walked(rows, asked, group=group)


def _walk_places(asked: _Question, *, group: int) -> _Rows:
    """Group 3, or everybody where there is no text: by organisation, each status filtered for in its own walk."""
    each_status = [[status] for status in asked.statuses] if asked.few_statuses else [asked.statuses]
    found = _Rows(places=[])
    for statuses in each_status:
        one = replace(asked, statuses=statuses)
        places: list[Place] = []
        for low, high in asked.ranges:
            one.want = asked.want - len(places)
            walked = _walk_place(one, low, high, group=group)
            places += walked.places
            found.whole &= walked.whole
            if len(places) >= asked.want:
                break
            if not walked.whole and asked.words:
                return _Rows(places=sorted(places), whole=False)
        found.places += places
    found.places = sorted(found.places)[: asked.want]
    return found


def _walk_place(asked: _Question, low: str, high: str, *, group: int) -> _Rows:
    params: dict[str, Any] = {"low": low, "high": high}
    after = ""
    if asked.after[0] == group:
        params |= dict(zip(("k1", "k2", "k3", "k4"), asked.after[1], strict=True))
        after = " AND (organisation_path, family_key, given_key, id) > (%(k1)s, %(k2)s, %(k3)s, %(k4)s::uuid)"
        # Said again for the planner: a row comparison beside a range is not taken for where to begin.
        params["low"] = max(low, asked.after[1][0])
    only, wanted = "", _has_status(asked, params)
    if asked.few_statuses:
        only, wanted = " AND status <> 'active' AND status = %(only)s", ""
        params["only"] = asked.statuses[0]
    match = f"{_has_words(asked, params)} AND {_rank(asked, params)} = {group}" if asked.words else "true"
    rows = _rows(
        f"""SELECT ok, organisation_path, family_key, given_key, id FROM (
          SELECT *, row_number() OVER () AS n, {match}{wanted} AS ok
          FROM (SELECT organisation_path, family_key, given_key, id, status, search_key FROM identity_account
            WHERE NOT is_system AND organisation_path >= %(low)s AND organisation_path < %(high)s{only}{after}
            ORDER BY organisation_path, family_key, given_key, id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return _walked(rows, asked, group=group)


def _in_organisations(asked: _Question) -> list[Place]:
    params: dict[str, Any] = {"code": _like(asked.words[0].upper()) + "%"}
    matches = ["o.code LIKE %(code)s"] if len(asked.words) == 1 else []
    if not asked.short:
        names = [f"o.name_key LIKE %(o{number})s" for number in range(len(asked.words))]
        params |= {f"o{number}": f"%{_like(word)}%" for number, word in enumerate(asked.words)}
        matches.append(f"({' AND '.join(names)})")
    if not matches:
        return []
    after = begin = ""
    if asked.after[0] == 4:
        params |= dict(zip(("k1", "k2", "k3", "k4"), asked.after[1], strict=True))
        begin = " AND o.path >= %(k1)s"
        after = " AND (organisation_path, family_key, given_key, id) > (%(k1)s, %(k2)s, %(k3)s, %(k4)s::uuid)"
    rows = _rows(
        f"""SELECT a.organisation_path, a.family_key, a.given_key, a.id
        FROM (SELECT o.path FROM identity_organisation o
          WHERE ({" OR ".join(matches)}) AND {_in_scope(asked, params, "o.path")}{begin} ORDER BY o.path OFFSET 0) place
        CROSS JOIN LATERAL (SELECT * FROM (
            SELECT organisation_path, family_key, given_key, id, status, search_key FROM identity_account
            WHERE NOT is_system AND organisation_path = place.path{after}
            ORDER BY organisation_path, family_key, given_key, id LIMIT {asked.walk}) here
          WHERE ({_has_words(asked, params)} AND {_rank(asked, params)} > 0) IS NOT TRUE{_has_status(asked, params)}
          LIMIT {asked.want}) a
        LIMIT {asked.want}""",
        params,
    )
    return [(4, (*map(str, row),)) for row in rows]


def _by_address(asked: _Question, typed: str) -> _Rows:
    """Text with an @ is the beginning of an address."""
    prefix = "".join(typed.split()).lower()
    params: dict[str, Any] = {"from": prefix, "to": prefix + LAST}
    after = ""
    if asked.after[0] == ADDRESSES:
        params |= {"k1": asked.after[1][0], "k2": asked.after[1][1]}
        after = ' AND (address COLLATE "C", id) > (%(k1)s, %(k2)s::uuid)'
    rows = _rows(
        f"""SELECT ok, address, id FROM (
          SELECT *, row_number() OVER () AS n, {_in_scope(asked, params)}{_has_status(asked, params)} AS ok
          FROM (SELECT address COLLATE "C" AS address, id, organisation_path, status FROM identity_account
            WHERE NOT is_system AND address COLLATE "C" >= %(from)s AND address COLLATE "C" < %(to)s{after}
            ORDER BY address COLLATE "C", id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return _walked(rows, asked, group=ADDRESSES)


# --- pieces of statements


def _in_scope(asked: _Question, params: dict[str, Any], column: str = "organisation_path") -> str:
    pieces = []
    for number, (low, high) in enumerate(asked.ranges):
        params |= {f"s{number}": low, f"e{number}": high}
        pieces.append(f"({column} >= %(s{number})s AND {column} < %(e{number})s)")
    return f"({' OR '.join(pieces)})"


def _has_status(asked: _Question, params: dict[str, Any]) -> str:
    if not asked.statuses:
        return ""
    params["statuses"] = asked.statuses
    return " AND status = ANY(%(statuses)s)"


def _has_words(asked: _Question, params: dict[str, Any]) -> str:
    pieces = []
    for word in asked.words:
        name = f"w{len([each for each in params if each.startswith('w')])}"
        params[name] = f"%{_like(word)}%"
        pieces.append(f"search_key LIKE %({name})s")
    return f"({' AND '.join(pieces)})"


def _rank(asked: _Question, params: dict[str, Any]) -> str:
    """The group of an account that has all words; 0 for none."""
    params |= {"family": asked.words[-1], "given": asked.words[0]}
    rest = 0 if asked.short else 3
    return (
        "CASE WHEN starts_with(family_key, %(family)s::text) THEN 1"
        f" WHEN starts_with(given_key, %(given)s::text) THEN 2 ELSE {rest} END"
    )


def _like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _sorted(asked: _Question, rows: list[tuple[Any, ...]]) -> list[Place]:
    """The places after the cursor, in order, as many as are wanted."""
    places: list[Place] = []
    for rank, family, given, path, pk, *_rest in rows:
        keys = {1: (family, given), 2: (given, family), 3: (path, family, given)}.get(rank)
        if keys is not None and (place := (rank, (*keys, str(pk)))) > asked.after:
            places.append(place)
    # By code point, which is the order of the C collation in UTF-8; a uuid sorts as its text does.
    return sorted(places)[: asked.want]


def _walked(rows: list[tuple[Any, ...]], asked: _Question, *, group: int) -> _Rows:
    """The last row may be no match, but the mark that the walk came to its limit."""
    whole = len(rows) >= asked.want or all(row[0] for row in rows)
    return _Rows(places=[(group, (*map(str, row[1:]),)) for row in rows if row[0]], whole=whole)


# --- around the statements


# What the planner may choose from: its guesses of how many match a text are wild, and our ways need none.
_WALKING = {"enable_bitmapscan": "off", "enable_indexscan": "on", "enable_indexonlyscan": "on"}
_BOUNDS = {
    **_WALKING,
    "enable_seqscan": "off",
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "statement_timeout": str(MILLISECONDS),
}


@contextmanager
def _bounded() -> Iterator[None]:
    """Within it, statements are planned with their values and given up after MILLISECONDS."""
    names = ", ".join(f"current_setting('{name}')" for name in _BOUNDS)
    before = dict(zip(_BOUNDS, _rows(f"SELECT {names}", {})[0], strict=True))
    _set(_BOUNDS)
    yield  # after an error, the end of the transaction or savepoint brings the settings back
    _set(before)


def _set(values: dict[str, str]) -> None:
    calls = ", ".join(f"set_config('{name}', %({name})s, true)" for name in values)
    _rows(f"SELECT {calls}", values)


def _rows(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as open_cursor:
        open_cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = open_cursor.fetchall()
        return rows


def _lines(ids: list[str]) -> list[Found]:
    """The accounts with these ids, in this order."""
    rows = _rows(
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


def _plain(text: str) -> str:
    """Without what no name holds and no database takes: control characters and broken code points."""
    return "".join(each if unicodedata.category(each) not in {"Cc", "Cs", "Cn"} else " " for each in text[:500])


def _ranges(scope: Sequence[tuple[str, bool]], *, within: str) -> list[tuple[str, str]]:
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


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, ensure_ascii=False).encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    """The place a cursor names. Somebody may have written it by hand: it only moves them within what they
    may see anyway, and must not break anything."""
    try:
        group, keys = json.loads(base64.urlsafe_b64decode(cursor[:2000] + "=" * (-len(cursor) % 4)))
        valid = (
            isinstance(group, int)
            and len(keys) == {1: 3, 2: 3, 3: 4, 4: 4, ADDRESSES: 2}[group]
            and all(isinstance(key, str) and _plain(key) == key for key in keys)
        )
        return (group, (*keys[:-1], str(UUID(keys[-1])))) if valid else FIRST
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return FIRST
