"""What the pages of User Management share: the account in scope, people's names, what was done, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.identity.accounts import Account
from resecure.identity.roles import RoleGrant
from resecure.operations.shared.looking import look_at
from resecure.policy.actions import Facts, reasons_not_to
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission

# What a page says after something was done, to the browser that did it (web/having_done.py).
DONE: Mapping[str, str | Promise] = {
    "unlock": gettext_lazy("The account is unlocked. The person signs in with the password they had."),
    "reset_second_factor": gettext_lazy("The second factor is reset, and every session of the account is over."),
    "disable": gettext_lazy("The account is disabled. Nothing opens it."),
    "enable": gettext_lazy("The account is enabled."),
    "mark_as_leaver": gettext_lazy("The person is marked as a leaver, and every administrator role has ended."),
    "join": gettext_lazy("The account has joined the organisation and is Active."),
    "delete": gettext_lazy("The account is deleted."),
    "restore": gettext_lazy("The account is restored and Active."),
    "end_all_sessions": gettext_lazy("Every session of the account is over."),
    "lift_authentication_lock": gettext_lazy("Authenticate User is allowed again for this account."),
    "grant_role": gettext_lazy("The role is granted. The person signs in again and then has it."),
    "withdraw_role": gettext_lazy("The role is withdrawn, at once."),
    "closed": gettext_lazy("It is closed without an answer. Nobody waits for one any more."),
    "retry": gettext_lazy("What was waiting is being sent again now."),
    "created": gettext_lazy("The account is created. It needs a temporary password before the person can sign in."),
}


def grants_of(request: HttpRequest) -> list[RoleGrant]:
    """The roles of who asks, as read by ``access.administrator``."""
    grants: list[RoleGrant] = request.grants  # type: ignore[attr-defined]
    return grants


def look(request: HttpRequest, account_id: UUID, *, asked: Permission = Permission.VIEW_ACCOUNT) -> Facts:
    """What decides about this account, for showing. Raises NotFound, on record, when it is unknown or out of scope."""
    return look_at(account_id, by=me_of(request), asked=asked)


def caution_of(facts: Facts) -> dict[str, Any] | None:
    """Who was not sure about this account, and when, for parts/caution.jinja; None where nobody was."""
    if not facts.cautions:
        return None
    names = names_of(each.by for each in facts.cautions)
    unsure = [(names.get(each.by, _("Somebody")), each.at) for each in facts.cautions]
    return {"until": max(each.until for each in facts.cautions), "unsure": unsure}


MONTH = 365.25 / 12


def long_time(days: int) -> str:
    """So many days as people say it: in months where that comes out even, to a day."""
    months = round(days / MONTH)
    if months > 2 and abs(days - months * MONTH) <= 1:
        return ngettext("%(months)d month", "%(months)d months", months) % {"months": months}
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The name of each of these people, for sentences such as who changed what."""
    wanted = {each for each in ids if each is not None}
    rows = Account.objects.filter(pk__in=wanted).values_list("pk", "given_name", "family_name")
    return {pk: f"{given} {family}".strip() for pk, given, family in rows}


def account_href(account_id: UUID) -> str:
    return reverse("user_management:account", args=[account_id])


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, reasons: Iterable[Refusal] = ()
) -> HttpResponse:
    """A page of this area. 409 when something was refused, 422 when a form must be corrected."""
    reasons = list(reasons)
    form = context.get("form")
    wrong = isinstance(form, Form) and form.is_bound and bool(form.errors)
    status = 409 if reasons else 422 if wrong else 200
    notices = [*context.get("notices", ()), *_notices(request)]
    more = {"reasons": reasons, "page_has_errors": bool(reasons) or wrong, "notices": notices}
    return render(request, f"user_management/{template}.jinja", {**context, **more}, status=status)


def not_now(request: HttpRequest, facts: Facts, *, title: str, reasons: Iterable[Refusal]) -> HttpResponse:
    """The page of an action that is refused before anything was typed: every reason, and the way back."""
    context = {
        "page_title": title,
        "account": facts.account,
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "not_now", context, reasons=reasons)


def go_back_having_done(request: HttpRequest, account_id: UUID, done: str) -> HttpResponse:
    """To the account's page, which says what was done."""
    return go_on_having_done(request, account_href(account_id), done)


def all_reasons(refused: Refused, permission: Permission, facts: Facts) -> list[Refusal]:
    """What the write refused, and what else stands in the way: every reason at once, each said once."""
    found = {each.code: each for each in [*refused.reasons, *reasons_not_to(permission, facts)]}
    return list(found.values())


def put_beside_fields(form: Form, invalid: Invalid, *, named: Mapping[str, str] | None = None) -> None:
    """Put what an operation found wrong beside the fields it is about. ``named``: where a field is called otherwise."""
    for name, texts in invalid.errors.items():
        field = (named or {}).get(name, name)
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


def _notices(request: HttpRequest) -> list[dict[str, str]]:
    text = DONE.get(done_here(request))
    return [{"kind": "success", "text": str(text)}] if text else []
