"""What the API shows of an account, read once and only for those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from resecure.entrypoints.api.problems import Forbidden
from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion, current_aup
from resecure.identity.confirmations import Method
from resecure.identity.contacts import Kind
from resecure.identity.organisations import Organisation
from resecure.identity.pending_contacts import pending
from resecure.identity.roles import RoleGrant, held_by
from resecure.policy.actions import BUTTONS, Facts, reasons_not_to, visible_scope
from resecure.policy.confirmation_methods import RULES, number_for, reasons_against

Scope = Sequence[tuple[str, bool]]


def scope_of(me: Account) -> Scope:
    """The places whose accounts they may see. Raises Forbidden for somebody who may see none."""
    scope = visible_scope(held_by(me.pk)[me.pk])
    if not scope:
        raise Forbidden("no_administrator_role")
    return scope


def within(scope: Scope) -> Q:
    """The condition on accounts that a scope is."""
    return reduce(
        or_, [Q(organisation_path__startswith=path) if below else Q(organisation_path=path) for path, below in scope]
    )


def organisation_of(organisation: Organisation) -> dict[str, str]:
    """The code and name of one."""
    return {"code": organisation.code, "name": organisation.name}


def roles_of(grants: list[RoleGrant]) -> list[dict[str, Any]]:
    """The roles that are held, each with where."""
    return [
        {
            "id": grant.pk,
            "role": grant.role,
            "organisation": organisation_of(grant.organisation),
            "reaches_children": grant.reaches_children,
            "granted_at": grant.granted_at,
        }
        for grant in grants
    ]


def whole(facts: Facts) -> dict[str, Any]:
    """The account as its page shows it, with every action and each reason why it is not possible now."""
    account = facts.account
    idle = timedelta(minutes=settings.RESECURE.session_idle_minutes)
    names = _names(account.created_by, account.updated_by)
    return {
        "id": account.pk,
        "address": account.address,
        "given_name": account.given_name,
        "family_name": account.family_name,
        "job_title": account.job_title,
        "mobile": account.mobile,
        "organisation": organisation_of(account.organisation),
        "status": account.status,
        "status_since": account.status_since,
        "generation": account.generation,
        "created_at": account.created_at,
        "created_by": names.get(account.created_by),
        "updated_at": account.updated_at,
        "updated_by": names.get(account.updated_by),
        "last_sign_in_at": account.last_sign_in_at,
        "aup": _agreement(facts),
        "account_secret_set": account.has_secret,
        "awaiting_temporary_password": facts.awaits_temporary_password,
        "temporary_password_expires_at": _expiry(account),
        "live_sessions": sessions.live(account, now=facts.now, idle=idle).count(),
        "roles": roles_of(facts.target_grants),
        "resecuring": facts.resecuring.pk if facts.resecuring else None,
        "confirmation_methods": {method.value: _method(method, facts) for method in RULES},
        "caution": _caution(facts),
        "actions": {permission.value: _action(reasons_not_to(permission, facts)) for permission in BUTTONS},
    }


def _method(method: Method, facts: Facts) -> dict[str, Any]:
    reasons = reasons_against(method, facts)
    whose = None if reasons else number_for(method, facts)
    return {
        **_action(reasons),
        "number": whose.mobile if whose else None,
        "of": whose.name if whose and whose.pk != facts.account.pk else None,
    }


def _caution(facts: Facts) -> dict[str, Any] | None:
    if not facts.cautions:
        return None
    names = _names(*(each.by for each in facts.cautions))
    unsure = [{"name": names[each.by]["name"] if each.by in names else "", "at": each.at} for each in facts.cautions]
    return {"until": max(each.until for each in facts.cautions), "unsure": unsure}


def state_of(account: UUID) -> dict[str, Any]:
    """What an operation left behind."""
    found = Account.objects.only("status", "generation").get(pk=account)
    return {"id": account, "status": found.status, "generation": found.generation}


def _expiry(account: Account) -> datetime | None:
    return account.temporary_password_expires_at if account.password_is_temporary else None


def _names(*accounts: UUID | None) -> dict[UUID | None, dict[str, Any]]:
    found = Account.objects.filter(pk__in=[each for each in accounts if each])
    return {each.pk: {"id": each.pk, "name": each.name} for each in found}


def _agreement(facts: Facts) -> dict[str, Any]:
    accepted = facts.acceptance
    if accepted is None:
        return {"state": "not_accepted", "version": None, "accepted_at": None}
    try:
        current = accepted.version_id == current_aup().pk
    except AupVersion.DoesNotExist:
        current = False
    return {
        "state": "accepted" if current else "older_version_accepted",
        "version": accepted.version.version,
        "accepted_at": accepted.accepted_at,
    }


def _action(reasons: list[Any]) -> dict[str, Any]:
    return {
        "allowed": not reasons,
        "reasons": [{"code": each.code, "text": each.text, "instead": each.instead} for each in reasons],
    }


def me_out(account: Account, *, session: UUID) -> dict[str, Any]:
    """Who is signed in, as they see themselves."""
    waits = pending(account)
    return {
        "id": account.pk,
        "address": account.address,
        "given_name": account.given_name,
        "family_name": account.family_name,
        "job_title": account.job_title,
        "mobile": account.mobile,
        "language": account.language,
        "address_not_confirmed": waits[Kind.ADDRESS].value if Kind.ADDRESS in waits else None,
        "mobile_not_confirmed": waits[Kind.MOBILE].value if Kind.MOBILE in waits else None,
        "organisation": organisation_of(account.organisation),
        "status": account.status,
        "roles": roles_of(held_by(account.pk)[account.pk]),
        "session": session,
    }


def me_again(account: Account, *, session: UUID) -> dict[str, Any]:
    """The same after a change."""
    return me_out(Account.objects.select_related("organisation").get(pk=account.pk), session=session)
