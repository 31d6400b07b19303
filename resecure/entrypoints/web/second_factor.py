"""What pages of a second factor share: its form, the picture for an app, the passkey that a browser is asked for."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import segno
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from markupsafe import Markup

from resecure.entrypoints.web.forms import PageForm
from resecure.identity import passkeys
from resecure.operations.shared.enrolling import NAME, AppToAdd, NewFactor
from resecure.operations.shared.proving import Given, Question

CODE = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


def _uuid(data: dict[str, Any], name: str) -> UUID | None:
    value: UUID | None = data.get(name)
    return value


class SecondFactorForm(PageForm):
    """A code, or the answer of an authenticator, which a script puts in."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six figures that your authenticator app shows now, or one of your recovery codes."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs=CODE),
    )
    passkey = forms.CharField(required=False, max_length=passkeys.LONGEST_ANSWER, widget=forms.HiddenInput)
    challenge = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mark_optional = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("code") and not data.get("passkey"):
            self.add_error("code", _("Enter a code"))
        return data

    @property
    def given(self) -> Given:
        data = self.cleaned_data
        return Given(code=data["code"], passkey=data["passkey"], challenge=_uuid(data, "challenge"))


class AppForm(PageForm):
    """The first code of an app that is being added."""

    mark_optional = False

    code = forms.CharField(
        label=_("The code that the app shows"),
        max_length=20,
        widget=forms.TextInput(attrs={**CODE, "inputmode": "numeric"}),
        error_messages={"required": _("Enter the code that the app shows")},
    )
    name = forms.CharField(
        label=_("What will you call it?"), help_text=_("For example: work phone."), max_length=NAME, required=False
    )
    challenge = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def new(self) -> NewFactor:
        data = self.cleaned_data
        return NewFactor(challenge=_uuid(data, "challenge"), name=data["name"], code=data["code"])


class PasskeyForm(PageForm):
    """A passkey that is being added: its answer is put in by a script."""

    mark_optional = False

    name = forms.CharField(
        label=_("What will you call it?"), help_text=_("For example: work laptop."), max_length=NAME, required=False
    )
    passkey = forms.CharField(
        required=True,
        max_length=passkeys.LONGEST_ANSWER,
        widget=forms.HiddenInput,
        error_messages={"required": _("Your browser made no passkey. Try again, or use an authenticator app")},
    )
    challenge = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def new(self) -> NewFactor:
        data = self.cleaned_data
        return NewFactor(challenge=_uuid(data, "challenge"), name=data["name"], passkey=data["passkey"])


class NameForm(PageForm):
    name = forms.CharField(
        label=_("What will you call it?"), max_length=NAME, error_messages={"required": _("Enter a name")}
    )


def picture(app: AppToAdd) -> Markup:
    """The QR code as SVG in the page: no address of a picture that could be asked for again, or kept."""
    drawn = io.BytesIO()
    segno.make(app.address, error="m").save(
        drawn, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, omitsize=False, light="#fff", nl=False
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by us; what it says is in its squares


def spaced(secret: str) -> str:
    """The key in groups of four, as it is typed."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def asked(request: HttpRequest, question: Question | None) -> dict[str, Any]:
    """What a template needs to ask the browser for a passkey, and where to go if none can be used under this name."""
    domain, origin = passkeys.relying_party()
    here = urlsplit(f"//{request.get_host()}").hostname == domain
    return {"question": question, "passkeys_at": "" if here else f"{origin}{request.path}"}
