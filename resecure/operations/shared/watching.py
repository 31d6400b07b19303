"""Raising the alerts of the rules, in the transaction of what they are about: none is missed, none comes twice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from resecure.identity import alerts
from resecure.identity.accounts import Account
from resecure.identity.activity import Activity
from resecure.identity.confirmations import IdentityConfirmation
from resecure.operations.shared.frame import Frame
from resecure.policy.organisation_policy import OrganisationPolicy
from resecure.policy.watching import About, Noticed, noticed, noticed_of_contact_change


def to_raise(activity: Activity, frame: Frame, *, by: Account) -> list[Noticed]:
    """What this resecure makes noticeable and has no alert yet. One look more only where something is noticed; who is
    counted together waits for their turn (identity.activity), so that of two at once one sees the other's."""
    found = noticed(activity, now=frame.now, by_service=by.is_system)
    return [each for each in found if not _was_raised(each, frame.account, actor=by.pk, now=frame.now)]


def raise_all(found: list[Noticed], frame: Frame, *, by: Account) -> None:
    """Write them; within the queue of the operation's writes."""
    for each in found:
        alerts.raise_alert(
            each.kind,
            account=frame.account.pk,
            actor=by.pk,
            organisation_path=frame.account.organisation_path,
            at=frame.now,
            details=each.details,
        )


def watch_contact_change(account: Account, *, now: datetime) -> None:
    """The person's mobile or address changes in this transaction: an alert if they were identified by an administrator
    a short while ago. The caller holds the account's row lock."""
    made = IdentityConfirmation.objects.filter(account=account.pk, used_at__isnull=False)
    last = made.order_by("-created_at").values_list("created_at", "by").first()
    if last is None:
        return
    found = noticed_of_contact_change(OrganisationPolicy.at(account.organisation_path), confirmed_at=last[0], now=now)
    if found is None or _was_raised(found, account, actor=last[1], now=now):
        return
    alerts.raise_alert(
        found.kind,
        account=account.pk,
        actor=last[1],
        organisation_path=account.organisation_path,
        at=now,
        details=found.details,
    )


def _was_raised(each: Noticed, account: Account, *, actor: UUID, now: datetime) -> bool:
    if not each.quiet:
        return False
    # Each organisation hears of it: what was raised in one, perhaps by a looser policy, silences nothing in another.
    since, place = now - each.quiet, account.organisation_path
    if each.about is About.ADMINISTRATOR:
        return alerts.raised_since(each.kind, since, actor=actor, organisation_path=place)
    if each.about is About.ACCOUNT:
        return alerts.raised_since(each.kind, since, account=account.pk, organisation_path=place)
    return alerts.raised_since(each.kind, since, organisation_path=place)
