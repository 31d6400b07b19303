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

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from resecure.identity.accounts import Status
from resecure.identity.folding import fold
from resecure.identity.search_parts import (
    ADDRESSES,
    FIRST,
    LAST,
    LETTERS_FOR_MIDDLE,
    LONGEST_PAGE,
    LONGEST_WORD,
    MOST_WORDS,
    WALKING,
    Found,
    Page,
    Place,
    Question,
    Rows,
    bounded,
    cursor_of,
    fetch,
    found_by,
    has_status,
    has_words,
    in_order,
    in_scope,
    like,
    path_ranges,
    place_of,
    plain,
    plan_with,
    rank_of,
    walked,
)

__all__ = ["Found", "Page", "search"]

SMALL = 3_000  # scopes up to this many accounts are read whole
WALK = 4_000  # entries that a first walk reads
LONG_WALK = 40_000  # entries that a walk reads where the text is neither common nor rare
RARE = 3_000  # matches that the trigram index may fetch


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
    ranges = path_ranges(scope, within=plain(organisation_path))
    if not ranges or (statuses and not wanted):
        return Page(items=[], next="")
    typed = plain(text)
    asked = Question(
        ranges=ranges,
        words=[word[:LONGEST_WORD] for word in fold(typed).split()[:MOST_WORDS]],
        statuses=wanted,
        after=place_of(cursor),
        want=limit + 1,
        walk=WALK,
    )
    try:
        with transaction.atomic(), bounded():
            found = _by_address(asked, typed) if "@" in typed else _matching(asked)
            items = found_by([place[1][-1] for place in found.places[:limit]])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return Page(items=[], next="", too_many=True)
        raise
    more = len(found.places) > limit
    return Page(
        items=items, next=cursor_of(found.places[limit - 1]) if more else "", too_many=not found.whole and not more
    )


# --- which way


def _matching(asked: Question) -> Rows:
    # A cursor of another search names a group that this one has not.
    if asked.after[0] == ADDRESSES or (not asked.words and asked.after[0] != 3):
        asked.after = FIRST
    if not asked.words:
        return _walk_places(asked, group=3)
    people = _read_whole(asked) if _is_small(asked) else _find_people(asked)
    return _with_organisations(asked, people)


def _find_people(asked: Question) -> Rows:
    """Groups 1 to 3: a short walk where many match, the trigram index where few do, a long walk in between. Two whole
    words are seldom met by many: they begin with the index."""
    few = sum(len(word) >= LETTERS_FOR_MIDDLE for word in asked.words) > 1
    if few and (rare := _rare(asked)).whole:
        return rare
    walked = _walk_groups(asked)
    if walked.whole or asked.short:
        return walked
    # What the walk met tells how many there must be in all, and so whether the index has too many of them.
    if not few and walked.among_all * _accounts() <= RARE * asked.walk and (rare := _rare(asked)).whole:
        return rare
    return _walk_groups(replace(asked, walk=LONG_WALK))


def _accounts() -> int:
    """About how many there are, as the server last counted."""
    return int(fetch("SELECT reltuples FROM pg_class WHERE oid = 'identity_account'::regclass", {})[0][0])


def _walk_groups(asked: Question) -> Rows:
    """One group after the other, until the page is full. Not whole: a walk met its limit before."""
    places: list[Place] = []
    for group in (1, 2, 3):
        if group < asked.after[0] or (group == 3 and asked.short):
            continue
        rest = replace(asked, want=asked.want - len(places))
        walked = _walk_places(rest, group=3) if group == 3 else _walk_names(rest, group=group)
        places += walked.places
        if len(places) >= asked.want:
            return Rows(places=places[: asked.want])
        if not walked.whole:
            return Rows(places=places, whole=False, among_all=len(walked.places) if group == 3 else 0)
    return Rows(places=places)


def _with_organisations(asked: Question, people: Rows) -> Rows:
    """Group 4 follows the people, unless the page is full or the people could not be read to their end."""
    if len(people.places) >= asked.want or not people.whole:
        return people
    rest = replace(asked, want=asked.want - len(people.places))
    return Rows(places=people.places + _in_organisations(rest))


# --- the ways. Each statement reads a bounded number of entries of one index.


def _is_small(asked: Question) -> bool:
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
    count = fetch(f"SELECT count(*) FROM (SELECT 1 FROM ({every}) every LIMIT {SMALL + 1}) few", params)
    return int(count[0][0]) <= SMALL


def _read_whole(asked: Question) -> Rows:
    params: dict[str, Any] = {}
    own_index = " AND status <> 'active'" if asked.few_statuses else ""
    rows = fetch(
        f"""SELECT {rank_of(asked, params)} AS rank, family_key, given_key, organisation_path, id FROM identity_account
        WHERE NOT is_system{own_index} AND {in_scope(asked, params)}{has_status(asked, params)}
        AND {has_words(asked, params)}""",
        params,
    )
    return Rows(places=in_order(asked, rows))


def _rare(asked: Question) -> Rows:
    """All matches by the trigram index. Its work grows with the letters asked for and with what they meet: so first
    by the ends of each word, which meet little more and cost half, and where these meet too much by whole words;
    above RARE we say so."""
    # Only words that the index knows: for a word of one letter it would hand out everything.
    words = [word for word in asked.words if len(word) >= LETTERS_FOR_MIDDLE]
    ends = [word[at] for word in words for at in (_BEGINNING, _END)]
    plan_with({"enable_bitmapscan": "on", "enable_indexscan": "off", "enable_indexonlyscan": "off"})
    found = _by_trigrams(asked, ends)
    if not found.whole and any(len(word) > LETTERS_AT_ENDS for word in words):
        found = _by_trigrams(asked, words)
    plan_with(WALKING)
    return found


LETTERS_AT_ENDS = LETTERS_FOR_MIDDLE + 1
_BEGINNING, _END = slice(0, LETTERS_AT_ENDS), slice(-LETTERS_AT_ENDS, None)


def _by_trigrams(asked: Question, pieces: list[str]) -> Rows:
    """Of RARE accounts that have all the pieces, those that match; whole if no more have them."""
    params: dict[str, Any] = {}
    indexed = replace(asked, words=list(dict.fromkeys(pieces)))
    own_index = " AND status <> 'active'" if asked.few_statuses else ""
    rows = fetch(
        f"""WITH few AS MATERIALIZED (
          SELECT family_key, given_key, organisation_path, id, search_key, status FROM identity_account
          WHERE NOT is_system{own_index} AND {has_words(indexed, params)} LIMIT {RARE})
        SELECT {rank_of(asked, params)} AS rank, family_key, given_key, organisation_path, id, 0 FROM few
        WHERE {in_scope(asked, params)}{has_status(asked, params)} AND {has_words(asked, params)}
        UNION ALL SELECT 0, '', '', '', NULL, count(*) FROM few""",
        params,
    )
    # How many there were stands in a row of its own: all of them may be outside the scope.
    return Rows(places=in_order(asked, rows), whole=rows[-1][5] < RARE)


def _walk_names(asked: Question, *, group: int) -> Rows:
    """Group 1 or 2: a range of names, in order."""
    first, second = ("family_key", "given_key") if group == 1 else ("given_key", "family_key")
    prefix = asked.words[-1] if group == 1 else asked.words[0]
    params: dict[str, Any] = {"from": prefix, "to": prefix + LAST}
    after = ""
    if asked.after[0] == group:
        params |= dict(zip(("k1", "k2", "k3"), asked.after[1], strict=True))
        after = f" AND ({first}, {second}, id) > (%(k1)s, %(k2)s, %(k3)s::uuid)"
    rows = fetch(
        f"""SELECT ok, {first}, {second}, id FROM (
          SELECT *, row_number() OVER () AS n,
            {in_scope(asked, params)}{has_status(asked, params)} AND {has_words(asked, params)}
            AND {rank_of(asked, params)} = {group} AS ok
          FROM (SELECT family_key, given_key, id, organisation_path, status, search_key FROM identity_account
            WHERE NOT is_system AND {first} >= %(from)s AND {first} < %(to)s{after}
            ORDER BY {first}, {second}, id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return walked(rows, asked, group=group)


def _walk_places(asked: Question, *, group: int) -> Rows:
    """Group 3, or everybody where there is no text: by organisation, each status filtered for in its own walk."""
    each_status = [[status] for status in asked.statuses] if asked.few_statuses else [asked.statuses]
    found = Rows(places=[])
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
                return Rows(places=sorted(places), whole=False)
        found.places += places
    found.places = sorted(found.places)[: asked.want]
    return found


def _walk_place(asked: Question, low: str, high: str, *, group: int) -> Rows:
    params: dict[str, Any] = {"low": low, "high": high}
    after = ""
    if asked.after[0] == group:
        params |= dict(zip(("k1", "k2", "k3", "k4"), asked.after[1], strict=True))
        after = " AND (organisation_path, family_key, given_key, id) > (%(k1)s, %(k2)s, %(k3)s, %(k4)s::uuid)"
        # Said again for the planner: a row comparison beside a range is not taken for where to begin.
        params["low"] = max(low, asked.after[1][0])
    only, wanted = "", has_status(asked, params)
    if asked.few_statuses:
        only, wanted = " AND status <> 'active' AND status = %(only)s", ""
        params["only"] = asked.statuses[0]
    match = f"{has_words(asked, params)} AND {rank_of(asked, params)} = {group}" if asked.words else "true"
    rows = fetch(
        f"""SELECT ok, organisation_path, family_key, given_key, id FROM (
          SELECT *, row_number() OVER () AS n, {match}{wanted} AS ok
          FROM (SELECT organisation_path, family_key, given_key, id, status, search_key FROM identity_account
            WHERE NOT is_system AND organisation_path >= %(low)s AND organisation_path < %(high)s{only}{after}
            ORDER BY organisation_path, family_key, given_key, id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return walked(rows, asked, group=group)


def _in_organisations(asked: Question) -> list[Place]:
    params: dict[str, Any] = {"code": like(asked.words[0].upper()) + "%"}
    matches = ["o.code LIKE %(code)s"] if len(asked.words) == 1 else []
    if not asked.short:
        names = [f"o.name_key LIKE %(o{number})s" for number in range(len(asked.words))]
        params |= {f"o{number}": f"%{like(word)}%" for number, word in enumerate(asked.words)}
        matches.append(f"({' AND '.join(names)})")
    if not matches:
        return []
    after = begin = ""
    if asked.after[0] == 4:
        params |= dict(zip(("k1", "k2", "k3", "k4"), asked.after[1], strict=True))
        begin = " AND o.path >= %(k1)s"
        after = " AND (organisation_path, family_key, given_key, id) > (%(k1)s, %(k2)s, %(k3)s, %(k4)s::uuid)"
    rows = fetch(
        f"""SELECT a.organisation_path, a.family_key, a.given_key, a.id
        FROM (SELECT o.path FROM identity_organisation o
          WHERE ({" OR ".join(matches)}) AND {in_scope(asked, params, "o.path")}{begin} ORDER BY o.path OFFSET 0) place
        CROSS JOIN LATERAL (SELECT * FROM (
            SELECT organisation_path, family_key, given_key, id, status, search_key FROM identity_account
            WHERE NOT is_system AND organisation_path = place.path{after}
            ORDER BY organisation_path, family_key, given_key, id LIMIT {asked.walk}) here
          WHERE ({has_words(asked, params)} AND {rank_of(asked, params)} > 0) IS NOT TRUE{has_status(asked, params)}
          LIMIT {asked.want}) a
        LIMIT {asked.want}""",
        params,
    )
    return [(4, (*map(str, row),)) for row in rows]


def _by_address(asked: Question, typed: str) -> Rows:
    """Text with an @ is the beginning of an address."""
    prefix = "".join(typed.split()).lower()
    params: dict[str, Any] = {"from": prefix, "to": prefix + LAST}
    after = ""
    if asked.after[0] == ADDRESSES:
        params |= {"k1": asked.after[1][0], "k2": asked.after[1][1]}
        after = ' AND (address COLLATE "C", id) > (%(k1)s, %(k2)s::uuid)'
    rows = fetch(
        f"""SELECT ok, address, id FROM (
          SELECT *, row_number() OVER () AS n, {in_scope(asked, params)}{has_status(asked, params)} AS ok
          FROM (SELECT address COLLATE "C" AS address, id, organisation_path, status FROM identity_account
            WHERE NOT is_system AND address COLLATE "C" >= %(from)s AND address COLLATE "C" < %(to)s{after}
            ORDER BY address COLLATE "C", id LIMIT {asked.walk}) entries) walked
        WHERE ok OR n = {asked.walk} LIMIT {asked.want}""",
        params,
    )
    return walked(rows, asked, group=ADDRESSES)


# --- pieces of statements
