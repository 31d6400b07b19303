"""Accounts: find them, look at one, create one, and those that wait for a temporary password."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from ninja import Query, Router, Status

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import AccountIn, AccountOut, Awaiting, FoundPage, Text, answers
from resecure.entrypoints.api.shown import organisation_of, scope_of, whole, within
from resecure.identity.accounts import ACTIVE_BASED, Account
from resecure.identity.accounts import Status as AccountStatus
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.identity.search import search as search_accounts
from resecure.operations import create_account as create_operation
from resecure.operations.shared.looking import look_at
from resecure.policy.actions import is_visible

router = Router(tags=["accounts"])
_MOST_AWAITING = 100


@router.get("/accounts", response=answers({200: FoundPage}, 401, 403, 422))
def search(
    request: HttpRequest,
    search: Text = "",
    status: Annotated[list[AccountStatus], Query()] = [],  # noqa: B006 - ninja copies it
    organisation: Text = "",
    cursor: Text = "",
) -> dict[str, Any]:
    """Accounts within one's scope by name or address, status and organisation; ``next`` is the next cursor."""
    scope = scope_of(me_of(request))
    path = ""
    if organisation.strip():
        at = Organisation.objects.filter(code=organisation.strip().upper()).first()
        # An organisation out of scope answers as an unknown one: there is nobody in it to see.
        if at is None or not (is_visible(at.path, scope) or any(p.startswith(at.path) for p, _below in scope)):
            return {"items": [], "next": None, "too_many": False}
        path = at.path
    page = search_accounts(
        scope=scope,
        text=search,
        statuses=tuple(each.value for each in status),
        organisation_path=path,
        cursor=cursor,
    )
    items = [
        {
            "id": each.id,
            "name": each.name,
            "address": each.address,
            "job_title": each.job_title,
            "status": each.status,
            "organisation": {"code": each.organisation_code, "name": each.organisation_name},
        }
        for each in page.items
    ]
    return {"items": items, "next": page.next or None, "too_many": page.too_many}


@router.post("/accounts", response=answers({201: AccountOut}, 400, 401, 403, 409, 415, 422))
def create_account(request: HttpRequest, payload: AccountIn) -> Status[dict[str, Any]]:
    """A new account, Pending until its first temporary password is set."""
    me = me_of(request)
    made = create_operation.create_account(
        by=me,
        organisation_code=payload.organisation,
        address=payload.address,
        given_name=payload.given_name,
        family_name=payload.family_name,
        job_title=payload.job_title,
        mobile=payload.mobile,
    )
    return Status(201, whole(look_at(made.pk, by=me)))


@router.get("/accounts/{uuid:account}", response=answers({200: AccountOut}, 401, 404))
def view_account(request: HttpRequest, account: UUID) -> dict[str, Any]:
    """One account, with every action and the reasons against it."""
    return whole(look_at(account, by=me_of(request)))


@router.get("/awaiting-temporary-password", response=answers({200: Awaiting}, 401, 403))
def awaiting_temporary_password(request: HttpRequest) -> dict[str, Any]:
    """Accounts within one's scope that nothing opens until an administrator sets a password, oldest first."""
    waiting = Account.objects.filter(
        within(scope_of(me_of(request))),
        password="",
        is_system=False,
        status__in=[*ACTIVE_BASED, AccountStatus.PENDING],
    )
    unfinished = Resecuring.objects.filter(account=OuterRef("pk"), ended_at__isnull=True)
    since = Coalesce(Subquery(unfinished.values("begun_at")[:1]), "created_at")  # as each is shown
    longest = waiting.select_related("organisation").annotate(waits_since=since).order_by("waits_since", "id")
    found = list(longest[:_MOST_AWAITING])
    return {
        "items": [
            {
                "id": each.pk,
                "name": each.name,
                "address": each.address,
                "status": each.status,
                "organisation": organisation_of(each.organisation),
                "since": each.waits_since,  # type: ignore[attr-defined]
            }
            for each in found
        ]
    }
