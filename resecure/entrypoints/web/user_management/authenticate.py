"""Authenticate User: which letters to ask the caller for, three boxes, yes or no, and what to do next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.forms import PageForm, SecretField
from resecure.entrypoints.web.user_management.shared import (
    account_href,
    go_back_having_done,
    look,
    page,
    put_beside_fields,
)
from resecure.identity.authentications import authentication_of
from resecure.identity.confirmations import Method, Purpose, by_secret
from resecure.identity.resecurings import Trigger
from resecure.operations.authenticate import Answer, Question, ask_for_letters
from resecure.operations.authenticate import authenticate as authenticate_operation
from resecure.operations.lift_authentication_lock import lift_authentication_lock
from resecure.policy.actions import BUTTONS, Facts, reasons_not_to, standing_for
from resecure.policy.authentication import reasons_not_to_lift
from resecure.policy.refusals import Invalid, Refused
from resecure.policy.roles import Permission

PERMISSIONS = {
    Purpose.RESET_PASSWORD: Permission.RESET_PASSWORD,
    Purpose.UNLOCK: Permission.UNLOCK,
    Purpose.RESECURE: Permission.RESECURE,
}
PAGES = {
    Purpose.RESET_PASSWORD: "user_management:temporary_password",
    Purpose.UNLOCK: "user_management:unlock",
    Purpose.RESECURE: "user_management:resecure",
}
# What was typed into the form that led here and goes back into it. Nothing secret is among it.
CARRIED = (
    "because",
    "method",
    "reference",
    "key",
    "how",
    "require_change",
    "change_not_required_because",
    "seen_generation",
)
BEFORE = "typed-"


class PurposeForm(PageForm):
    """What the caller asks for: a yes counts for that and nothing else."""

    purpose = forms.ChoiceField(
        label=gettext_lazy("What does the caller ask for?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the caller asks for")},
    )

    def __init__(self, *args: Any, offered: list[Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.value, each.label) for each in offered]


class LettersForm(PageForm):
    """Three boxes, one letter each. What is typed is never sent back."""

    question = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, positions: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, position in enumerate(positions, start=1):
            label = name_of(position)
            attributes = {"maxlength": "1", "autocapitalize": "none", "spellcheck": "false"}
            self.fields[f"letter{number}"] = SecretField(
                label=label,
                widget=forms.TextInput(attrs=attributes),
                error_messages={"required": _("Enter the %(letter)s") % {"letter": label}},
            )

    @property
    def letters(self) -> list[str]:
        return [value for name, value in self.cleaned_data.items() if name.startswith("letter")]


def name_of(position: int) -> str:
    """*5th letter*. The endings are English; a translation says it in its own way, four times."""
    endings = {
        1: gettext_lazy("%(number)dst letter"),
        2: gettext_lazy("%(number)dnd letter"),
        3: gettext_lazy("%(number)drd letter"),
    }
    last = 0 if position % 100 in {11, 12, 13} else position % 10
    text: str | Promise = endings.get(last, gettext_lazy("%(number)dth letter"))
    return str(text) % {"number": position}


@sensitive_post_parameters("letter1", "letter2", "letter3")
@administrator
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """First what the caller asks for, then the letters, then yes or no."""
    facts = look(request, account_id, asked=Permission.AUTHENTICATE)
    offered = _offered(facts)
    form = PurposeForm(request.POST if request.method == "POST" else None, offered=offered)
    if reasons := reasons_not_to(Permission.AUTHENTICATE, facts):
        return _show(request, facts, "locked", reasons=reasons)
    if request.method != "POST" or not form.is_valid():
        return _show(request, facts, "purpose", form=form)
    purpose = Purpose(form.cleaned_data["purpose"])
    try:
        if request.POST.get("question"):
            return _answer(request, facts, purpose)
        return _ask(request, facts, purpose)
    except Refused as refused:
        if {each.code for each in refused.reasons} == {"question_answered"}:
            return _ask(request, facts, purpose, refused=refused)
        return _show(request, facts, "locked", reasons=refused.reasons)


@administrator
@require_POST
def lift(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Allow Authenticate User again."""
    facts = look(request, account_id, asked=Permission.LIFT_AUTHENTICATION_LOCK)
    try:
        lift_authentication_lock(account_id, by=facts.by)
    except Refused as refused:
        return _show(request, facts, "locked", reasons=refused.reasons)
    return go_back_having_done(request, account_id, "lift_authentication_lock")


def lead_through(request: HttpRequest, facts: Facts, purpose: Purpose, refused: Refused) -> HttpResponse | None:
    """From a form on which *Account secret* was chosen: the letters, with what was typed carried along. None where the
    refusal is about something else; where letters cannot be asked for, it then holds why."""
    if {each.code for each in refused.reasons} != {"authenticate_first"}:
        return None
    try:
        return _ask(request, facts, purpose, typed={name: request.POST.get(name) for name in CARRIED})
    except Refused as cannot:
        refused.reasons[:] = cannot.reasons
        return None


def starting_with(request: HttpRequest, facts: Facts, purpose: Purpose) -> dict[str, str]:
    """What a form of this purpose begins with: the account secret, where a yes of it waits to be used."""
    begin = {"because": request.GET.get("because", "")} if request.GET.get("because") in Trigger.values else {}
    if request.GET.get("method") == Method.VIDEO_CALL:
        return begin | {"method": Method.VIDEO_CALL.value}  # a code was sent a moment ago
    waits = by_secret(facts.account, by=facts.by.pk, purpose=purpose, now=facts.now)
    return begin | ({"method": Method.ACCOUNT_SECRET.value, "reference": waits.reference} if waits else {})


def _offered(facts: Facts) -> list[Purpose]:
    """What this administrator could do with a yes now; any of it where nothing is possible, so that one can ask."""
    possible = [each for each, permission in PERMISSIONS.items() if not reasons_not_to(permission, facts)]
    return possible or list(PERMISSIONS)


def _ask(
    request: HttpRequest,
    facts: Facts,
    purpose: Purpose,
    *,
    typed: dict[str, str | None] | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    question = ask_for_letters(facts.account.pk, by=facts.by)
    form = LettersForm(positions=question.positions, initial={"question": question.id})
    carried = _carried(request.POST) if typed is None else typed
    reasons = refused.reasons if refused else None
    return _show(
        request, facts, "letters", form=form, question=question, purpose=purpose, typed=carried, reasons=reasons
    )


def _answer(request: HttpRequest, facts: Facts, purpose: Purpose) -> HttpResponse:
    state = authentication_of(facts.account)
    form = LettersForm(request.POST, positions=state.asked)
    wrong: Invalid | None = None
    if form.is_valid():
        try:
            answer = authenticate_operation(
                facts.account.pk,
                by=facts.by,
                question=form.cleaned_data["question"],
                letters=form.letters,
                purpose=purpose,
                reference=request.POST.get(f"{BEFORE}reference", ""),
            )
        except Invalid as invalid:
            wrong = invalid
        else:
            return _result(request, facts, purpose, answer)
    question = ask_for_letters(facts.account.pk, by=facts.by)  # the same letters, whatever was typed
    data = request.POST.copy()
    data["question"] = str(question.id)
    again = LettersForm(data, positions=question.positions)
    if wrong is not None and again.is_valid():
        put_beside_fields(again, wrong, named={"letters": "letter1"})
    typed = _carried(request.POST)
    return _show(request, facts, "letters", form=again, question=question, purpose=purpose, typed=typed)


def _result(request: HttpRequest, facts: Facts, purpose: Purpose, answer: Answer) -> HttpResponse:
    facts = look(request, facts.account.pk, asked=Permission.AUTHENTICATE)
    if answer.yes:
        return _show(request, facts, "yes", purpose=purpose, typed=_carried(request.POST))
    may_resecure = not reasons_not_to(Permission.RESECURE, facts)
    return _show(
        request, facts, "no", purpose=purpose, typed=_carried(request.POST), answer=answer, may_resecure=may_resecure
    )


def _carried(data: QueryDict) -> dict[str, str | None]:
    return {name: data.get(f"{BEFORE}{name}") for name in CARRIED}


def _show(
    request: HttpRequest,
    facts: Facts,
    stage: str,
    *,
    purpose: Purpose | None = None,
    typed: dict[str, str | None] | None = None,
    question: Question | None = None,
    reasons: Any = None,
    **more: Any,
) -> HttpResponse:
    titles = {"yes": _("Yes: the letters are right"), "no": _("No: the letters are wrong")}
    here = facts.account.pk
    standing = standing_for(Permission.LIFT_AUTHENTICATION_LOCK, facts)
    kept_back = [
        *reasons_not_to(Permission.LIFT_AUTHENTICATION_LOCK, facts),
        *reasons_not_to_lift(authentication_of(facts.account), standing=standing, now=timezone.now()),
    ]
    context = {
        "page_title": titles.get(stage, str(BUTTONS[Permission.AUTHENTICATE])),
        "account": facts.account,
        "stage": stage,
        "purpose": purpose,
        "question": question,
        "typed": {name: value for name, value in (typed or {}).items() if value is not None},
        "leads_to": reverse(PAGES[purpose], args=[here]) if purpose else "",
        "leads_on": str(BUTTONS[PERMISSIONS[purpose]]) if purpose else "",
        "may_lift": stage == "locked" and not kept_back,
        "back_href": account_href(here),
        "back_text": _("Back to the account"),
        **more,
    }
    return page(request, "authenticate", context, reasons=reasons or ())
