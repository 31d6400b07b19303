"""The audit for people: find records, one person's history, and files of what was found."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from resecure.audit.reading import TooMuch
from resecure.entrypoints import exports
from resecure.entrypoints.record_words import more, sentence
from resecure.entrypoints.web.access import auditor
from resecure.entrypoints.web.audit.forms import AuditForm
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.shared import put_beside_fields
from resecure.operations.view_audit import Filters, Found, export_audit, latest_checkpoint, view_audit
from resecure.policy.refusals import Invalid, NotFound

NAMES = ("actor", "target", "organisation", "event", "since", "until")


@auditor
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Records within one's scope, newest first, found by who, whom, where, what and when."""
    form = AuditForm(request.GET)
    found = None
    too_much = False
    if form.is_valid():
        try:
            found = view_audit(form.filters(), by=me_of(request), cursor=request.GET.get("cursor", ""))
        except Invalid as invalid:
            put_beside_fields(form, invalid)
        except TooMuch:
            too_much = True
    asked = [(name, request.GET[name]) for name in NAMES if request.GET.get(name)]
    context = {
        "page_title": _("Audit"),
        "form": form,
        "asked": asked,
        "too_much": too_much,
        "checkpoint": latest_checkpoint(by=me_of(request)),
    }
    status = 422 if form.errors else 200
    return _page(request, "index", found, context, href=reverse("audit:index"), asked=asked, status=status)


@auditor
@require_safe
def of_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """All that is on record about one account, as far as one may read it. 404 where there is nothing."""
    return _history(request, "of_account", account_id, Filters(target=str(account_id)))


@auditor
@require_safe
def of_administrator(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """All that one person did, as far as one may read it. 404 where there is nothing."""
    return _history(request, "of_administrator", account_id, Filters(actor=str(account_id)))


def _history(request: HttpRequest, view: str, person: UUID, filters: Filters) -> HttpResponse:
    try:
        found = view_audit(filters, by=me_of(request), cursor=request.GET.get("cursor", ""))
    except Invalid:
        raise NotFound from None  # a cursor made by hand
    if not found.records:
        raise NotFound  # unknown, outside one's organisations, and nothing on record: one answer
    name = found.names.get(person)
    of_account = view == "of_account"
    if name is None:
        title = _("History of an account outside your organisations")
    else:
        title = _("What happened to %(name)s") if of_account else _("What %(name)s did")
        title = title.replace("%(name)s", name)
    context = {
        "page_title": title,
        "other_href": reverse("audit:of_administrator" if of_account else "audit:of_account", args=[person]),
        "of_account": of_account,
        "account_href": reverse("user_management:account", args=[person]) if name else "",
        "back_href": reverse("audit:index"),
        "back_text": _("Back to Audit"),
    }
    asked = [("target" if of_account else "actor", str(person))]
    return _page(request, "history", found, context, href=reverse(f"audit:{view}", args=[person]), asked=asked)


@auditor
@require_safe
def export(request: HttpRequest, form: str) -> Any:
    """A file of all that fits, written as it is read: its size is no matter. On record before it begins."""
    asked = AuditForm(request.GET)
    if form not in exports.TYPES or not asked.is_valid():
        raise NotFound
    try:
        batches = export_audit(asked.filters(), by=me_of(request), form=form)
    except Invalid:
        raise NotFound from None
    response = StreamingHttpResponse(exports.streamed(batches, form=form), content_type=exports.TYPES[form])
    name = f"audit-{timezone.now():%Y-%m-%dT%H%MZ}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@auditor
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The last checkpoint as a file, byte for byte as it was signed. 404 where there is none: the page then says so."""
    latest = latest_checkpoint(by=me_of(request))
    if latest is None:
        raise NotFound
    response = HttpResponse(latest.note.encode(), content_type="text/plain; charset=utf-8")
    name = f"checkpoint-{latest.made_at:%Y-%m-%dT%H%MZ}.txt"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(
    request: HttpRequest,
    template: str,
    found: Found | None,
    context: dict[str, Any],
    *,
    href: str,
    asked: list[tuple[str, str]],
    status: int = 200,
) -> HttpResponse:
    items = []
    for row in found.records if found else ():
        items.append({"at": row.at, "sentence": sentence(row, names=found.names if found else {}), "more": more(row)})
    cursor = [("cursor", found.next)] if found and found.next else []
    own = asked if template == "index" else []
    return render(
        request,
        f"audit/{template}.jinja",
        {
            **context,
            "items": items,
            "found": found,
            "next_href": f"{href}?{urlencode([*own, *cursor])}" if cursor else "",
            "first_href": f"{href}?{urlencode(own)}" if request.GET.get("cursor") else "",
            "exports": [
                (form.upper(), f"{reverse('audit:export', args=[form])}?{urlencode(asked)}") for form in exports.TYPES
            ],
        },
        status=status,
    )
