"""What a program sends and reads of the account that it is signed in as."""

from __future__ import annotations

from uuid import UUID

from ninja import Schema

from resecure.entrypoints.api.schemas import OrganisationOut, RoleOut, Text


class ProfileChangeIn(Schema):
    """Only what changes; the rest stays."""

    given_name: Text | None = None
    family_name: Text | None = None
    mobile: Text | None = None
    job_title: Text | None = None
    language: Text | None = None


class Me(Schema):
    id: UUID
    address: str
    given_name: str
    family_name: str
    job_title: str
    mobile: str
    language: str
    # What waits for its code, and counts for nothing until then.
    address_not_confirmed: str | None
    mobile_not_confirmed: str | None
    organisation: OrganisationOut
    status: str
    roles: list[RoleOut]
    session: UUID
