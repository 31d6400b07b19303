"""Approvals: what waits for a second person, one of them in full, approve, decline, withdraw."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.shared import account_href, names_of, put_beside_fields
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import Method, Purpose
from resecure.identity.resecurings import Trigger
from resecure.operations.approve import approve
from resecure.operations.approve import decline as decline_operation
from resecure.operations.shared.waiting import approval_of, decision, open_approvals
from resecure.operations.withdraw_approval import withdraw_approval
from resecure.policy.actions import BUTTONS
from resecure.policy.approving import OPERATIONS
from resecure.policy.refusals import Invalid, Refusal, Refused

REFRESHES = 10  # seconds, where there is no JavaScript to follow it
OPERATION = {purpose.value: BUTTONS[permission] for purpose, permission in OPERATIONS.items()}
TAGS = {
    ApprovalState.WAITING: "yellow",
    ApprovalState.APPROVED: "blue",
    ApprovalState.EXECUTED: "green",
    ApprovalState.DECLINED: "red",
}


class DeclineForm(PageForm):
    """Why not."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you decline?"),
        help_text=gettext_lazy("Whoever asked reads it, and it is kept on record."),
        max_length=500,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("Say why you decline; who asked reads it")},
    )


@administrator
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits: for one's own word first, then what one asked for, then what others must decide."""
    me = me_of(request)
    groups: dict[str, list[dict[str, Any]]] = {"mine": [], "asked": [], "others": []}
    found = open_approvals(by=me)
    names = names_of(each.asker for each in found)
    for each in found:
        group = "asked" if each.asker == me.pk else "others" if decision(each, by=me) else "mine"
        groups[group].append({**_words(each, names), "approval": each, "name": each.account.name})
    return render(request, "approvals/index.jinja", {"page_title": _("Approvals"), **groups, "any": bool(found)})


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """What is asked, by whom, on what evidence, why one person is not enough, how long it waits. A POST approves."""
    if request.method != "POST":
        return _show(request, approval_of(approval_id, by=me_of(request)))
    try:
        approve(approval_id, by=me_of(request))
    except Refused as refused:
        return _show(request, approval_of(approval_id, by=me_of(request)), reasons=refused.reasons)
    return HttpResponseRedirect(_href(approval_id))


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Say no, and why. What was typed stays when it cannot be declined."""
    found = approval_of(approval_id, by=me_of(request))
    if request.method != "POST":
        if reasons := decision(found, by=me_of(request)):
            return _show(request, found, reasons=reasons)
        return _ask_why(request, found, DeclineForm())
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _ask_why(request, found, form)
    try:
        decline_operation(approval_id, by=me_of(request), reason=form.cleaned_data["reason"])
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _ask_why(request, found, form)
    except Refused as refused:
        return _ask_why(request, found, form, reasons=refused.reasons)
    return HttpResponseRedirect(_href(approval_id))


@administrator
@require_POST
def withdraw(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Take back what one asked for oneself."""
    try:
        withdraw_approval(approval_id, by=me_of(request))
    except Refused as refused:
        return _show(request, approval_of(approval_id, by=me_of(request)), reasons=refused.reasons)
    return HttpResponseRedirect(_href(approval_id))


def _show(request: HttpRequest, found: Approval, *, reasons: list[Refusal] | None = None) -> HttpResponse:
    me = me_of(request)
    state = found.state_at(timezone.now())
    against = decision(found, by=me)
    names = names_of([found.asker, found.decided_by])
    is_mine = found.asker == me.pk
    waits = state is ApprovalState.WAITING
    context = {
        **_words(found, names),
        "page_title": _("%(what)s for %(name)s: a second person")
        % {"what": OPERATION[found.operation], "name": found.account.name},
        "approval": found,
        "account": found.account,
        "decided_by": names.get(found.decided_by) if found.decided_by else "",
        "is_resecure": found.operation == Purpose.RESECURE,
        "is_mine": is_mine,
        "waits": waits,
        "may_decide": waits and not against,
        # That one asked for it oneself is said by the page as it is.
        "against": [each for each in against if each.code not in {"own_request", "approval_over"}],
        "may_withdraw": is_mine and state in {ApprovalState.WAITING, ApprovalState.APPROVED},
        "may_set": is_mine and state is ApprovalState.APPROVED,
        "next_href": _next(found, state, is_mine=is_mine),
        "reasons": reasons or (),
        "page_has_errors": bool(reasons),
        "refreshes": REFRESHES if waits else 0,
        "back_href": reverse("approvals:index"),
        "back_text": _("Back to Approvals"),
    }
    if request.headers.get("X-Fragment"):
        return render(request, "approvals/_state.jinja", context)
    return render(request, "approvals/approval.jinja", context, status=409 if reasons else 200)


def _ask_why(
    request: HttpRequest, found: Approval, form: DeclineForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    wrong = form.is_bound and bool(form.errors)
    context = {
        "page_title": _("Decline what was asked for %(name)s?") % {"name": found.account.name},
        "account": found.account,
        "form": form,
        "reasons": reasons or (),
        "page_has_errors": wrong or bool(reasons),
        "back_href": _href(found.pk),
        "back_text": _("Back"),
    }
    return render(request, "approvals/decline.jinja", context, status=409 if reasons else 422 if wrong else 200)


def _words(found: Approval, names: dict[UUID, str]) -> dict[str, Any]:
    state = found.state_at(timezone.now())
    because = found.arguments.get("because", "")
    return {
        "what": OPERATION[found.operation],
        "asked_by": names.get(found.asker, _("an account that is gone")),
        "because": Trigger(because).label if because in Trigger.values else because,
        "method": Method(found.method).label if found.method in Method.values else found.method,
        "state": state.label,
        "state_colour": TAGS.get(state, "grey"),
        "href": _href(found.pk),
    }


def _next(found: Approval, state: ApprovalState, *, is_mine: bool) -> str:
    """Where whoever asked goes on, once it is approved."""
    if state is ApprovalState.APPROVED and is_mine:
        return reverse("user_management:temporary_password", args=[found.account_id])
    if state is ApprovalState.EXECUTED and found.resecuring is not None:
        return reverse("user_management:resecuring", args=[found.resecuring])
    return account_href(found.account_id) if state is ApprovalState.EXECUTED else ""


def _href(approval_id: UUID) -> str:
    return reverse("approvals:approval", args=[approval_id])
