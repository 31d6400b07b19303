"""Searching the demonstration's mailbox."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import PageForm


class SearchForm(PageForm):
    mark_optional = False

    to = forms.CharField(
        label=_("Sent to"),
        help_text=_("An address, or part of one."),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
