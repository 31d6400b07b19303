"""What one changes of one's own account."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import CurrentPasswordField, NewPasswordField, PageForm


class AddressForm(PageForm):
    address = forms.CharField(
        label=_("New email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
        error_messages={"required": _("Enter an email address")},
    )


class ContactCodeForm(PageForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Enter the code that we sent")},
    )


class PasswordForm(PageForm):
    old = CurrentPasswordField(
        label=_("Present password"), error_messages={"required": _("Enter your present password")}
    )
    password = NewPasswordField(label=_("New password"), error_messages={"required": _("Enter a new password")})
