"""Searching for an organisation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import PageForm


class FindForm(PageForm):
    mark_optional = False

    search = forms.CharField(
        label=_("Name or code of your organisation"),
        help_text=_("Part of the name is enough, such as “hill practice”."),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "organization"}),
    )
