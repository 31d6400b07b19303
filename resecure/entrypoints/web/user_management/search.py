"""Find accounts: the search, and those that wait for a temporary password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.forms import SearchForm
from resecure.entrypoints.web.user_management.shared import grants_of, names_of, page
from resecure.identity import search as accounts
from resecure.identity.accounts import ACTIVE_BASED, Account, Status
from resecure.identity.folding import fold
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.policy.actions import permissions_at, visible_scope
from resecure.policy.roles import Permission, role_of

PAGE = 25
MANY = 100
CHOICES = 20


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An account that nothing opens until an administrator sets a temporary password."""

    id: UUID
    name: str
    address: str
    organisation: str
    resecured: bool
    since: datetime
    by: str
    may_set: bool


@administrator
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Accounts within the administrator's scope, found by name, address, organisation and status."""
    grants = grants_of(request)
    scope = visible_scope(grants)
    form = SearchForm(request.GET)
    valid = form.is_valid()
    typed = form.cleaned_data.get("organisation", "").strip() if valid else ""
    organisation, choices = _organisation(typed, scope=scope)
    if typed and organisation is None and not choices:
        form.add_error("organisation", _("No organisation has this code or name; check it, or leave it empty"))
    found = None
    if valid and not form.errors and not choices:
        found = accounts.search(
            scope=scope,
            text=form.cleaned_data["text"],
            statuses=[Status(each) for each in form.cleaned_data["status"]],
            organisation_path=organisation.path if organisation else "",
            cursor=request.GET.get("cursor", "")[:1000],
            limit=PAGE,
        )
    asked = [(name, value) for name in ("text", "organisation", "status") for value in request.GET.getlist(name)]
    others = [pair for pair in asked if pair[0] != "organisation"]
    here = reverse("user_management:search")
    waiting = _waiting(scope)[: MANY + 1].count()
    context = {
        "page_title": _("User Management"),
        "form": form,
        "found": found,
        "asked": any(value.strip() for _name, value in asked),
        "choices": [(each, f"{here}?{urlencode([*others, ('organisation', each.code)])}") for each in choices],
        "next_href": f"{here}?{urlencode([*asked, ('cursor', found.next)])}" if found and found.next else "",
        "first_href": f"{here}?{urlencode(asked)}" if request.GET.get("cursor") else "",
        "waiting": waiting,
        "many": MANY,
        "may_create": any(Permission.CREATE_ACCOUNT in role_of(grant).permissions for grant in grants),
        "statuses_open": bool(form["status"].value()),
    }
    return page(request, "search", context)


def _organisation(typed: str, *, scope: Sequence[tuple[str, bool]]) -> tuple[Organisation | None, list[Organisation]]:
    """The one that is meant; or those within the scope that could be, when several are."""
    if not typed or "\x00" in typed:
        return None, []
    if exact := Organisation.objects.filter(code=typed.upper()).first():
        return exact, []
    named = Organisation.objects.filter(_within(scope, "path"), name_key__contains=fold(typed)).order_by("name_key")
    several = list(named[: CHOICES + 1])
    whole = [each for each in several if each.name_key == fold(typed)]
    if len(whole or several) == 1:
        return (whole or several)[0], []
    return None, several


@administrator
@require_safe
def awaiting(request: HttpRequest) -> HttpResponse:
    """The accounts in scope that await a temporary password, so that whoever is at work can finish one."""
    grants, me = grants_of(request), me_of(request)
    unfinished = Resecuring.objects.filter(account=OuterRef("pk"), ended_at__isnull=True)
    since = Coalesce(Subquery(unfinished.values("begun_at")[:1]), "created_at")  # as each is shown
    waiting = _waiting(visible_scope(grants)).select_related("organisation")
    rows = list(waiting.annotate(waits_since=since).order_by("waits_since", "pk")[: MANY + 1])
    begun = {each.account_id: each for each in Resecuring.objects.filter(account__in=rows, ended_at__isnull=True)}
    names = names_of([*(each.by for each in begun.values()), *(row.created_by for row in rows)])
    items = []
    for row in rows[:MANY]:
        resecuring = begun.get(row.pk)
        by = resecuring.by if resecuring else row.created_by
        items.append(
            Waiting(
                id=row.pk,
                name=row.name,
                address=row.address,
                organisation=row.organisation.name,
                resecured=resecuring is not None,
                since=resecuring.begun_at if resecuring else row.created_at,
                by=names.get(by, "") if by else "",
                may_set=Permission.RESET_PASSWORD in permissions_at(row.organisation_path, grants, by=me),
            )
        )
    # One's own account is in the list, but it is for somebody else to finish.
    items = [replace(each, may_set=each.may_set and each.id != me.pk) for each in items]
    context = {
        "page_title": _("Accounts that await a temporary password"),
        "items": sorted(items, key=lambda each: each.since),
        "more": len(rows) > MANY,
        "back_href": reverse("user_management:search"),
        "back_text": _("Back to User Management"),
    }
    return page(request, "awaiting", context)


def _waiting(scope: Sequence[tuple[str, bool]]) -> QuerySet[Account]:
    statuses = {*ACTIVE_BASED, Status.PENDING}
    return Account.objects.filter(
        _within(scope, "organisation_path"), password="", is_system=False, status__in=statuses
    )  # fmt: skip


def _within(scope: Sequence[tuple[str, bool]], column: str) -> Q:
    """The rows of a scope. Without any place there is no row."""
    if not scope:
        return Q(pk__in=[])
    within = Q()
    for path, below in scope:
        within |= Q(**{f"{column}__startswith": path}) if below else Q(**{column: path})
    return within
