"""What is watched: each rule with what it counts, its threshold, and above which count a second person is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from resecure.identity.activity import DAY, HOUR, MONTH, Activity
from resecure.identity.alerts import AlertKind
from resecure.policy.organisation_policy import OrganisationPolicy
from resecure.policy.setting_kinds import Number
from resecure.policy.watching_settings import (
    APPROVE_ACCOUNT,
    APPROVE_ADMINISTRATOR,
    APPROVE_ORGANISATION,
    DAYS,
    HOURS_FROM,
    HOURS_UNTIL,
    WATCH_ACCOUNT,
    WATCH_ADMINISTRATOR,
    WATCH_CONTACT,
    WATCH_FIRST,
    WATCH_ORGANISATION,
    WATCH_REPEAT,
)


class About(StrEnum):
    """What a rule counts for: alerts of one kind about the same are raised once in its window."""

    ADMINISTRATOR = "actor"
    ACCOUNT = "account"
    ORGANISATION = "organisation_path"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. ``measured`` counts what came before this resecure; the alert comes when, with it, ``limit`` is
    reached. ``second``: the setting above which the next one needs a second person."""

    kind: AlertKind
    about: About
    limit: Number
    measured: Callable[[Activity], int]
    sentence: str | Promise
    quiet: timedelta
    second: Number
    needed: str | Promise


VELOCITY = (
    Rule(
        kind=AlertKind.MANY_BY_ADMINISTRATOR,
        about=About.ADMINISTRATOR,
        limit=WATCH_ADMINISTRATOR,
        measured=lambda activity: activity.by_administrator,
        sentence=_("%(count)d resecures by one administrator within an hour; %(limit)d are watched."),
        quiet=HOUR,
        second=APPROVE_ADMINISTRATOR,
        needed=_(
            "This administrator resecured %(count)d accounts within the last hour; from %(limit)d on, each further one "
            "needs a second person."
        ),
    ),
    Rule(
        kind=AlertKind.MANY_OF_ACCOUNT,
        about=About.ACCOUNT,
        limit=WATCH_ACCOUNT,
        measured=lambda activity: activity.of_account,
        sentence=_("%(count)d resecures of one account within 30 days; %(limit)d are watched."),
        quiet=MONTH,
        second=APPROVE_ACCOUNT,
        needed=_(
            "This account was resecured %(count)d times within the last 30 days; from %(limit)d on, each further time "
            "needs a second person."
        ),
    ),
    Rule(
        kind=AlertKind.MANY_IN_ORGANISATION,
        about=About.ORGANISATION,
        limit=WATCH_ORGANISATION,
        measured=lambda activity: activity.in_organisation,
        sentence=_("%(count)d resecures in one organisation within an hour; %(limit)d are watched."),
        quiet=HOUR,
        second=APPROVE_ORGANISATION,
        needed=_(
            "In this organisation %(count)d accounts were resecured within the last hour; from %(limit)d on, each "
            "further one needs a second person."
        ),
    ),
)
SENTENCES: dict[str, str | Promise] = {
    **{rule.kind.value: rule.sentence for rule in VELOCITY},
    AlertKind.OUT_OF_HOURS.value: _("At %(at)s; the hours of the organisation are %(hours)s."),
    AlertKind.POLICY_LOOSENED.value: _("In %(organisation)s: %(settings)s."),
    AlertKind.FIRST_BY_ADMINISTRATOR.value: _("This administrator had resecured nobody before."),
    AlertKind.REPEATED.value: _("Days since the last time: %(days)d. Fewer than %(limit)d are watched."),
    AlertKind.CONTACT_CHANGED.value: _(
        "Hours since an administrator had confirmed who the person is: %(hours)d. Fewer than %(limit)d are watched."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """One thing to raise an alert for: what, about what, with which numbers, and how long it is then quiet."""

    kind: AlertKind
    about: About
    details: dict[str, Any]
    quiet: timedelta


def noticed(activity: Activity, *, now: datetime, by_service: bool = False) -> list[Noticed]:
    """What a resecure that happens now makes noticeable. ``by_service``: done by the console's account, which many
    operators share: nothing is counted for it."""
    policy, found = OrganisationPolicy(activity.policies), []
    for rule in VELOCITY:
        limit, count = policy.of(rule.limit), rule.measured(activity) + 1
        if count >= limit and not (by_service and rule.about is About.ADMINISTRATOR):
            found.append(
                Noticed(kind=rule.kind, about=rule.about, details={"count": count, "limit": limit}, quiet=rule.quiet)
            )
    if not is_within_hours(policy, now):
        there = timezone.localtime(now)
        details = {"at": there.strftime("%H:%M"), "day": there.isoweekday(), "hours": hours_of(policy)}
        found.append(
            Noticed(kind=AlertKind.OUT_OF_HOURS, about=About.ADMINISTRATOR, details=details, quiet=timedelta(hours=12))
        )
    if activity.administrator_is_new and policy.of(WATCH_FIRST) and not by_service:
        found.append(
            Noticed(kind=AlertKind.FIRST_BY_ADMINISTRATOR, about=About.ADMINISTRATOR, details={}, quiet=timedelta(0))
        )
    days = policy.of(WATCH_REPEAT)
    if activity.last_of_account is not None and now - activity.last_of_account < timedelta(days=days):
        passed = (now - activity.last_of_account).days
        found.append(
            Noticed(
                kind=AlertKind.REPEATED,
                about=About.ACCOUNT,
                details={"days": passed, "limit": days},
                quiet=timedelta(0),
            )
        )
    return found


def noticed_of_contact_change(
    policy: OrganisationPolicy, *, confirmed_at: datetime | None, now: datetime
) -> Noticed | None:
    """What a change of a contact now makes noticeable: somebody was identified a short while ago. Whoever talks an
    administrator into believing them wants the next code to come to their own telephone."""
    hours = policy.of(WATCH_CONTACT)
    if confirmed_at is None or now - confirmed_at >= timedelta(hours=hours):
        return None
    passed = int((now - confirmed_at) / HOUR)
    return Noticed(
        kind=AlertKind.CONTACT_CHANGED,
        about=About.ACCOUNT,
        details={"hours": passed, "limit": hours},
        quiet=DAY,
    )


def is_within_hours(policy: OrganisationPolicy, now: datetime) -> bool:
    """Whether this is an hour and a day at which the organisation works, in the time zone of the service."""
    there = timezone.localtime(now)
    if str(there.isoweekday()) not in policy.of(DAYS):
        return False
    return policy.of(HOURS_FROM) <= there.hour < policy.of(HOURS_UNTIL)


def hours_of(policy: OrganisationPolicy) -> str:
    """The hours as people write them."""
    return f"{policy.of(HOURS_FROM):02}:00–{policy.of(HOURS_UNTIL):02}:00"


def said(kind: str, details: Mapping[str, Any]) -> str:
    """The sentence of an alert with its numbers; nothing where its kind says all."""
    words = SENTENCES.get(kind)
    try:
        return str(words) % details if words else ""
    except (KeyError, TypeError):
        return ""
