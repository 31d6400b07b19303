"""Rotate the encryption key: what older keys have sealed is sealed anew under the current one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import key_rotation
from resecure.identity.accounts import Account

Report = Callable[[int, int], None]  # how many rows are moved, of how many


@dataclass(kw_only=True)
class Rotation:
    """What was done and what is left. ``left`` were in use by somebody else; ``broken`` do not open with their key."""

    key: str
    moved: int = 0
    left: int = 0
    broken: set[UUID] = field(default_factory=set)


def rotate_encryption_key(*, by: Account, report: Report = lambda _moved, _of: None) -> Rotation:
    """Afterwards no account secret or answer names an older key of the list, but those that the result counts.

    In batches, each a transaction of its own: cut off at any moment, what is done stays done, and a second run does
    the rest. Nobody waits for it longer than for one batch. That it began is on record before the first row
    changes, its end after the last; a run with nothing to do writes neither. Only the operator's console calls it.
    """
    assert by.is_system
    made = Rotation(key=settings.RESECURE.keys[0].name)
    waiting = _waiting()
    if not waiting:
        return made
    _on_record(Event.ENCRYPTION_KEY_ROTATION_BEGUN, by=by, details={"key": made.key, "rows": waiting})
    while _pass(made, of=waiting, report=report):
        pass  # once more: rows that were in use are free by now
    made.left = max(0, _waiting() - len(made.broken))
    details = {"key": made.key, "moved": made.moved, "left": made.left, "broken": len(made.broken)}
    _on_record(Event.ENCRYPTION_KEY_ROTATED, by=by, details=details)
    return made


MOVES: tuple[tuple[Callable[..., key_rotation.Batch], Any], ...] = (
    (key_rotation.move_secrets, UUID(int=0)),
    (key_rotation.move_answers, 0),
    (key_rotation.move_apps, UUID(int=0)),
    (key_rotation.move_signing_keys, UUID(int=0)),
    (key_rotation.move_messages, UUID(int=0)),
)


def _waiting() -> int:
    sealed = key_rotation.stored().sealed
    return sum(sealed[name] for name in key_rotation.older_keys())


def _pass(made: Rotation, *, of: int, report: Report) -> int:
    """Go through the tables once. Returns how many rows moved."""
    before = made.moved
    for move, start in MOVES:
        after: Any = start
        while after is not None:
            batch = move(after=after)
            after = batch.last
            made.moved += batch.moved
            made.broken |= batch.broken
            if batch.moved:
                report(made.moved, of)
    return made.moved - before


def _on_record(event: Event, *, by: Account, details: dict[str, Any]) -> None:
    with transaction.atomic():
        record.append(event, actor=by.pk, target=None, at=timezone.now(), details=details)
