"""The forms of User Management."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import PageForm, SecretField
from resecure.identity.accounts import Status
from resecure.identity.approvals import Approval
from resecure.identity.confirmations import Document, IdentityConfirmation, Method, Purpose, by_secret
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleName
from resecure.operations.close_delivery import LONGEST
from resecure.operations.confirm_identity import confirm_identity
from resecure.policy.actions import Facts
from resecure.policy.confirmation_methods import RULES, number_for, usable
from resecure.policy.evidence import contradiction
from resecure.policy.organisation_policy import RESECURE_RESETS_FACTOR
from resecure.policy.roles import ROLES

GENERATE, TYPE = "generate", "type"


class SearchForm(PageForm):
    """What to look for. Sent by GET, so that a search can be kept, shared and gone back to."""

    mark_optional = False

    text = forms.CharField(
        label=_("Name or email address"),
        help_text=_("Part of it is enough."),
        required=False,
        max_length=200,
    )
    organisation = forms.CharField(
        label=_("Organisation"), help_text=_("Its code or part of its name."), required=False, max_length=200
    )
    status = forms.MultipleChoiceField(
        label=_("Status"), choices=Status.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class IdentityForm(PageForm):
    """How the person was identified. The write checks it again; without it nothing is done."""

    option_hints = {
        "because": {
            Trigger.FORGOTTEN_SECRET: _("Nobody can look it up, and they cannot set another themselves."),
            Trigger.FORGOTTEN_ANSWERS: _("For accounts that still have questions from before secrets."),
            Trigger.FAILED_AUTHENTICATION: _("You asked for their secret or answers, and what they gave was wrong."),
        },
    }

    method = forms.ChoiceField(
        label=_("How did you confirm who they are?"),
        choices=Method.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how you confirmed who they are"),
            "invalid_choice": _("Choose a way that is possible for this person now"),
        },
    )
    reference = forms.CharField(
        label=_("Reference"),
        help_text=_("For example the number of the call or ticket. No birth dates or document numbers."),
        max_length=200,
        error_messages={"required": _("Enter a reference, for example the number of the call")},
    )

    document = forms.ChoiceField(
        label=_("Photo ID that you saw in person"),
        choices=[("", _("Not noted")), *Document.choices],
        required=False,
    )

    code = SecretField(
        label=_("Code that the person reads back"),
        required=False,
        max_length=20,
        autocomplete="one-time-code",
        strip=True,
    )

    purpose: ClassVar[Purpose] = Purpose.UNLOCK  # what a code sent from this form is for

    def __init__(self, *args: Any, facts: Facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = usable(facts)
        field = self.fields["method"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.value, each.label) for each, reasons in found.items() if not reasons]
        self.method_hints = {each.value: _hint(each, facts) for each, reasons in found.items() if not reasons}
        # What is not possible is said, with why: whoever does not find it would try something worse.
        self.not_possible = [(each.label, reasons) for each, reasons in found.items() if reasons]

    def confirm(self, facts: Facts, *, purpose: Purpose) -> IdentityConfirmation:
        """Write down what the form says; or, by the secret, what Authenticate User wrote. Raises Refused, NotFound,
        Invalid."""
        if self.cleaned_data["method"] == Method.ACCOUNT_SECRET:
            made = by_secret(facts.account, by=facts.by.pk, purpose=purpose, now=facts.now)
            if made is not None:
                return made
        return confirm_identity(
            facts.account.pk,
            by=facts.by,
            method=Method(self.cleaned_data["method"]),
            reference=self.cleaned_data["reference"],
            purpose=purpose,
            code=self.cleaned_data["code"],
            document=Document(self.cleaned_data["document"]) if self.cleaned_data["document"] else None,
        )


def _hint(method: Method, facts: Facts) -> str:
    """What to do; with the number to ring, which nobody types."""
    sentence = str(RULES[method].sentence)
    whose = number_for(method, facts)
    if whose is None:
        return sentence
    if whose.pk == facts.account.pk:
        return f"{sentence} {gettext('Number on record: %(number)s') % {'number': whose.mobile}}"
    words = {"name": whose.name, "number": whose.mobile}
    return f"{sentence} {gettext('Line manager: %(name)s, %(number)s') % words}"


class ResecureForm(IdentityForm):
    """The dialog. The key makes a second click, or a repeated request, the same request."""

    purpose = Purpose.RESECURE
    field_order = ["because", "method", "document", "code", "reference", "key"]

    because = forms.ChoiceField(
        label=_("Why is the account resecured?"),
        choices=Trigger.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why the account is resecured")},
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, error_messages={"required": _("Reload the page")})

    def __init__(self, *args: Any, facts: Facts, **kwargs: Any) -> None:
        super().__init__(*args, facts=facts, **kwargs)
        self.resets_factor = facts.policy.of(RESECURE_RESETS_FACTOR)  # the fifth effect, said beside the four

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # Said before a confirmation is written down that could not be used. The operation asks the same.
        for reason in contradiction(data.get("because", ""), data.get("method", "")):
            self.add_error("method", reason.whole)
        return data


class TemporaryPasswordForm(PageForm):
    """Type a temporary password or have one generated."""

    mark_optional = False  # what is not needed here is shown only where it is
    option_hints = {"how": {GENERATE: _("A few random words, easy to say over the phone. Recommended.")}}

    how = forms.ChoiceField(
        label=_("Temporary password"),
        choices=[(GENERATE, _("Generate Password")), (TYPE, _("Type one"))],
        initial=GENERATE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether to generate a password or type one")},
    )
    typed = SecretField(label=_("Type a temporary password"), required=False, autocomplete="new-password")
    require_change = forms.BooleanField(
        label=_("Require Password Change at Next logon"),
        help_text=_("The password then opens one sign-in, and the person chooses their own."),
        initial=True,
        required=False,
    )
    change_not_required_because = forms.CharField(
        label=_("Why may the person keep this password?"), required=False, max_length=200
    )
    seen_generation = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        max_value=2**62,
        error_messages=dict.fromkeys(["required", "invalid", "min_value", "max_value"], _("Reload the page")),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, error_messages={"required": _("Reload the page")})

    def __init__(self, *args: Any, may_type: bool, must_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_type:
            del self.fields["how"], self.fields["typed"]
        if must_change:
            # Ticked whatever is sent: the browser sends nothing for a box that cannot be changed.
            self.fields["require_change"].disabled = True
            self.fields["require_change"].help_text = _(
                "The policy of this service always requires it: nobody keeps a password that somebody else knows."
            )
            del self.fields["change_not_required_because"]
        else:
            self.fields["change_not_required_because"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("how") == TYPE and not data.get("typed"):
            self.add_error("typed", _("Type a temporary password, or have one generated"))
        if not data.get("require_change") and not str(data.get("change_not_required_because") or "").strip():
            self.add_error(
                "change_not_required_because",
                _("Say why the person may keep this password, or tick Require Password Change at Next logon"),
            )
        return data

    @property
    def password(self) -> str | None:
        """What was typed, or None to have one generated. Never shown again."""
        return self.cleaned_data["typed"] if self.cleaned_data.get("how") == TYPE else None


class ResetPasswordForm(TemporaryPasswordForm, IdentityForm):
    """The same for a person who has a password: then somebody must have confirmed who they are."""

    purpose = Purpose.RESET_PASSWORD
    field_order = [
        "method",
        "document",
        "code",
        "reference",
        "how",
        "typed",
        "require_change",
        "change_not_required_because",
    ]
    option_hints = {**IdentityForm.option_hints, **TemporaryPasswordForm.option_hints}


class ApprovedResetForm(TemporaryPasswordForm):
    """The same where a second person has approved it: what it was asked with stands, and nobody is asked again."""

    def __init__(self, *args: Any, approved: Approval, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {"require_change": approved.arguments["require_change"]}
        if "change_not_required_because" in self.fields:
            asked["change_not_required_because"] = approved.arguments["because"]
        for name, value in asked.items():
            self.fields[name].disabled = True
            self.fields[name].initial = value


class CannotConfirmForm(PageForm):
    """What made the administrator stop."""

    said = forms.CharField(
        label=_("What was said?"),
        help_text=_("In a sentence or two: what they asked for, how they called, what did not fit."),
        required=False,
        max_length=500,
        widget=forms.Textarea,
    )


class CloseForm(PageForm):
    """Why it can never be told."""

    because = forms.CharField(
        label=_("Why can it never be told?"),
        help_text=_("For example: it was switched off for good on 3 March. It stands on the page and in the record."),
        max_length=LONGEST,
        error_messages={"required": _("Say why it can never be told")},
        widget=forms.Textarea,
    )


class JoinForm(PageForm):
    """Where a leaver works now."""

    organisation = forms.CharField(
        label=_("Organisation code"), help_text=_("The code of the organisation they join."), max_length=20
    )


class CreateForm(PageForm):
    """A new account. The rules of each field are the operation's."""

    given_name = forms.CharField(
        label=_("Given name"), error_messages={"required": _("Enter the given name of the person")}
    )
    family_name = forms.CharField(
        label=_("Family name"), error_messages={"required": _("Enter the family name of the person")}
    )
    address = forms.CharField(
        label=_("Email address"),
        help_text=_("They sign in with it, like name@example.org."),
        error_messages={"required": _("Enter the email address of the person")},
    )
    organisation = forms.CharField(label=_("Organisation code"), max_length=20)
    job_title = forms.CharField(label=_("Job title"), required=False)
    mobile = forms.CharField(
        label=_("Mobile number"), help_text=_("Like 07700 900982."), required=False, widget=forms.TextInput()
    )


class GrantRoleForm(PageForm):
    """A role to grant: only those that the administrator may give are offered."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect, error_messages={"required": _("Choose a role")})
    organisation = forms.CharField(
        label=_("Organisation code"), help_text=_("The role is held in this organisation."), max_length=20
    )
    reaches_children = forms.BooleanField(label=_("Also in the organisations below it"), required=False, initial=True)

    def __init__(self, *args: Any, offered: list[RoleName], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in offered]

    @staticmethod
    def hints() -> dict[str, str]:
        """The sentence of each role."""
        return {name.value: str(role.sentence) for name, role in ROLES.items()}


class WithdrawRoleForm(PageForm):
    """One role to withdraw."""

    withdraw = forms.IntegerField(widget=forms.HiddenInput, max_value=2**62)
    though_it_is_the_last = forms.BooleanField(required=False)


class ShutForm(PageForm):
    """Nothing to type, but a box to tick where an organisation would be left with too few administrators."""

    mark_optional = False

    though_it_is_the_last = forms.BooleanField(label=_("Go on all the same"), required=False)


def key_of(form: PageForm) -> str:
    """The idempotency key of a valid form."""
    key: UUID = form.cleaned_data["key"]
    return str(key)
