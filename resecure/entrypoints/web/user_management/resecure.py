"""Resecure Account: the dialog as a page of its own, and where it leads."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management.authenticate import lead_through, starting_with
from resecure.entrypoints.web.user_management.forms import ResecureForm, key_of
from resecure.entrypoints.web.user_management.shared import (
    account_href,
    all_reasons,
    caution_of,
    look,
    not_now,
    page,
    put_beside_fields,
)
from resecure.identity import resecurings
from resecure.identity.confirmations import Purpose
from resecure.identity.resecurings import Trigger
from resecure.operations.resecure import resecure
from resecure.operations.shared.typed import request_key
from resecure.operations.shared.waiting import beforehand
from resecure.policy.actions import BUTTONS, Facts, reasons_not_to
from resecure.policy.approving import ApprovalRequired
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def resecure_page(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Say what will happen, ask why and how the person was identified, and on Confirm do it, once."""
    facts = look(request, account_id, asked=Permission.RESECURE)
    if request.method != "POST":
        if reasons := reasons_not_to(Permission.RESECURE, facts):
            return not_now(request, facts, title=str(BUTTONS[Permission.RESECURE]), reasons=reasons)
        initial = starting_with(request, facts, Purpose.RESECURE)
        return _show(request, facts, ResecureForm(initial=initial, facts=facts))
    form = ResecureForm(request.POST, facts=facts)
    if not form.is_valid():
        return _show(request, facts, form)
    try:
        _confirm_and_resecure(facts, form)
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, facts, form)
    except ApprovalRequired as required:
        return HttpResponseRedirect(reverse("approvals:approval", args=[required.approval.pk]))
    except Refused as refused:
        if (letters := lead_through(request, facts, Purpose.RESECURE, refused)) is not None:
            return letters
        # Read again: what stands in the way now, not what did when the page was opened.
        facts = look(request, account_id, asked=Permission.RESECURE)
        return _show(request, facts, form, reasons=all_reasons(refused, Permission.RESECURE, facts))
    return HttpResponseRedirect(reverse("user_management:temporary_password", args=[account_id]))


def _confirm_and_resecure(facts: Facts, form: ResecureForm) -> None:
    key = key_of(form)
    stored = request_key(key)
    first = resecurings.asked_before(by=facts.by.pk, key=stored) if stored else None
    if first is not None and first.account_id == facts.account.pk:
        return  # a second click: no second confirmation either
    confirmation = form.confirm(facts, purpose=Purpose.RESECURE)
    resecure(
        facts.account.pk,
        by=facts.by,
        because=Trigger(form.cleaned_data["because"]),
        confirmation=confirmation.pk,
        idempotency_key=key,
    )


def _show(
    request: HttpRequest, facts: Facts, form: ResecureForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    context = {
        "page_title": _("Resecure the account of %(name)s?") % {"name": facts.account.name},
        "account": facts.account,
        "form": form,
        "caution": caution_of(facts),
        "second_person": beforehand(facts, Purpose.RESECURE),
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "resecure", context, reasons=reasons or ())
