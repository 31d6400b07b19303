"""The methods by which a caller is confirmed, as data; and every reason why one does not count for an account now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from resecure.identity.accounts import ACTIVE_BASED, Account
from resecure.identity.confirmations import Document, Method
from resecure.policy.actions import Facts
from resecure.policy.organisation_policy import CHANNEL_AGE, METHODS
from resecure.policy.refusals import Refusal
from resecure.policy.roles import standing_of


@dataclass(frozen=True, kw_only=True)
class MethodRule:
    """One method: what an administrator does, what is written down beside the reference, what it is good for."""

    method: Method
    sentence: str | Promise
    records: tuple[str | Promise, ...] = ()
    documents: tuple[Document, ...] = ()
    # Good for a person who holds an administrator role, too: whoever takes one over takes over many.
    for_administrators: bool = False
    # Rests on the number on record of the person, or on that of their manager.
    number_of_person: bool = False
    number_of_manager: bool = False


RULES: dict[Method, MethodRule] = {
    rule.method: rule
    for rule in (
        MethodRule(
            method=Method.IN_PERSON,
            sentence=gettext_lazy("You see the person and a photo ID with the name of this account."),
            records=(gettext_lazy("which kind of photo ID, if it is said; never its number"),),
            documents=tuple(Document),
            for_administrators=True,
        ),
        MethodRule(
            method=Method.VIDEO_CALL,
            sentence=gettext_lazy("They hold up a photo ID and read back a code sent to the number on record."),
            records=(gettext_lazy("the last three digits of the number"),),
            for_administrators=True,
            number_of_person=True,
        ),
        MethodRule(
            method=Method.CALL_BACK,
            sentence=gettext_lazy("You hang up and ring the number on record, never one the caller gives."),
            records=(gettext_lazy("the last three digits of the number"),),
            number_of_person=True,
        ),
        MethodRule(
            method=Method.LINE_MANAGER,
            sentence=gettext_lazy("You ring the manager on the directory's number, and they know this person."),
            records=(gettext_lazy("which manager, and the last three digits of the number"),),
            number_of_manager=True,
        ),
        MethodRule(
            method=Method.ACCOUNT_SECRET,
            sentence=gettext_lazy("They gave the characters of their account secret that were asked for."),
        ),
    )
}


def reasons_against(method: Method, facts: Facts) -> list[Refusal]:
    """Every reason why this method proves nothing about this account now; an empty list if it does. The page lists
    them, and the write asks twice: when a confirmation is made, and when it is used."""
    rule, reasons = RULES[method], list[Refusal]()
    if method.value not in facts.policy.of(METHODS):
        reasons.append(
            Refusal("method_not_allowed", _("The organisation does not allow this way."), _("Choose another way."))
        )
    if standing_of(facts.target_grants) and not rule.for_administrators and not facts.by.is_system:
        reasons.append(
            Refusal(
                "method_not_for_administrators",
                _("The person holds an administrator role; this way is not enough for them."),
                _("See them in person, or on a video call."),
            )
        )
    if rule.number_of_person:
        reasons += _reasons_of_number(facts.account, facts)
    if rule.number_of_manager:
        reasons += _reasons_of_manager(facts)
    if method is Method.ACCOUNT_SECRET and not (facts.account.has_secret or facts.account.has_security_questions):
        reasons.append(Refusal("no_secret", _("No account secret is set."), _("Choose another way.")))
    return reasons


def usable(facts: Facts) -> dict[Method, list[Refusal]]:
    """Every method, with the reasons against it."""
    return {method: reasons_against(method, facts) for method in RULES}


def recorded(method: Method, facts: Facts, *, document: Document | None) -> dict[str, str]:
    """What is written down beside the reference: enough to ask back, too little to be a second directory."""
    rule, found = RULES[method], dict[str, str]()
    if document is not None and document in rule.documents:
        found["document"] = document.value
    if rule.number_of_person:
        found["number_ends"] = ending(facts.account)
    if rule.number_of_manager and facts.account.manager is not None:
        found |= {"manager": str(facts.account.manager.pk), "number_ends": ending(facts.account.manager)}
    return found


def number_for(method: Method, facts: Facts) -> Account | None:
    """Whose number on record this method rings; None where it rings none."""
    rule = RULES[method]
    return facts.account if rule.number_of_person else facts.account.manager if rule.number_of_manager else None


def ending(account: Account) -> str:
    """The last three digits of a number on record."""
    return account.mobile[-3:]


def _reasons_of_number(whose: Account, facts: Facts) -> list[Refusal]:
    """Whether the number on record of this person can be the proof: there is one, and it is not new."""
    if not whose.mobile:
        return [
            Refusal("no_number_on_record", _("There is no number on record."), _("Never use one the caller gives."))
        ]
    days = facts.policy.of(CHANNEL_AGE)
    if whose.mobile_changed_at is None or facts.now >= whose.mobile_changed_at + timedelta(days=days):
        return []
    return [
        Refusal(
            "number_changed_lately",
            ngettext(
                "The number on record was changed on %(date)s, and counts %(days)d day later at the earliest.",
                "The number on record was changed on %(date)s, and counts %(days)d days later at the earliest.",
                days,
            )
            % {"date": _date(whose.mobile_changed_at), "days": days},
            _("Choose another way."),
        )
    ]


def _reasons_of_manager(facts: Facts) -> list[Refusal]:
    manager = facts.account.manager
    if manager is None or manager.pk == facts.account.pk:
        return [Refusal("no_manager", _("No line manager is on record."), _("Choose another way."))]
    if manager.status not in ACTIVE_BASED:
        return [
            Refusal("manager_not_active", _("The account of the line manager is not active."), _("Choose another way."))
        ]
    if manager.pk == facts.by.pk:
        return [
            Refusal("manager_is_you", _("You are the line manager yourself."), _("Confirm them in person instead."))
        ]
    return _reasons_of_number(manager, facts)


def _date(moment: datetime) -> str:

    return date_format(timezone.localtime(moment), "j F Y")
