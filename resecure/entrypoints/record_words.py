"""Records as sentences: who, whom, what, and the details in plain words. For pages, API and exports alike.

A new detail gets one line in ``_WORDS``, a new reason one in ``REASONS``. What stands in neither is left out of the
sentence, or shown as its code with spaces; the record itself keeps it, and the JSON export shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from resecure.audit.events import SENTENCES, Event
from resecure.audit.models import Record
from resecure.identity.accounts import SYSTEM, Status
from resecure.identity.confirmations import Method
from resecure.identity.contacts import Kind
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleName
from resecure.identity.second_factors import RECOVERY_CODE, FactorKind
from resecure.policy.actions import BUTTONS
from resecure.policy.roles import Permission

Words = Mapping[str, "str | Promise"]
# What can be asked for and has no button.
OPERATIONS: Words = {
    **{permission.value: text for permission, text in BUTTONS.items()},
    Permission.VIEW_ACCOUNT.value: gettext_lazy("Look at the account"),
    Permission.VIEW_AUDIT.value: gettext_lazy("Read the audit"),
    Permission.CREATE_ACCOUNT.value: gettext_lazy("Create account"),
    Permission.CONFIRM_IDENTITY.value: gettext_lazy("Confirm identity"),
    Permission.LIFT_AUTHENTICATION_LOCK.value: gettext_lazy("Allow Authenticate User again"),
    Permission.SET_ORGANISATION_POLICY.value: gettext_lazy("Set policy"),
    Permission.GRANT_ROLE.value: gettext_lazy("Grant role"),
    Permission.WITHDRAW_ROLE.value: gettext_lazy("Withdraw role"),
    Permission.REGISTER_APPLICATION.value: gettext_lazy("Manage applications"),
    Permission.APPROVE.value: gettext_lazy("Approve"),
    Permission.VIEW_ALERTS.value: gettext_lazy("Read alerts"),
    Permission.ACKNOWLEDGE_ALERT.value: gettext_lazy("Acknowledge an alert"),
    "sign_in": gettext_lazy("Sign in"),
    "confirm_contact": gettext_lazy("Confirm a new address or number"),
    "sign_in_to_application": gettext_lazy("Sign in to an application"),
    "publish_aup": gettext_lazy("Publish the acceptable use policy"),
}
REASONS: Words = {
    "among_the_last": gettext_lazy("the organisation would keep too few administrators"),
    "address_taken": gettext_lazy("another account has this address"),
    "application_not_for_organisation": gettext_lazy("the application is not for their organisation"),
    "acknowledged_before": gettext_lazy("somebody else had acknowledged it"),
    "approval_over": gettext_lazy("it did not wait any more"),
    "approval_overtaken": gettext_lazy("something had changed since it was asked"),
    "always": gettext_lazy("the organisation wants a second person every time"),
    "caution": gettext_lazy("somebody could not confirm a caller lately"),
    "contact_changed_lately": gettext_lazy("a contact was changed lately"),
    "many_by_administrator": gettext_lazy("many resecures by this administrator"),
    "many_in_organisation": gettext_lazy("many resecures in this organisation"),
    "many_of_account": gettext_lazy("many resecures of this account"),
    "not_your_request": gettext_lazy("somebody else had asked for it"),
    "own_alert": gettext_lazy("it was about what they did themselves, or their own account"),
    "own_request": gettext_lazy("they had asked for it themselves"),
    "held_a_role_lately": gettext_lazy("the person held an administrator role until lately"),
    "role_by_who_asked": gettext_lazy("their role came from who asked, a short while ago"),
    "role_of_who_asked_by_you": gettext_lazy("they had given who asked their role, a short while ago"),
    "second_factor_changed_lately": gettext_lazy("the second factor was changed lately"),
    "standing_too_low": gettext_lazy("their role stands too low"),
    "target_holds_a_role": gettext_lazy("the person holds an administrator role"),
    "second_factor_too": gettext_lazy("the second factor goes too"),
    "aup_changed": gettext_lazy("the policy had changed meanwhile"),
    "aup_not_accepted": gettext_lazy("the policy is not accepted"),
    "change_must_be_required": gettext_lazy("the password must be changed at the next sign-in"),
    "changed_meanwhile": gettext_lazy("somebody else had acted meanwhile"),
    "confirmation_not_valid": gettext_lazy("the confirmation did not count"),
    "confirmation_required": gettext_lazy("nobody had confirmed who the person is"),
    "equal_or_higher_standing": gettext_lazy("the person's role is as high or higher"),
    "idempotency_key_reused": gettext_lazy("the request repeated the key of another"),
    "last_second_factor": gettext_lazy("it was the last one of an administrator"),
    "kind_has_no_secret": gettext_lazy("this kind of application has no secret"),
    "no_second_factor": gettext_lazy("the account has no second factor"),
    "not_active": gettext_lazy("the account was not active"),
    "not_found": gettext_lazy("unknown, or outside their organisations"),
    "not_signed_in": gettext_lazy("their session was over"),
    "nothing_to_close": gettext_lazy("it was answered or closed meanwhile"),
    "not_this_step": gettext_lazy("it was not the turn of this step"),
    "organisation_out_of_reach": gettext_lazy("the organisation is unknown, or outside their role"),
    "own_account": gettext_lazy("it was their own account"),
    "password_and_second_factor": gettext_lazy("they had reset the other of password and second factor lately"),
    "password_too_short_alone": gettext_lazy("the password is too short to stand alone"),
    "policy_not_published": gettext_lazy("no acceptable use policy was published"),
    "proved_by_what_was_forgotten": gettext_lazy("the forgotten secret cannot be the proof"),
    "reaches_too_far": gettext_lazy("the role would reach further than their own"),
    "reason_missing": gettext_lazy("no reason was given"),
    "resecure_unfinished": gettext_lazy("an earlier resecure was not finished"),
    "role_does_not_allow": gettext_lazy("their role does not allow it"),
    "role_held": gettext_lazy("the role was held already"),
    "role_not_held": gettext_lazy("the role was not held"),
    "role_not_yours_to_give": gettext_lazy("the role is not theirs to give"),
    "second_factor_needed": gettext_lazy("no second factor was given lately"),
    "status_does_not_allow": gettext_lazy("the status of the account does not allow it"),
    "too_many_second_factors": gettext_lazy("there are too many already"),
    "too_late": gettext_lazy("it was too late for that"),
    "typing_not_allowed": gettext_lazy("only generated passwords are allowed"),
}
_STEPS: Words = {
    "second_factor": gettext_lazy("second factor"),
    "add_second_factor": gettext_lazy("adding a second factor"),
    "new_password": gettext_lazy("new password"),
    "aup": gettext_lazy("acceptable use policy"),
    "profile": gettext_lazy("profile"),
    "account_secret": gettext_lazy("account secret"),
}
_KINDS: Words = {
    **{each.value: each.label for each in FactorKind},
    RECOVERY_CODE: gettext_lazy("Recovery code"),
}


def _one(words: Words) -> Callable[[Any], str]:
    return lambda value: str(words.get(value, str(value).replace("_", " ")))


def _several(words: Words) -> Callable[[Any], str]:
    return lambda value: ", ".join(_one(words)(each) for each in value) if isinstance(value, list) else ""


_status = _one({each.value: each.label for each in Status})
_role = _one({each.value: each.label for each in RoleName})
_plain = _one({})
# Each detail that helps a reader, in the order in which they are said: its words, and how its value is spelt.
_WORDS: Mapping[str, tuple[str | Promise, Callable[[Any], str]]] = {
    "reasons": (gettext_lazy("because %(value)s"), _several(REASONS)),
    "because": (gettext_lazy("because: %(value)s"), _one({each.value: each.label for each in Trigger})),
    "kind": (gettext_lazy("%(value)s"), lambda value: str(_KINDS.get(value, ""))),
    "needs": (gettext_lazy("a second person is needed: %(value)s"), _several(REASONS)),
    "reason": (gettext_lazy("reason: %(value)s"), str),
    "method": (gettext_lazy("confirmed by: %(value)s"), _one({each.value: each.label for each in Method})),
    "reference": (gettext_lazy("reference %(value)s"), str),
    "said": (gettext_lazy("“%(value)s”"), str),
    "role": (gettext_lazy("%(value)s"), _role),
    "organisation": (gettext_lazy("in %(value)s"), str),
    "name": (gettext_lazy("application %(value)s"), str),
    "before": (gettext_lazy("was %(value)s"), _status),
    "after": (gettext_lazy("is now %(value)s"), _status),
    "left": (gettext_lazy("left %(value)s"), str),
    "joined": (gettext_lazy("joined %(value)s"), str),
    "step": (gettext_lazy("step: %(value)s"), _one(_STEPS)),
    "owed": (gettext_lazy("still to do: %(value)s"), _several(_STEPS)),
    "contact": (gettext_lazy("%(value)s"), _one({each.value: each.label for each in Kind})),
    "changed": (gettext_lazy("changed: %(value)s"), _several({})),
    "version": (gettext_lazy("version %(value)s"), str),
    "wrong_passwords": (gettext_lazy("after %(value)s wrong passwords"), str),
    "roles_ended": (gettext_lazy("roles that ended: %(value)s"), str),
    "change_not_required_because": (gettext_lazy("no change required, because: %(value)s"), str),
    "format": (gettext_lazy("as %(value)s"), lambda value: str(value).upper()),
    "accounts": (gettext_lazy("accounts: %(value)s"), str),
    "records": (gettext_lazy("records: %(value)s"), str),
    "deliveries": (gettext_lazy("messages: %(value)s"), str),
    "application": (gettext_lazy("application: %(value)s"), str),
    "closed_because": (gettext_lazy("closed, because: %(value)s"), str),
    "note": (gettext_lazy("note: %(value)s"), str),
    "removed": (gettext_lazy("second factors taken away: %(value)s"), str),
    "from": (gettext_lazy("from %(value)s"), str),
}


def details_of(record: Record) -> dict[str, Any]:
    """What the record holds besides, as it was stored."""
    found = json.loads(record.details)
    return found if isinstance(found, dict) else {"details": found}


def sentence(record: Record, *, names: Mapping[UUID, str]) -> str:
    """Who did what to whom. ``names``: of those whom the reader may see; everybody else has none here, and an
    account that does not exist reads like one out of scope."""
    if record.event == Event.OPERATION_REFUSED and (asked := details_of(record).get("operation")):
        whole = (
            _("{actor} asked for “{what}” for {target} and was refused")
            if record.target and record.target != record.actor
            else _("{actor} asked for “{what}” and was refused")
        ).replace("{what}", _one({**OPERATIONS, **_events()})(asked))
    elif record.event == Event.AUDIT_EXPORTED and record.target:
        whole = _("{actor} exported what is on record about {target}")
    else:
        try:
            whole = str(SENTENCES[Event(record.event)])
        except ValueError:
            # Of a later version: shown as it is rather than not at all.
            whole = _("{actor}: {what}").replace("{what}", record.event.replace("_", " "))
    first = whole.startswith("{actor}")
    actor = _name(record.actor, names, first=first, nobody=_("The service") if first else _("the service"))
    begins = whole.startswith("{target}")
    target = _name(record.target, names, first=begins, nobody=_("Somebody") if begins else _("somebody unknown"))
    # Replaced, never formatted, and both at once: a name that holds braces is a name.
    parts = whole.split("{actor}")
    return actor.join(part.replace("{target}", target) for part in parts)


def _name(person: UUID | None, names: Mapping[UUID, str], *, first: bool, nobody: str) -> str:
    if person is None:
        return nobody
    if person == SYSTEM:
        return _("The service") if first else _("the service")
    outside = _("Somebody outside your organisations") if first else _("somebody outside your organisations")
    return names.get(person) or outside


def _events() -> Words:
    return {each.value: each.value.replace("_", " ") for each in Event}


def more(record: Record) -> str:
    """The details in plain words, those that are known by name; empty when there are none."""
    details = details_of(record)
    parts = []
    for name, (words, spelt) in _WORDS.items():
        value = details.get(name)
        if value in (None, "", [], False) or value is True or isinstance(value, dict):
            continue
        if said := spelt(value):
            parts.append(str(words).replace("%(value)s", said))
    return "; ".join(parts)
