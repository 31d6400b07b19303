"""The policy of an organisation: every setting with its sentence and whose value counts; one form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.shared import put_beside_fields
from resecure.identity.organisations import Organisation
from resecure.operations.set_organisation_policy import look_at_organisation_policy, set_organisation_policy
from resecure.policy.organisation_policy import Counting, Number, OrganisationPolicy, Several, YesNo, by_area
from resecure.policy.refusals import Invalid

INHERITED = "inherited"


class PolicyForm(PageForm):
    """A field for each setting. Left empty, or *not set here*, what is above counts, or the default."""

    mark_optional = False

    def __init__(self, *args: Any, policy: OrganisationPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counting = policy.all()
        for each in self.counting:
            self.fields[each.setting.key] = _field(each)

    def settings(self) -> dict[str, object | None]:
        """As the operation takes them."""
        return {each.setting.key: _sent(each, self.cleaned_data[each.setting.key]) for each in self.counting}


def _field(counting: Counting[Any]) -> forms.Field:
    setting, own = counting.setting, counting.set_here
    label = str(setting.label)
    hint = f"{setting.sentence} {source_of(counting)}"
    if isinstance(setting, Number):
        bounds = _("From %(least)d to %(most)d.") % {"least": setting.least, "most": setting.most}
        return forms.CharField(
            label=label,
            help_text=f"{hint} {bounds}",
            required=False,
            max_length=20,
            initial="" if own is None else own,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )
    if isinstance(setting, YesNo):
        return forms.ChoiceField(
            label=label,
            help_text=hint,
            choices=[(INHERITED, _("Not set here")), ("yes", _("Yes")), ("no", _("No"))],
            initial=INHERITED if own is None else "yes" if own else "no",
            widget=forms.RadioSelect,
        )
    assert isinstance(setting, Several)
    return forms.MultipleChoiceField(
        label=label,
        help_text=f"{hint} {_('Tick none to set nothing here.')}",
        choices=list(setting.choices.items()),
        required=False,
        initial=[] if own is None else setting.stored(own),
        widget=forms.CheckboxSelectMultiple,
    )


def _sent(counting: Counting[Any], typed: Any) -> object | None:
    if isinstance(counting.setting, YesNo):
        return None if typed == INHERITED else typed == "yes"
    if isinstance(counting.setting, Several):
        return list(typed) or None
    text = str(typed).strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() else text  # what is no number, the setting says


def source_of(counting: Counting[Any]) -> str:
    """A sentence: what counts now, and who has set it."""
    said = {"value": counting.setting.said(counting.value), "name": counting.from_name}
    if counting.from_name is None:
        return _("Now: %(value)s, the default.") % said
    if counting.here:
        return _("Now: %(value)s, set here.") % said
    if counting.set_here is not None:
        return _("Now: %(value)s, set by %(name)s, which is stricter than what is set here.") % said
    return _("Now: %(value)s, set by %(name)s.") % said


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, code: str) -> HttpResponse:
    """Show it, and on Save change what was changed."""
    at, counts = look_at_organisation_policy(code, by=me_of(request))
    if request.method != "POST":
        return _show(request, at, PolicyForm(policy=counts))
    form = PolicyForm(request.POST, policy=counts)
    if not form.is_valid():
        return _show(request, at, form)
    try:
        set_organisation_policy(at.code, settings=form.settings(), by=me_of(request))
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, at, form)
    return go_on_having_done(request, reverse("organisations:policy", args=[at.code]), "set")


def _show(request: HttpRequest, at: Organisation, form: PolicyForm) -> HttpResponse:
    wrong = form.is_bound and bool(form.errors)
    done = done_here(request) == "set"
    context = {
        "page_title": _("Policy of %(name)s") % {"name": at.name},
        "organisation": at,
        "form": form,
        "areas": by_area(form.counting),
        "page_has_errors": wrong,
        "notices": [{"kind": "success", "text": _("The policy is saved and counts from now on.")}] if done else [],
        "back_href": reverse("user_management:search"),
        "back_text": _("Back to User Management"),
    }
    return render(request, "organisations/policy.jinja", context, status=422 if wrong else 200)
