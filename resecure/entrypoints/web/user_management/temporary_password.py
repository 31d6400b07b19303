"""Set temporary password, and Reset Password: one page, and one answer that shows the password once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management import progress
from resecure.entrypoints.web.user_management.authenticate import lead_through, starting_with
from resecure.entrypoints.web.user_management.forms import (
    ApprovedResetForm,
    ResetPasswordForm,
    TemporaryPasswordForm,
    key_of,
)
from resecure.entrypoints.web.user_management.shared import (
    account_href,
    all_reasons,
    caution_of,
    look,
    not_now,
    page,
    put_beside_fields,
)
from resecure.identity.confirmations import Purpose
from resecure.operations.set_temporary_password import (
    TemporaryPassword,
    key_reused,
    set_temporary_password,
)
from resecure.operations.shared.asked_before import Asked, key_was_used
from resecure.operations.shared.second_person import approved_for
from resecure.operations.shared.waiting import beforehand
from resecure.policy.actions import Facts, reasons_not_to
from resecure.policy.approving import ApprovalRequired
from resecure.policy.evidence import reset_needs_evidence
from resecure.policy.passwords import temporary_password_rules
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission


@sensitive_post_parameters("typed")
@administrator
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def temporary_password(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Ask, and on Update answer with the password, in this one response.

    No redirect follows: an address that shows a password could be opened again, by Back or by somebody else.
    """
    facts = look(request, account_id, asked=Permission.RESET_PASSWORD)
    if request.method != "POST":
        if reasons := reasons_not_to(Permission.RESET_PASSWORD, facts):
            return not_now(request, facts, title=_title(facts), reasons=reasons)
        return _show(request, facts, _form(facts, begin=starting_with(request, facts, Purpose.RESET_PASSWORD)))
    form = _form(facts, request)
    # Looked at before the form: the account is another one now, and may ask for more than the first time.
    if (before := _answered_before(request, facts)) is not None:
        return before
    if not form.is_valid():
        return _show(request, facts, form)
    try:
        given = _confirm_and_set(facts, form)
    except Invalid as invalid:
        put_beside_fields(form, invalid, named={"password": "typed"})
        return _show(request, facts, form)
    except ApprovalRequired as required:
        return HttpResponseRedirect(reverse("approvals:approval", args=[required.approval.pk]))
    except Refused as refused:
        if (letters := lead_through(request, facts, Purpose.RESET_PASSWORD, refused)) is not None:
            return letters
        facts = look(request, account_id, asked=Permission.RESET_PASSWORD)
        if (before := _answered_before(request, facts)) is not None:  # by the other of two clicks, a moment ago
            return before
        reasons = all_reasons(refused, Permission.RESET_PASSWORD, facts)
        # What was typed stays, but it now answers to what this page shows: the account as it is.
        again = _form(facts, request, seen_generation=str(facts.account.generation))
        return _show(request, facts, again, reasons=reasons)
    facts = look(request, account_id, asked=Permission.RESET_PASSWORD)
    return _shown(request, facts, given, must_change=given.require_change)


def _answered_before(request: HttpRequest, facts: Facts) -> HttpResponse | None:
    """The answer to a form whose key set the password that the account has now: the page without it, or, if the
    form says something else than the first time, a no. None if the key is new."""
    kept, key = facts.account.temporary_password_key, request.POST.get("key", "")
    if not key_was_used(kept, key, by=facts.by):
        return None
    form = TemporaryPasswordForm(request.POST, **_options())
    if form.is_valid():
        asked = Asked.of(
            facts.account.pk,
            by=facts.by,
            idempotency_key=key,
            typed=form.password,
            require_change=form.cleaned_data["require_change"],
            because=form.cleaned_data.get("change_not_required_because", ""),
            seen_generation=form.cleaned_data["seen_generation"],
        )
        if asked is not None and asked.says_what_was_kept(kept, confirmation_too=False):
            return _shown(request, facts, None, must_change=facts.account.password_is_temporary)
    again = _form(facts, request, seen_generation=str(facts.account.generation), key=str(uuid4()))
    return _show(request, facts, again, reasons=[key_reused()])


def _title(facts: Facts) -> str:
    return _("Set temporary password") if facts.awaits_temporary_password else _("Reset Password")


def _form(
    facts: Facts, request: HttpRequest | None = None, *, begin: dict[str, str] | None = None, **changes: str
) -> TemporaryPasswordForm:
    kind: Callable[..., TemporaryPasswordForm] = TemporaryPasswordForm
    if reset_needs_evidence(facts):
        approved = approved_for(facts, Purpose.RESET_PASSWORD)
        kind = partial(ApprovedResetForm, approved=approved) if approved else partial(ResetPasswordForm, facts=facts)
    if request is None:
        return kind(initial={"seen_generation": facts.account.generation, **(begin or {})}, **_options())
    data = request.POST.copy()
    for name, value in changes.items():
        data[name] = value
    return kind(data, **_options())


def _options() -> dict[str, bool]:
    return {
        "may_type": settings.RESECURE.temporary_password_may_be_typed,
        "must_change": settings.RESECURE.require_password_change_always,
    }


def _confirm_and_set(facts: Facts, form: TemporaryPasswordForm) -> TemporaryPassword:
    confirmation = None
    if isinstance(form, ResetPasswordForm):
        confirmation = form.confirm(facts, purpose=Purpose.RESET_PASSWORD).pk
    return set_temporary_password(
        facts.account.pk,
        by=facts.by,
        typed=form.password,
        require_change=form.cleaned_data["require_change"],
        change_not_required_because=form.cleaned_data.get("change_not_required_because", ""),
        confirmation=confirmation,
        seen_generation=form.cleaned_data["seen_generation"],
        idempotency_key=key_of(form),
    )


def _show(
    request: HttpRequest, facts: Facts, form: TemporaryPasswordForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    context = {
        "page_title": _title(facts),
        "account": facts.account,
        "form": form,
        "caution": caution_of(facts),
        "needs_identity": isinstance(form, ResetPasswordForm),
        "second_person": beforehand(facts, Purpose.RESET_PASSWORD) if isinstance(form, ResetPasswordForm) else None,
        "approved": isinstance(form, ApprovedResetForm),
        "rules": [{"text": rule.text, "rule": rule.check, "value": rule.value} for rule in temporary_password_rules()],
        "hours": settings.RESECURE.temporary_password_hours,
        "resecuring": facts.resecuring,
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "temporary_password", context, reasons=reasons or ())


def _shown(request: HttpRequest, facts: Facts, given: TemporaryPassword | None, *, must_change: bool) -> HttpResponse:
    found = facts.account
    context: dict[str, Any] = {
        "page_title": _("Temporary password of %(name)s") % {"name": found.name},
        "account": found,
        "password": given.password if given else None,
        "must_change": must_change,
        "expires_at": found.temporary_password_expires_at,
        "finish_by": found.finish_by,
        "next_steps": progress.what_comes_next(found, must_change=must_change),
        "back_href": account_href(found.pk),
        "back_text": _("Back to the account"),
    }
    if facts.resecuring is not None:
        context |= progress.context_of(facts.resecuring, found)
    return page(request, "password_shown", context)
