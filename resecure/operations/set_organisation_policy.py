"""Set the policy of an organisation: what it, and everything below it, asks for beyond what the service does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.identity.organisations import Organisation, by_code, policies_on
from resecure.identity.roles import held_by
from resecure.operations.shared.frame import RECORDED, insist_proven, insist_still_acting, record_refusal
from resecure.policy.actions import permissions_at
from resecure.policy.organisation_policy import SETTINGS, OrganisationPolicy, changed
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.policy.setting_kinds import Setting


def set_organisation_policy(code: str, *, settings: Mapping[str, object | None], by: Account) -> OrganisationPolicy:
    """Afterwards these settings count in the organisation and below it, from the next request on: None takes one
    back, what is not named stays. Returns what counts there now. The record holds each change, old and new; where it
    protects less than before, there is an alert.

    Raises Invalid with every error, Refused, NotFound, NotSignedIn, SecondFactorNeeded.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            insist_still_acting(by)
            at = _may_be_set(code, by=by)
            insist_proven(by)
            Organisation.objects.select_for_update(no_key=True).get(pk=at.pk)  # (1) two at once: one after the other
            before = OrganisationPolicy.at(at.path)
            made = changed(policies_on(at.path), dict(settings))  # (2) every error, before anything is written
            if made.changes:
                Organisation.objects.filter(pk=at.pk).update(policy=made.policy)
                record.append(
                    Event.ORGANISATION_POLICY_SET,
                    actor=by.pk,
                    target=None,
                    organisation_path=at.path,
                    at=now,
                    details={"organisation": at.code, "changes": {k: list(v) for k, v in made.changes.items()}},
                )
            after = OrganisationPolicy.at(at.path)
            if looser := [key for key, each in SETTINGS.items() if _is_looser(each, before=before, after=after)]:
                # (3) Whoever wants to act unseen begins here: those who watch hear of it, and not only the record.
                named = ", ".join(key.replace("_", " ") for key in looser)
                raise_alert(
                    AlertKind.POLICY_LOOSENED,
                    account=None,
                    actor=by.pk,
                    organisation_path=at.path,
                    at=now,
                    details={"organisation": at.code, "settings": named},
                )
            return after
    except RECORDED as refusal:
        record_refusal(refusal, account=None, by=by, now=now, asked=Permission.SET_ORGANISATION_POLICY.value)
        raise


def _is_looser(setting: Setting[Any], *, before: OrganisationPolicy, after: OrganisationPolicy) -> bool:
    """Whether what counts now lets through something that was not let through before."""
    now_counts = after.of(setting)
    return bool(setting.stricter(before.of(setting), now_counts) != now_counts)


def look_at_organisation_policy(code: str, *, by: Account) -> tuple[Organisation, OrganisationPolicy]:
    """The organisation and what counts there, for whoever may set it. Raises Refused and NotFound, on record."""
    try:
        at = _may_be_set(code, by=by)
    except (Refused, NotFound) as refusal:
        asked = Permission.SET_ORGANISATION_POLICY.value
        record_refusal(refusal, account=None, by=by, now=timezone.now(), asked=asked)
        raise
    return at, OrganisationPolicy.at(at.path)


def _may_be_set(code: str, *, by: Account) -> Organisation:
    at = by_code(code)
    allowed = permissions_at(at.path if at else "", held_by(by.pk)[by.pk], by=by)
    if at is None or Permission.VIEW_ACCOUNT not in allowed:
        raise NotFound
    if Permission.SET_ORGANISATION_POLICY not in allowed:
        raise Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask a Primary Local Administrator of the organisation."),
            )
        )
    return at
