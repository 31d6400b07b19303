"""Set the policy of an organisation: what it, and everything below it, asks for beyond what the service does."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.organisations import Organisation, by_code, policies_on
from resecure.identity.roles import held_by
from resecure.operations.shared.frame import RECORDED, insist_proven, insist_still_acting, record_refusal
from resecure.policy.actions import permissions_at
from resecure.policy.organisation_policy import OrganisationPolicy, changed
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.policy.roles import Permission


def set_organisation_policy(code: str, *, settings: Mapping[str, object | None], by: Account) -> OrganisationPolicy:
    """Afterwards these settings count in the organisation and below it, from the next request on: None takes one
    back, what is not named stays. Returns what counts there now. The record holds each change, old and new.

    Raises Invalid with every error, Refused, NotFound, NotSignedIn, SecondFactorNeeded.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            insist_still_acting(by)
            at = _may_be_set(code, by=by)
            insist_proven(by)
            Organisation.objects.select_for_update(no_key=True).get(pk=at.pk)  # (1) two at once: one after the other
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
            return OrganisationPolicy.at(at.path)
    except RECORDED as refusal:
        record_refusal(refusal, account=None, by=by, now=now, asked=Permission.SET_ORGANISATION_POLICY.value)
        raise


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
