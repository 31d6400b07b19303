"""What is typed about an application."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import PageForm
from resecure.identity.applications import Application, Kind
from resecure.operations.shared.application_frame import Registration

A_LINE_EACH = _("One in each line.")


class ApplicationForm(PageForm):
    """All fields but the kind; which of them matter, the kind decides."""

    name = forms.CharField(
        max_length=100, label=_("Name"), help_text=_("As people know it. They see it when they sign in.")
    )
    address = forms.CharField(
        max_length=500,
        required=False,
        label=_("Address"),
        help_text=_("Where it begins, like https://rota.example.org. People find a link to it on their home page."),
    )
    redirect_addresses = forms.CharField(
        required=False,
        label=_("Redirect addresses"),
        help_text=_("Where people are sent back to after signing in, letter by letter as the application asks for it."),
        widget=forms.Textarea,
    )
    after_sign_out_addresses = forms.CharField(
        required=False,
        label=_("Addresses after signing out"),
        help_text=A_LINE_EACH,
        widget=forms.Textarea,
    )
    logout_address = forms.CharField(
        max_length=500,
        required=False,
        label=_("Logout address"),
        help_text=_(
            "Where we tell it that a session is over (OpenID Connect Back-Channel Logout). "
            "Needed, unless it asks us at every request."
        ),
    )
    question_address = forms.CharField(
        max_length=500,
        required=False,
        label=_("Question address"),
        help_text=_(
            "Where we may ask whether a session goes on. Only then can we say more than that it took our word."
        ),
    )
    asks_each_time = forms.BooleanField(
        required=False,
        label=_("It asks us at every request"),
        help_text=_("Tick this only if it keeps no session of its own: it introspects its token each time."),
    )
    organisations = forms.CharField(
        required=False,
        label=_("Organisations"),
        help_text=_(
            "The codes of those whose people may use it, with all organisations below. One in each line; none, nobody."
        ),
        widget=forms.Textarea,
    )

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _NOT_ASKED[kind]:
            del self.fields[name]
        if "redirect_addresses" in self.fields:
            field = self.fields["redirect_addresses"]
            field.required, field.error_messages["required"] = True, _("Enter at least one address")
        # Whether it may be left empty depends on what is ticked below it; the hint says so.
        self._may_be_needed = {"logout_address"} if kind is Kind.WEB else set[str]()

    def _label(self, bound: forms.BoundField) -> str:
        return str(bound.label) if bound.name in self._may_be_needed else super()._label(bound)

    def registration(self) -> Registration:
        """As the operations take it."""
        typed = self.cleaned_data
        return Registration(
            name=typed["name"],
            address=typed.get("address", ""),
            redirect_addresses=typed.get("redirect_addresses", "").split(),
            after_sign_out_addresses=typed.get("after_sign_out_addresses", "").split(),
            logout_address=typed.get("logout_address", ""),
            question_address=typed.get("question_address", ""),
            asks_each_time=typed.get("asks_each_time", False),
            organisations=typed.get("organisations", "").split(),
        )


_OPENID = ("redirect_addresses", "after_sign_out_addresses", "logout_address", "question_address", "asks_each_time")
_NOT_ASKED: dict[Kind, tuple[str, ...]] = {
    Kind.WEB: (),
    Kind.PUBLIC: (),
    Kind.MACHINE: ("address", "organisations", *_OPENID),
    Kind.FORWARD: _OPENID,
}


class KindForm(PageForm):
    """The first question."""

    kind = forms.ChoiceField(
        label=_("How does it sign people in?"), choices=Kind.choices, widget=forms.RadioSelect, initial=Kind.WEB
    )


def shown_first(application: Application) -> dict[str, Any]:
    """What is registered, as it is typed."""
    codes = application.access.values_list("organisation__code", flat=True).order_by("organisation__path")
    return {
        "name": application.name,
        "address": application.address,
        "redirect_addresses": "\n".join(application.redirect_addresses),
        "after_sign_out_addresses": "\n".join(application.after_sign_out_addresses),
        "logout_address": application.logout_address,
        "question_address": application.question_address,
        "asks_each_time": application.asks_each_time,
        "organisations": "\n".join(codes),
    }
