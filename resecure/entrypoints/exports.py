"""Records as files, a batch at a time: CSV that no spreadsheet computes, and JSON with everything as it is stored."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from resecure.audit.models import Record
from resecure.entrypoints.record_words import details_of, more, sentence
from resecure.operations.view_audit import Found

COLUMNS = (
    *("at", "event", "sentence", "more", "actor", "actor_name", "target", "target_name"),
    *("organisation_path", "details", "chain", "position", "hash"),
)
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# With one of these a spreadsheet may begin to compute; the last are their full-width forms. The apostrophe is among
# them so that taking one off in front always gives back what is stored.
_COMPUTES = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def shown(record: Record, found: Found) -> dict[str, Any]:
    """One record for programs: who and whom by id, by name where the reader may see it."""
    return {
        "at": record.at.isoformat(),
        "event": record.event,
        "sentence": sentence(record, names=found.names),
        "more": more(record),
        "actor": str(record.actor) if record.actor else None,
        "actor_name": found.names.get(record.actor) if record.actor else None,
        "target": str(record.target) if record.target else None,
        "target_name": found.names.get(record.target) if record.target else None,
        "organisation_path": record.organisation_path,
        "details": details_of(record),
        "chain": record.chain,
        "position": record.position,
        "hash": bytes(record.hash).hex(),
    }


def streamed(batches: Iterator[Found], *, form: str) -> Iterator[str]:
    """The file, a batch at a time. One that was cut off is no whole JSON document, and its answer ends early."""
    return _csv(batches) if form == "csv" else _json(batches)


def safe(cell: object) -> str:
    """A cell that no spreadsheet computes: an apostrophe before whatever begins like a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_COMPUTES) else text


def _csv(batches: Iterator[Found]) -> Iterator[str]:
    yield _lines([COLUMNS])
    for found in batches:
        rows = []
        for record in found.records:
            row = shown(record, found) | {"details": record.details}
            rows.append([safe(row[column]) for column in COLUMNS])
        yield _lines(rows)


def _lines(rows: Any) -> str:
    into = io.StringIO()
    csv.writer(into, quoting=csv.QUOTE_ALL).writerows(rows)
    return into.getvalue()


def _json(batches: Iterator[Found]) -> Iterator[str]:
    yield '{"records": ['
    between = "\n"
    for found in batches:
        lines = []
        for record in found.records:
            lines.append(between + json.dumps(shown(record, found)))
            between = ",\n"
        yield "".join(lines)
    yield "\n]}\n"
