"""Telling an application that one of its sessions is over, in the transaction that ended it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from resecure.identity.application_sessions import Over
from resecure.propagation import telling
from resecure.propagation.models import Change
from resecure.propagation.telling import Listener


def listeners(over: Sequence[Over]) -> list[Listener]:
    """What propagation needs of each; it knows no table of identity."""
    return [
        Listener(
            application=each.application,
            name=each.name,
            sid=each.sid,
            logout_address=each.logout_address,
            question_address=each.question_address,
            asks_each_time=each.asks_each_time,
        )
        for each in over
    ]


def tell_one(over: Sequence[Over], *, change: Change, account: UUID, now: datetime) -> None:
    """One delivery for each, in the caller's transaction."""
    telling.write(listeners(over), change=change, account=account, resecuring=None, requested_at=now, now=now)
