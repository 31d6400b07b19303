"""What to look for in the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.audit.events import Event
from resecure.entrypoints.web.forms import PageForm
from resecure.operations.view_audit import Filters


class AuditForm(PageForm):
    """Sent by GET, so that a search can be kept, shared and gone back to. The operation judges what it means."""

    mark_optional = False

    actor = forms.CharField(label=_("Who did it"), help_text=_("An email address."), required=False, max_length=300)
    target = forms.CharField(
        label=_("Whom it was about"), help_text=_("An email address."), required=False, max_length=300
    )
    organisation = forms.CharField(
        label=_("Organisation"), help_text=_("Its code; those below belong to it."), required=False, max_length=40
    )
    event = forms.ChoiceField(
        label=_("What happened"),
        required=False,
        choices=lambda: [("", _("Anything")), *sorted((each.value, spelled(each)) for each in Event)],
    )
    since = forms.DateField(
        label=_("From this day"),
        help_text=_("For example 2026-03-31."),
        required=False,
        error_messages={"invalid": _("Enter a day such as 2026-03-31")},
    )
    until = forms.DateField(
        label=_("To this day, and with it"),
        help_text=_("For example 2026-03-31."),
        required=False,
        error_messages={"invalid": _("Enter a day such as 2026-03-31")},
    )

    def filters(self) -> Filters:
        """What was typed, for the operation. Days are those of UTC, as the times on the page."""
        given = self.cleaned_data
        day = timedelta(days=1)
        since, until = given.get("since"), given.get("until")
        return Filters(
            actor=given.get("actor", ""),
            target=given.get("target", ""),
            organisation=given.get("organisation", ""),
            event=given.get("event", ""),
            since=datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None,
            until=datetime(until.year, until.month, until.day, tzinfo=UTC) + day
            if until and until.year < 9999
            else None,
        )


def spelled(event: Event) -> str:
    """An event as a choice: its word, with spaces."""
    return event.value.replace("_", " ").capitalize()
