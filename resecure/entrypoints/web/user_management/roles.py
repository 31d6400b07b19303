"""The roles of an account: held, to grant, to withdraw."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management.forms import GrantRoleForm, WithdrawRoleForm
from resecure.entrypoints.web.user_management.shared import (
    account_href,
    all_reasons,
    go_back_having_done,
    look,
    names_of,
    page,
    put_beside_fields,
)
from resecure.identity.roles import RoleName
from resecure.operations.grant_role import grant_role, withdraw_role
from resecure.policy.actions import Facts, reasons_not_to
from resecure.policy.last_administrators import is_among_the_last
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission, role_of


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def roles(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Show the roles; a POST with ``withdraw`` takes that one away, any other grants one."""
    facts = look(request, account_id, asked=Permission.GRANT_ROLE)
    if request.method != "POST":
        return _show(request, facts, _grant_form(facts))
    if "withdraw" in request.POST:
        return _withdraw(request, facts)
    return _grant(request, facts)


def _grant(request: HttpRequest, facts: Facts) -> HttpResponse:
    form = _grant_form(facts, request)
    if not form.is_valid():
        return _show(request, facts, form)
    try:
        grant_role(
            facts.account.pk,
            role=RoleName(form.cleaned_data["role"]),
            organisation_code=form.cleaned_data["organisation"],
            reaches_children=form.cleaned_data["reaches_children"],
            by=facts.by,
        )
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, facts, form)
    except Refused as refused:
        reasons = all_reasons(refused, Permission.GRANT_ROLE, facts)
        return _show(request, facts, form, reasons=reasons)
    return go_back_having_done(request, facts.account.pk, "grant_role")


def _withdraw(request: HttpRequest, facts: Facts) -> HttpResponse:
    form = WithdrawRoleForm(request.POST)
    grant = form.cleaned_data["withdraw"] if form.is_valid() else 0
    try:
        withdraw_role(
            facts.account.pk,
            grant=grant,
            by=facts.by,
            though_it_is_the_last=bool(form.cleaned_data.get("though_it_is_the_last")),
        )
    except Refused as refused:
        facts = look(request, facts.account.pk, asked=Permission.WITHDRAW_ROLE)
        reasons = all_reasons(refused, Permission.WITHDRAW_ROLE, facts)
        return _show(request, facts, _grant_form(facts), reasons=reasons)
    return go_back_having_done(request, facts.account.pk, "withdraw_role")


def _grant_form(facts: Facts, request: HttpRequest | None = None) -> GrantRoleForm:
    offered = {role for grant in facts.actor_grants for role in role_of(grant).may_grant}
    options: dict[str, Any] = {"offered": [role for role in RoleName if role in offered]}
    if request is not None:
        return GrantRoleForm(request.POST, **options)
    return GrantRoleForm(initial={"organisation": facts.account.organisation.code}, **options)


def _show(
    request: HttpRequest, facts: Facts, form: GrantRoleForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    names = names_of(grant.granted_by for grant in facts.target_grants)
    held = [
        {
            "grant": grant,
            "sentence": role_of(grant).sentence,
            "by": names.get(grant.granted_by, "") if grant.granted_by else "",
            "is_among_the_last": is_among_the_last(grant),
        }
        for grant in facts.target_grants
    ]
    context = {
        "page_title": _("Roles of %(name)s") % {"name": facts.account.name},
        "account": facts.account,
        "held": held,
        "form": form,
        "hints": form.hints(),
        "why_not_grant": reasons_not_to(Permission.GRANT_ROLE, facts),
        "why_not_withdraw": reasons_not_to(Permission.WITHDRAW_ROLE, facts),
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "roles", context, reasons=reasons or ())
