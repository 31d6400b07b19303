"""Alerts: what was noticed within one's scope, one of them in full, and that somebody has looked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.shared import account_href, grants_of, names_of, put_beside_fields
from resecure.identity.alerts import Alert, AlertKind
from resecure.identity.organisations import names_at
from resecure.operations.acknowledge_alert import acknowledge_alert
from resecure.operations.shared.waiting import MOST, alert_of, alerts_of
from resecure.policy.actions import permissions_at, visible_scope
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.policy.watching import said


class NoteForm(PageForm):
    """What one found."""

    note = forms.CharField(
        label=gettext_lazy("What did you find?"),
        help_text=gettext_lazy("In a sentence: whom you asked, and what they said. It is kept on record."),
        max_length=500,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("Say in a few words what you found")},
    )


@administrator
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Those that nobody has acknowledged, the newest first; or those that somebody has."""
    acknowledged = request.GET.get("acknowledged") == "yes"
    found = alerts_of(by=me_of(request), acknowledged=acknowledged, after=_after(request))
    kept = [("acknowledged", "yes")] if acknowledged else []
    here = reverse("alerts:index")
    context = {
        "page_title": _("Alerts that were looked at") if acknowledged else _("Alerts"),
        "items": _items(found),
        "acknowledged": acknowledged,
        "other_href": here if acknowledged else f"{here}?acknowledged=yes",
        "next_href": f"{here}?{urlencode([*kept, ('after', str(found[-1].pk))])}" if len(found) == MOST else "",
        "first_href": f"{here}?{urlencode(kept)}" if request.GET.get("after") else "",
    }
    return render(request, "alerts/index.jinja", context)


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """One alert, and for who may, the box for what they found. A POST acknowledges it."""
    found = alert_of(alert_id, by=me_of(request))
    if request.method != "POST":
        return _show(request, found, NoteForm())
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form)
    try:
        acknowledge_alert(alert_id, by=me_of(request), note=form.cleaned_data["note"])
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, found, form)
    except Refused as refused:
        return _show(request, alert_of(alert_id, by=me_of(request)), form, reasons=refused.reasons)
    return HttpResponseRedirect(reverse("alerts:alert", args=[alert_id]))


def _show(request: HttpRequest, found: Alert, form: NoteForm, *, reasons: list[Refusal] | None = None) -> HttpResponse:
    me = me_of(request)
    allowed = permissions_at(found.organisation_path, grants_of(request), by=me)
    [item] = _items([found])
    wrong = form.is_bound and bool(form.errors)
    context = {
        **item,
        "page_title": item["kind"],
        "form": form,
        "is_own": found.actor == me.pk,
        "may_acknowledge": Permission.ACKNOWLEDGE_ALERT in allowed and found.actor != me.pk,
        "history_href": reverse("audit:of_administrator", args=[found.actor])
        if found.actor and Permission.VIEW_AUDIT in allowed
        else "",
        "account_href": account_href(found.account)
        if found.account and visible_scope(grants_of(request)) and Permission.VIEW_ACCOUNT in allowed
        else "",
        "reasons": reasons or (),
        "page_has_errors": wrong or bool(reasons),
        "back_href": reverse("alerts:index"),
        "back_text": _("Back to Alerts"),
    }
    return render(request, "alerts/alert.jinja", context, status=409 if reasons else 422 if wrong else 200)


def _items(found: Iterable[Alert]) -> list[dict[str, Any]]:
    found = list(found)
    names = names_of(who for each in found for who in (each.account, each.actor, each.acknowledged_by))
    places = names_at({each.organisation_path for each in found})
    return [
        {
            "alert": each,
            "kind": AlertKind(each.kind).label if each.kind in AlertKind.values else each.kind.replace("_", " "),
            "sentence": said(each.kind, each.details),
            "about": names.get(each.account, "") if each.account else "",
            "actor": names.get(each.actor, "") if each.actor else "",
            "place": places.get(each.organisation_path, ""),
            "acknowledged_by": names.get(each.acknowledged_by, "") if each.acknowledged_by else "",
            "href": reverse("alerts:alert", args=[each.pk]),
        }
        for each in found
    ]


def _after(request: HttpRequest) -> UUID | None:
    given = request.GET.get("after", "")
    try:
        return UUID(given) if given else None
    except ValueError:
        raise NotFound from None  # an address made by hand
