"""The mailbox of the demonstration: what would have been sent. Where mail is really sent, there is no such page."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from resecure.connectors import mail, sms
from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.mailbox.forms import SearchForm

SHOWN = 100


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """The newest messages, of one address or of all."""
    folder = _folder()
    form = SearchForm(request.GET) if "to" in request.GET else SearchForm()
    wanted = form.cleaned_data["to"].strip().casefold() if form.is_bound and form.is_valid() else ""
    found = [each for each in mail.kept(folder=folder) if wanted in str(each["To"]).casefold()]
    rows = [_row(each) for each in found[:SHOWN]]
    context = {"form": form, "wanted": wanted, "rows": rows, "total": len(found)}
    return render(request, "mailbox/index.jinja", context)


@require_safe
@public
def message(request: HttpRequest, key: UUID) -> HttpResponse:
    """One message, as plain text."""
    made = next((each for each in mail.kept(folder=_folder()) if _key(each) == key), None)
    if made is None:
        raise Http404
    body = made.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return render(
        request, "mailbox/message.jinja", {"row": _row(made), "sender": str(made["From"] or ""), "text": text}
    )


def _folder() -> Path:
    # Messages of real people are nobody's to browse: the page exists in the demonstration alone.
    if settings.RESECURE.mail_server is not None:
        raise Http404
    return Path(settings.RESECURE.state_directory) / "mailbox"


def _row(made: EmailMessage) -> dict[str, Any]:
    at: datetime = made["Date"].datetime
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)  # a date that names no zone ("-0000") is in UTC (RFC 5322, 3.3)
    subject = _("Text message") if sms.is_kept_sms(made) else str(made["Subject"])
    return {"key": _key(made), "to": str(made["To"]), "subject": subject, "at": at}


def _key(made: EmailMessage) -> UUID | None:
    try:
        return UUID(str(made["Message-ID"]).strip("<>").partition("@")[0])
    except ValueError:
        return None
