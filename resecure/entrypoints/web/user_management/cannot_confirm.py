"""I cannot confirm this person: stop, write it down, and what to do next."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management.forms import CannotConfirmForm
from resecure.entrypoints.web.user_management.shared import account_href, look, not_now, page
from resecure.identity.accounts import Account
from resecure.identity.organisations import desk_of
from resecure.identity.roles import RoleGrant, RoleName
from resecure.operations.confirm_identity import cannot_confirm_identity
from resecure.policy.actions import Facts, reasons_not_to
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def cannot_confirm(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Nothing about the account changes. Afterwards it is on record that this administrator was not sure."""
    facts = look(request, account_id, asked=Permission.CONFIRM_IDENTITY)
    if request.method != "POST":
        # Not for the address alone, which anybody can write: for who was not sure, and as long as the caution says so.
        if request.GET.get("recorded") and any(each.by == facts.by.pk for each in facts.cautions):
            return _what_next(request, facts)
        if reasons := reasons_not_to(Permission.CONFIRM_IDENTITY, facts):
            return not_now(request, facts, title=_("I cannot confirm this person"), reasons=reasons)
        return _show(request, facts, CannotConfirmForm())
    form = CannotConfirmForm(request.POST)
    if not form.is_valid():
        return _show(request, facts, form)
    try:
        cannot_confirm_identity(account_id, by=facts.by, said=form.cleaned_data["said"])
    except Refused as refused:
        return _show(request, facts, form, reasons=refused.reasons)
    here = reverse("user_management:cannot_confirm", args=[account_id])
    return HttpResponseRedirect(f"{here}?recorded=1")


def _show(
    request: HttpRequest, facts: Facts, form: CannotConfirmForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    context = {
        "page_title": _("I cannot confirm this person"),
        "account": facts.account,
        "form": form,
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "cannot_confirm", context, reasons=reasons or ())


def _what_next(request: HttpRequest, facts: Facts) -> HttpResponse:
    context = {
        "page_title": _("Recorded: you could not confirm this person"),
        "account": facts.account,
        "primary": _primary_administrators(facts.account, but=facts.by.pk),
        "desk": desk_of(facts.account.organisation),
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "not_confirmed", context)


def _primary_administrators(account: Account, *, but: UUID) -> list[Account]:
    """Who to tell: the nearest Primary Local Administrators of the account's organisation."""
    grants = RoleGrant.objects.filter(role=RoleName.PRIMARY_LOCAL_ADMINISTRATOR, withdrawn_at__isnull=True)
    above = account.organisation_path.split(".")[:-1]
    paths = [".".join(above[: depth + 1]) + "." for depth in range(len(above))]
    found = grants.filter(organisation__path__in=paths).exclude(account=but).select_related("account", "organisation")
    reaching = [each for each in found if each.reaches(account.organisation_path)]
    reaching.sort(key=lambda each: len(each.organisation.path), reverse=True)
    return [each.account for each in reaching[:3]]
