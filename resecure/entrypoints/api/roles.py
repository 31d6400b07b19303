"""Roles: grant one, withdraw one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import RoleIn, RoleOut, answers
from resecure.entrypoints.api.shown import roles_of
from resecure.operations import grant_role as operation

router = Router(tags=["roles"])


@router.post("/accounts/{uuid:account}/roles", response=answers({201: RoleOut}, 400, 401, 403, 404, 409, 415, 422))
def grant_role(request: HttpRequest, account: UUID, payload: RoleIn) -> Status[dict[str, Any]]:
    """The account holds the role there from now on, and signs in again."""
    made = operation.grant_role(
        account,
        role=payload.role,
        organisation_code=payload.organisation,
        reaches_children=payload.reaches_children,
        by=me_of(request),
    )
    return Status(201, roles_of([made])[0])


@router.delete("/accounts/{uuid:account}/roles/{int:grant}", response=answers({204: None}, 401, 403, 404, 409, 422))
def withdraw_role(request: HttpRequest, account: UUID, grant: int, though_it_is_the_last: bool = False) -> Status[None]:
    """The role is over at once. An organisation's last administrators go only if that is said."""
    operation.withdraw_role(account, grant=grant, by=me_of(request), though_it_is_the_last=though_it_is_the_last)
    return Status(204, None)
