"""What an organisation sets about watching, and about when a second person must approve."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from resecure.policy.setting_kinds import Area, Number, Setting, Several, YesNo

WATCHING = Area("watching", _("Watching"))
APPROVING = Area("approving", _("A second person"))
_UNSEEN = _("More of it goes on before anybody looks.")
_ALONE = _("One administrator alone, or a thief of their session, can do more of it.")
# So high that it is never reached: how a rule is switched off.
NEVER = 100_000


def _watched(key: str, label: Any, sentence: Any, default: int) -> Number:
    return Number(
        key=key,
        area=WATCHING,
        label=label,
        sentence=sentence,
        default=default,
        least=1,
        most=NEVER,
        unit="times",
        looser_is="above",
        costs=_UNSEEN,
    )


def _second(key: str, label: Any, sentence: Any, default: int) -> Number:
    return Number(
        key=key,
        area=APPROVING,
        label=label,
        sentence=sentence,
        default=default,
        least=1,
        most=NEVER,
        unit="times",
        looser_is="above",
        costs=_ALONE,
    )


WATCH_ADMINISTRATOR = _watched(
    "watch_administrator_per_hour",
    _("Resecures by one administrator within an hour"),
    _("When one administrator has resecured so many accounts within an hour, there is an alert."),
    5,
)
WATCH_ACCOUNT = _watched(
    "watch_account_per_month",
    _("Resecures of one account within 30 days"),
    _("When one account was resecured so many times within 30 days, there is an alert."),
    3,
)
WATCH_ORGANISATION = _watched(
    "watch_organisation_per_hour",
    _("Resecures in one organisation within an hour"),
    _("When so many accounts of one organisation were resecured within an hour, there is an alert."),
    20,
)
WATCH_FIRST = YesNo(
    key="watch_first_resecure",
    area=WATCHING,
    label=_("Alert at an administrator's first resecure"),
    sentence=_("The first time that an administrator resecures anybody, there is an alert."),
    default=True,
    looser_is=False,
    costs=_("A role that somebody granted themselves is used unseen."),
)
WATCH_REPEAT = Number(
    key="watch_repeat_days",
    area=WATCHING,
    label=_("Days within which a resecure is a repeated one"),
    sentence=_("When an account is resecured again within so many days, there is an alert."),
    default=7,
    least=1,
    most=90,
    unit="days",
    looser_is="below",
    costs=_("Whoever tries it a second time has to wait less long to stay unseen."),
)
WATCH_CONTACT = Number(
    key="watch_contact_change_hours",
    area=WATCHING,
    label=_("Hours after a confirmation in which a change of contact is watched"),
    sentence=_("When a mobile number changes within so many hours after its owner was identified, there is an alert."),
    default=24,
    least=1,
    most=720,
    unit="hours",
    looser_is="below",
    costs=_("A thief who was let in changes the number unseen a little later."),
)
HOURS_FROM = Number(
    key="watch_hours_from",
    area=WATCHING,
    label=_("The working day begins at the hour"),
    sentence=_("A resecure before this hour is out of hours, and there is an alert. The time zone is the service's."),
    default=7,
    least=0,
    most=23,
    looser_is="below",
    costs=_UNSEEN,
)
HOURS_UNTIL = Number(
    key="watch_hours_until",
    area=WATCHING,
    label=_("The working day ends at the hour"),
    sentence=_("A resecure from this hour on is out of hours, and there is an alert. 24 is midnight."),
    default=19,
    least=1,
    most=24,
    looser_is="above",
    costs=_UNSEEN,
)
DAYS = Several(
    key="watch_days",
    area=WATCHING,
    label=_("Working days"),
    sentence=_("A resecure on any other day is out of hours, and there is an alert."),
    default=frozenset("12345"),
    choices={
        "1": _("Monday"),
        "2": _("Tuesday"),
        "3": _("Wednesday"),
        "4": _("Thursday"),
        "5": _("Friday"),
        "6": _("Saturday"),
        "7": _("Sunday"),
    },
    looser_is="more",
    costs=_UNSEEN,
)
APPROVE_ADMINISTRATOR = _second(
    "approve_administrator_per_hour",
    _("Resecures by one administrator within an hour, then a second person"),
    _("After so many resecures within an hour, each further one by the same administrator needs a second person."),
    20,
)
APPROVE_ACCOUNT = _second(
    "approve_account_per_month",
    _("Resecures of one account within 30 days, then a second person"),
    _("After so many times within 30 days, each further resecure of the account needs a second person."),
    5,
)
APPROVE_ORGANISATION = _second(
    "approve_organisation_per_hour",
    _("Resecures in one organisation within an hour, then a second person"),
    _("After so many resecures within an hour, each further one in the organisation needs a second person."),
    60,
)
APPROVE_ON_CAUTION = YesNo(
    key="approve_on_caution",
    area=APPROVING,
    label=_("A second person while a caution stands"),
    sentence=_("As long as a caution stands on an account, a second person is needed for it."),
    default=False,
    looser_is=False,
    costs=_("The same caller finds another administrator who believes them."),
)
APPROVE_ALWAYS = YesNo(
    key="approve_always",
    area=APPROVING,
    label=_("A second person every time"),
    sentence=_("Every resecure, and every reset of a password that needs a confirmation, needs a second person."),
    default=False,
    looser_is=False,
    costs=_ALONE,
)

WATCHING_SETTINGS: tuple[Setting[Any], ...] = (
    WATCH_ADMINISTRATOR,
    WATCH_ACCOUNT,
    WATCH_ORGANISATION,
    WATCH_FIRST,
    WATCH_REPEAT,
    WATCH_CONTACT,
    HOURS_FROM,
    HOURS_UNTIL,
    DAYS,
    APPROVE_ADMINISTRATOR,
    APPROVE_ACCOUNT,
    APPROVE_ORGANISATION,
    APPROVE_ON_CAUTION,
    APPROVE_ALWAYS,
)
