"""The other actions: each a page that says in plain words what will happen, and a button that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.user_management.authenticate import lead_through, starting_with
from resecure.entrypoints.web.user_management.forms import IdentityForm, JoinForm, ShutForm
from resecure.entrypoints.web.user_management.shared import (
    account_href,
    all_reasons,
    caution_of,
    go_back_having_done,
    long_time,
    look,
    not_now,
    page,
    put_beside_fields,
)
from resecure.identity.confirmations import Purpose
from resecure.operations import delete as delete_operation
from resecure.operations import disable as disable_operation
from resecure.operations import enable as enable_operation
from resecure.operations import end_all_sessions as end_all_sessions_operation
from resecure.operations import join as join_operation
from resecure.operations import mark_as_leaver as mark_as_leaver_operation
from resecure.operations import reset_second_factor as reset_operation
from resecure.operations import restore as restore_operation
from resecure.operations import unlock as unlock_operation
from resecure.policy.actions import BUTTONS, Facts, reasons_not_to
from resecure.policy.last_administrators import sentence_of, those_among_the_last
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission

Text = str | Promise


@dataclass(frozen=True, kw_only=True)
class Action:
    """What one page says and does. ``run`` calls the operation."""

    permission: Permission
    question: Text
    effects: tuple[Text, ...]
    run: Callable[[Facts, PageForm], None]
    form: type[PageForm] = PageForm
    severe: bool = False


def _unlock(facts: Facts, form: PageForm) -> None:
    assert isinstance(form, IdentityForm)
    confirmation = form.confirm(facts, purpose=Purpose.UNLOCK)
    unlock_operation.unlock(facts.account.pk, by=facts.by, confirmation=confirmation.pk)


def _join(facts: Facts, form: PageForm) -> None:
    join_operation.join(facts.account.pk, by=facts.by, organisation_code=form.cleaned_data["organisation"])


UNLOCK = Action(
    permission=Permission.UNLOCK,
    question=gettext_lazy("Unlock the account of %(name)s?"),
    effects=(
        gettext_lazy("The person can sign in again with the password they had."),
        gettext_lazy("The account is what it was before the lock: Active, Inactive or Active (Leaver)."),
        gettext_lazy("The count of wrong passwords starts at zero."),
        gettext_lazy("If they no longer know the password, use Reset Password instead: it unlocks too."),
    ),
    form=IdentityForm,
    run=_unlock,
)
DISABLE = Action(
    permission=Permission.DISABLE,
    question=gettext_lazy("Disable the account of %(name)s?"),
    effects=(
        gettext_lazy("Every session ends, and nothing opens the account until it is enabled."),
        gettext_lazy("The person is told. What belongs to the account is kept."),
        gettext_lazy("After %(disabled_for)s the account is deleted."),
    ),
    severe=True,
    form=ShutForm,
    run=lambda facts, form: disable_operation.disable(
        facts.account.pk, by=facts.by, though_it_is_the_last=form.cleaned_data["though_it_is_the_last"]
    ),
)
ENABLE = Action(
    permission=Permission.ENABLE,
    question=gettext_lazy("Enable the account of %(name)s?"),
    effects=(
        gettext_lazy("The account is Active again, and the person can sign in."),
        gettext_lazy("Sessions of before stay closed."),
    ),
    run=lambda facts, _form: enable_operation.enable(facts.account.pk, by=facts.by),
)
MARK_AS_LEAVER = Action(
    permission=Permission.MARK_AS_LEAVER,
    question=gettext_lazy("Mark %(name)s as a leaver?"),
    effects=(
        gettext_lazy("Every administrator role of the person ends at once, and every session too."),
        gettext_lazy("They can go on signing in for %(leaver_days)d days, and are told so."),
        gettext_lazy("If no organisation takes the account over in that time, it is deleted."),
    ),
    severe=True,
    form=ShutForm,
    run=lambda facts, form: mark_as_leaver_operation.mark_as_leaver(
        facts.account.pk, by=facts.by, though_it_is_the_last=form.cleaned_data["though_it_is_the_last"]
    ),
)
JOIN = Action(
    permission=Permission.JOIN,
    question=gettext_lazy("Join %(name)s to an organisation?"),
    effects=(
        gettext_lazy("The account moves to the organisation and is Active again."),
        gettext_lazy("Every session ends; the person signs in again."),
        gettext_lazy("You must administer both organisations."),
    ),
    form=JoinForm,
    run=_join,
)
DELETE = Action(
    permission=Permission.DELETE,
    question=gettext_lazy("Delete the account of %(name)s?"),
    effects=(
        gettext_lazy("Every session and every role ends, and nothing opens the account."),
        gettext_lazy("An unfinished resecuring stays unfinished: restored, the account awaits what it awaits now."),
        gettext_lazy("It can be restored for %(restore_days)d days, and never after that."),
    ),
    severe=True,
    form=ShutForm,
    run=lambda facts, form: delete_operation.delete(
        facts.account.pk, by=facts.by, though_it_is_the_last=form.cleaned_data["though_it_is_the_last"]
    ),
)
RESTORE = Action(
    permission=Permission.RESTORE,
    question=gettext_lazy("Restore the account of %(name)s?"),
    effects=(
        gettext_lazy("The account is Active again."),
        gettext_lazy("Sessions and roles of before do not come back."),
    ),
    run=lambda facts, _form: restore_operation.restore(facts.account.pk, by=facts.by),
)


def _reset_second_factor(facts: Facts, form: PageForm) -> None:
    assert isinstance(form, IdentityForm)
    confirmation = form.confirm(facts, purpose=Purpose.RESET_SECOND_FACTOR)
    reset_operation.reset_second_factor(facts.account.pk, by=facts.by, confirmation=confirmation.pk)


RESET_SECOND_FACTOR = Action(
    permission=Permission.RESET_SECOND_FACTOR,
    question=gettext_lazy("Reset the second factor of %(name)s?"),
    effects=(
        gettext_lazy("Every passkey, authenticator app and recovery code of the person stops working."),
        gettext_lazy("Every session ends. The password stays as it is."),
        gettext_lazy("Somebody who administers accounts adds a new second factor when they sign in."),
        gettext_lazy("You cannot reset their password as well for a day: another administrator can."),
    ),
    severe=True,
    form=IdentityForm,
    run=_reset_second_factor,
)
END_ALL_SESSIONS = Action(
    permission=Permission.END_ALL_SESSIONS,
    question=gettext_lazy("End all sessions of %(name)s?"),
    effects=(
        gettext_lazy("Everything that is signed in as this person is signed out, at once."),
        gettext_lazy("Half-finished sign-ins end too. The password stays as it is."),
        gettext_lazy("If somebody else may know the password, resecure the account instead."),
    ),
    run=lambda facts, _form: end_all_sessions_operation.end_all_sessions(facts.account.pk, by=facts.by),
)


def _page(action: Action) -> Callable[[HttpRequest, UUID], HttpResponse]:
    @administrator
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, account_id: UUID) -> HttpResponse:
        facts = look(request, account_id, asked=action.permission)
        if request.method != "POST":
            if reasons := reasons_not_to(action.permission, facts):
                return not_now(request, facts, title=str(BUTTONS[action.permission]), reasons=reasons)
            initial = starting_with(request, facts, Purpose.UNLOCK) if action is UNLOCK else {}
            return _show(request, facts, action, _form(action, facts, initial=initial))
        form = _form(action, facts, request.POST)
        if not form.is_valid():
            return _show(request, facts, action, form)
        try:
            action.run(facts, form)
        except Invalid as invalid:
            put_beside_fields(form, invalid)
            return _show(request, facts, action, form)
        except Refused as refused:
            if (letters := lead_through(request, facts, Purpose.UNLOCK, refused)) is not None:
                return letters
            facts = look(request, account_id, asked=action.permission)
            reasons = all_reasons(refused, action.permission, facts)
            return _show(request, facts, action, form, reasons=reasons)
        return go_back_having_done(request, account_id, action.permission.value)

    view.__name__ = view.__qualname__ = action.permission.value
    return view


def _form(action: Action, facts: Facts, *sent: Any, **more: Any) -> PageForm:
    if action.form is IdentityForm:
        return IdentityForm(*sent, facts=facts, **more)
    return action.form(*sent, **more)


def _show(
    request: HttpRequest, facts: Facts, action: Action, form: PageForm, *, reasons: list[Refusal] | None = None
) -> HttpResponse:
    numbers: dict[str, Any] = {
        "name": facts.account.name,
        "disabled_for": long_time(settings.RESECURE.disabled_to_deleted_days),
        "leaver_days": settings.RESECURE.leaver_days,
        "restore_days": settings.RESECURE.restore_within_days,
    }
    last = those_among_the_last(facts.target_grants) if isinstance(form, ShutForm) else []
    context = {
        "page_title": str(action.question) % numbers,
        "account": facts.account,
        "effects": [str(effect) % numbers for effect in action.effects],
        "form": form,
        "caution": caution_of(facts) if isinstance(form, IdentityForm) else None,
        "warnings": [sentence_of(grant) for grant in last],
        "fields": [name for name in form.fields if last or not isinstance(form, ShutForm)],
        "button": str(BUTTONS[action.permission]),
        "variant": "warning" if action.severe else "",
        "needs_identity": isinstance(form, IdentityForm),
        "back_href": account_href(facts.account.pk),
        "back_text": _("Back to the account"),
    }
    return page(request, "action", context, reasons=reasons or ())


unlock = _page(UNLOCK)
disable = _page(DISABLE)
enable = _page(ENABLE)
mark_as_leaver = _page(MARK_AS_LEAVER)
join = _page(JOIN)
delete = _page(DELETE)
restore = _page(RESTORE)
reset_second_factor = _page(RESET_SECOND_FACTOR)
end_all_sessions = _page(END_ALL_SESSIONS)
