"""What goes out about applications, as types."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Schema


class ApplicationOut(Schema):
    id: UUID
    kind: str
    name: str
    address: str
    redirect_addresses: list[str]
    after_sign_out_addresses: list[str]
    logout_address: str
    question_address: str
    asks_each_time: bool
    organisations: list[str]
    registered_at: datetime
    changed_at: datetime


class ApplicationRegistered(ApplicationOut):
    """``secret`` is shown in this answer alone; None where the kind has none."""

    secret: str | None


class Applications(Schema):
    items: list[ApplicationOut]


class ApplicationSecretOut(Schema):
    secret: str


class MyApplicationOut(Schema):
    """``session`` is the session of the portal from which it was opened."""

    id: UUID
    name: str
    started_at: datetime
    session: UUID


class MyApplications(Schema):
    items: list[MyApplicationOut]
