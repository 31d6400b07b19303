"""The page of one account: who it is, how it stands, what may be done and why not, what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from resecure.audit.models import Record
from resecure.entrypoints.record_words import more, sentence
from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management import progress
from resecure.entrypoints.web.user_management.forms import ResecureForm
from resecure.entrypoints.web.user_management.shared import caution_of, look, names_of, page
from resecure.identity import not_me, sessions
from resecure.identity.accounts import MAY_SIGN_IN, Account
from resecure.identity.agreements import AupAcceptance, AupVersion, WithdrawnBecause, current_aup
from resecure.identity.confirmations import Purpose
from resecure.identity.roles import RoleGrant
from resecure.operations.shared.waiting import beforehand
from resecure.operations.view_audit import names_within
from resecure.policy.actions import BUTTONS, Facts, is_visible, permissions_over, reasons_not_to, visible_scope
from resecure.policy.roles import Permission
from resecure.propagation.models import Change

HISTORY = 10
MANY = 100
# The one that takes an account back first, then what helps the person in, then what shuts the account.
ORDER = (
    Permission.RESECURE,
    Permission.AUTHENTICATE,
    Permission.RESET_PASSWORD,
    Permission.UNLOCK,
    Permission.RESET_SECOND_FACTOR,
    Permission.END_ALL_SESSIONS,
    Permission.DISABLE,
    Permission.ENABLE,
    Permission.MARK_AS_LEAVER,
    Permission.JOIN,
    Permission.DELETE,
    Permission.RESTORE,
)
PAGES = {Permission.RESET_PASSWORD: "temporary_password"}


@administrator
@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The account with its Actions box. 404 when unknown or out of scope, alike."""
    facts = look(request, account_id)
    found = facts.account
    buttons = [_button(permission, facts) for permission in ORDER]
    may_resecure = buttons[0]["allowed"]
    allowed = permissions_over(facts)
    names = names_of([found.created_by, found.updated_by])
    context: dict[str, Any] = {
        "page_title": found.name,
        "account": found,
        "created_by": _who(found.created_by, names),
        "updated_by": _who(found.updated_by, names),
        "acceptance": _acceptance(facts),
        "sessions": _sessions(facts),
        "grants": facts.target_grants,
        "awaits": facts.awaits_temporary_password,
        "may_set": not reasons_not_to(Permission.RESET_PASSWORD, facts),
        "buttons": buttons,
        "may_confirm": not reasons_not_to(Permission.CONFIRM_IDENTITY, facts),
        "may_grant": Permission.GRANT_ROLE in allowed,
        "may_set_policy": Permission.SET_ORGANISATION_POLICY in allowed,
        "form": ResecureForm(facts=facts) if may_resecure else None,
        "second_person": beforehand(facts, Purpose.RESECURE) if may_resecure else None,
        "history": _history(found, facts.actor_grants),
        "history_href": reverse("audit:of_account", args=[found.pk]) if Permission.VIEW_AUDIT in allowed else "",
        "caution": caution_of(facts),
        "frozen": _frozen(found),
        "back_href": reverse("user_management:search"),
        "back_text": _("Back to User Management"),
    }
    if facts.resecuring is not None:
        context |= {
            **progress.context_of(facts.resecuring, found),
            "next_steps": progress.what_comes_next(found),
        }
    return page(request, "account", context)


def _frozen(account: Account) -> dict[str, Any] | None:
    """When somebody said "this wasn't me", and of which message; None once the account has a password again."""
    link = None if account.has_password else not_me.last_used(account.pk)
    return None if link is None else {"at": link.used_at, "change": Change(link.change).label}


def _button(permission: Permission, facts: Facts) -> dict[str, Any]:
    reasons = reasons_not_to(permission, facts)
    text = str(BUTTONS[permission])
    if permission is Permission.RESET_PASSWORD and facts.awaits_temporary_password:
        text = _("Set temporary password")
    variant = "secondary"  # the page that asks again is where a severe one is red
    if permission is Permission.RESECURE or (
        permission is Permission.RESET_PASSWORD and facts.awaits_temporary_password
    ):
        variant = ""
    return {
        "id": f"action-{permission.value.replace('_', '-')}",
        "text": text,
        "href": reverse(f"user_management:{PAGES.get(permission, permission.value)}", args=[facts.account.pk]),
        "dialog": "resecure-dialog" if permission is Permission.RESECURE else "",
        "variant": variant,
        "allowed": not reasons,
        "reasons": [reason.text for reason in reasons],
        "instead": " ".join(dict.fromkeys(reason.instead for reason in reasons if reason.instead)),
    }


def _who(person: UUID | None, names: dict[UUID, str]) -> str:
    return names.get(person, "") if person else ""


def _acceptance(facts: Facts) -> dict[str, Any]:
    """The acceptance that counts, or the last one that did."""
    if facts.acceptance is not None:
        try:
            is_current = facts.acceptance.version_id == current_aup().pk
        except AupVersion.DoesNotExist:
            is_current = True
        return {"counts": facts.acceptance, "is_current": is_current}
    rows = AupAcceptance.objects.filter(account=facts.account.pk, withdrawn_at__isnull=False)
    last = rows.select_related("version").order_by("-withdrawn_at").first()
    if last is None:
        return {}
    because = WithdrawnBecause(last.withdrawn_because).label if last.withdrawn_because else ""
    return {"withdrawn": last, "by": _who(last.withdrawn_by, names_of([last.withdrawn_by])), "because": because}


def _sessions(facts: Facts) -> str:
    """How many sessions would pass now. Counted to a limit: an account may have a hundred thousand."""
    if facts.account.status not in MAY_SIGN_IN:
        return "0"
    idle = timedelta(minutes=settings.RESECURE.session_idle_minutes)
    found = sessions.live(facts.account, now=facts.now, idle=idle).order_by()[: MANY + 1].count()
    return _("more than %(many)d") % {"many": MANY} if found > MANY else str(found)


def _history(found: Account, grants: list[RoleGrant]) -> list[tuple[datetime, str, str]]:
    """The last records about the account: when, the sentence, and what belongs to it. Of its time in organisations
    that the reader may not see, nothing."""
    scope = visible_scope(grants)
    rows = list(Record.objects.filter(target=found.pk).order_by("-at", "-id")[: HISTORY * 5])
    seen = [each for each in rows if is_visible(each.organisation_path, scope)][:HISTORY]
    names = names_within(scope, [each for row in seen for each in (row.actor, row.target)])
    return [(each.at, sentence(each, names=names), more(each)) for each in seen]
