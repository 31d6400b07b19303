"""The organisations of the demonstration: the real tree, under one that stands above all."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

from resecure.identity.folding import fold
from resecure.identity.organisations import Organisation, path_of
from resecure.policy.watching_settings import (
    APPROVE_ACCOUNT,
    APPROVE_ADMINISTRATOR,
    APPROVE_ALWAYS,
    APPROVE_ORGANISATION,
    NEVER,
)

TOP = "DEMO"
HOURS = "Monday to Friday, 8am to 6pm"
# Numbers that are reserved for examples: 01632 960000 to 960999.
FIRST_DESK, LAST_DESK = 100, 999
_OFTEN = tuple(each.key for each in (APPROVE_ADMINISTRATOR, APPROVE_ACCOUNT, APPROVE_ORGANISATION))
# Where administrators of the demonstration sit, each level of one branch and a second branch.
ALWAYS_TWO = "A84006"  # wants a second person at each resecure
SHOWN_PRACTICES = ("A84002", "A84005", "A84006", "B86004")


def load_organisations() -> dict[str, Organisation]:
    """Make them all, in the order of their depth; returns them by code."""
    with Path(__file__).with_name("organisations.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    made: dict[str, Organisation] = {}
    _add(made, [{"code": TOP, "name": "Demonstration service", "kind": "service", "parent_code": "", "postcode": ""}])
    for row in rows:
        row["parent_code"] = row["parent_code"] or TOP
    left, desks = rows, iter(range(FIRST_DESK, LAST_DESK))
    while left:
        ready = [row for row in left if row["parent_code"] in made]
        if not ready:
            raise ValueError(f"{left[0]['code']} stands under {left[0]['parent_code']}, which is not in the list")
        for row in ready:
            if row["kind"] != "practice" or row["code"] in SHOWN_PRACTICES:
                row["desk_phone"] = f"01632 960{next(desks)}"
        _add(made, ready)
        left = [row for row in left if row["code"] not in made]
    return made


def _add(made: dict[str, Organisation], rows: list[dict[str, str]]) -> None:
    for row in rows:
        made[row["code"]] = _organisation(row, parent=made.get(row["parent_code"]))
    Organisation.objects.bulk_create([made[row["code"]] for row in rows], batch_size=2000)


def _organisation(row: dict[str, str], *, parent: Organisation | None) -> Organisation:
    phone = "01632 960099" if parent is None else row.get("desk_phone", "")
    # Whoever tries the demonstration resecures the same few people often; a role or a new number still needs a second.
    policy: dict[str, Any] = dict.fromkeys(_OFTEN, NEVER) if parent is None else {}
    if row["code"] == ALWAYS_TWO:
        policy = {APPROVE_ALWAYS.key: True}
    return Organisation(
        code=row["code"],
        name=row["name"],
        name_key=fold(row["name"]),
        kind=row["kind"],
        parent=parent,
        policy=policy,
        path=path_of(row["code"], parent_path=parent.path if parent else ""),
        postcode=row["postcode"],
        closed_on=_day(row.get("closed", "")),
        desk_phone=phone,
        desk_hours=HOURS if phone else "",
        desk_note="Have your staff card at hand." if phone else "",
    )


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%Y%m%d").date() if text else None  # noqa: DTZ007 - a day has no zone
