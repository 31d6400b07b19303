"""What is typed while signing in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import CurrentPasswordField, NewPasswordField, PageForm, SecretField
from resecure.operations.shared.typed import mobile_number
from resecure.policy.refusals import Invalid


class SignInForm(PageForm):
    """Address and password. What an address must look like is not judged here: it would be a second answer."""

    address = forms.CharField(
        label=_("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": _("Enter your email address")},
    )
    password = CurrentPasswordField(
        label=_("Password"),
        help_text=_("A temporary password works here too."),
        error_messages={"required": _("Enter your password")},
    )


class NewPasswordForm(PageForm):
    password = NewPasswordField(label=_("New password"), error_messages={"required": _("Enter a new password")})


class AupForm(PageForm):
    """Consent to one version: the one that was on the page."""

    version = forms.CharField(widget=forms.HiddenInput)
    accepted = forms.BooleanField()

    def __init__(self, *args: Any, shown: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"version": shown}, **kwargs)
        accepted = self.fields["accepted"]
        accepted.label = _("I have read and accept version %(version)s") % {"version": shown}
        accepted.error_messages["required"] = _("Tick the box to accept the policy. Without it you cannot go on")


class ProfileForm(PageForm):
    """One's own profile: at sign-in, and later in the portal."""

    given_name = forms.CharField(
        label=_("Given name"),
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"required": _("Enter your given name")},
    )
    family_name = forms.CharField(
        label=_("Family name"),
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        error_messages={"required": _("Enter your family name")},
    )
    job_title = forms.CharField(
        label=_("Job title"),
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    mobile = forms.CharField(
        label=_("Mobile number"),
        help_text=_("Your administrator may call this number to make sure that it is you."),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("The pages of My account and of signing in, and every message to you, are in this language."),
        # Each by its own name, whatever the page is in.
        choices=[("en", "English"), ("cy", "Cymraeg")],
        required=False,
        widget=forms.RadioSelect,
    )

    def clean_language(self) -> str | None:
        """None where nothing was chosen: then it stays as it is."""
        return self.cleaned_data["language"] or None

    def clean_mobile(self) -> str:
        """As typed. Judged here as well, so that a missing name and a wrong number are said at once."""
        typed: str = self.cleaned_data["mobile"]
        try:
            mobile_number(typed)
        except Invalid as invalid:
            raise forms.ValidationError(invalid.errors["mobile"]) from None
        return typed


class AccountSecretForm(PageForm):
    secret = SecretField(
        label=_("Account secret"),
        help_text=_("Capital letters make no difference."),
        error_messages={"required": _("Enter an account secret")},
    )
    secret.widget.attrs.update({"autocapitalize": "none", "spellcheck": "false"})
