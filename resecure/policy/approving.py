"""When one person is not enough, who may be the second, and how an approval moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from resecure.identity import roles
from resecure.identity.accounts import Account
from resecure.identity.activity import DAY, Activity
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import Purpose
from resecure.identity.second_factors import has_one
from resecure.policy.actions import Facts, standing_for
from resecure.policy.organisation_policy import RESECURE_RESETS_FACTOR, OrganisationPolicy
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission, standing_of
from resecure.policy.watching import VELOCITY
from resecure.policy.watching_settings import APPROVE_ALWAYS, APPROVE_ON_CAUTION

# The operations that a second person can be needed for. Another one joins by a line here and one in ``approve``.
OPERATIONS: dict[Purpose, Permission] = {
    Purpose.RESECURE: Permission.RESECURE,
    Purpose.RESET_PASSWORD: Permission.RESET_PASSWORD,
}

# From when on a role that came from who asks makes its holder a second person for them.
ROLE_COUNTS = timedelta(days=7)


class ApprovalRequired(Refused):
    """Nothing has happened yet: a second person must approve, and has been asked. ``approval`` is what waits."""

    def __init__(self, approval: Approval, *reasons: Refusal) -> None:
        super().__init__(*reasons)
        self.approval = approval


@dataclass(frozen=True, kw_only=True)
class Need:
    """One reason why one person is not enough: a stable code, and the rule in words with its numbers."""

    code: str
    text: str


def needs_second(facts: Facts, activity: Activity, purpose: Purpose) -> list[Need]:
    """Every reason why a second person must approve; an empty list if none does. The service's own account, by which
    operators act at the console when nobody else can, needs none."""
    if facts.by.is_system:
        return []
    found, policy = [], OrganisationPolicy(activity.policies)
    if facts.target_grants:
        held = ", ".join(dict.fromkeys(str(each.get_role_display()) for each in facts.target_grants))
        found.append(
            Need(
                code="target_holds_a_role",
                text=_("The person holds an administrator role (%(roles)s); that always needs a second person.")
                % {"roles": held},
            )
        )
    found += _needs_of_changes(activity, facts)
    for rule in VELOCITY:
        limit = policy.of(rule.second)
        if rule.measured(activity) >= limit:
            numbers = {"count": rule.measured(activity), "limit": limit}
            found.append(Need(code=rule.kind.value, text=str(rule.needed) % numbers))
    if activity.not_confirmed_at is not None and policy.of(APPROVE_ON_CAUTION):
        found.append(
            Need(
                code="caution",
                text=_("An administrator could not confirm a caller for this account, and that caution still stands."),
            )
        )
    if purpose is Purpose.RESECURE and policy.of(RESECURE_RESETS_FACTOR) and has_one(facts.account.pk):
        found.append(
            Need(
                code="second_factor_too",
                text=_("It takes the second factor away together with the password; one person alone never does both."),
            )
        )
    if policy.of(APPROVE_ALWAYS):
        found.append(Need(code="always", text=_("The organisation wants a second person every time.")))
    return found


def _needs_of_changes(activity: Activity, facts: Facts) -> list[Need]:
    """What changed so short a while ago that who calls, or who asks, may be who changed it."""
    found = []
    if not facts.target_grants and lately(activity.role_ended_at, facts.now):
        # Otherwise whoever may withdraw the role would be enough: withdraw, resecure, grant it again.
        found.append(
            Need(
                code="held_a_role_lately",
                text=_("The person held an administrator role until less than 24 hours ago."),
            )
        )
    if lately(activity.contact_changed_at, facts.now):
        found.append(
            Need(
                code="contact_changed_lately",
                text=_("The mobile number or the address of the account was changed within the last 24 hours."),
            )
        )
    if lately(activity.second_factor_changed_at, facts.now):
        found.append(
            Need(
                code="second_factor_changed_lately",
                text=_("The second factor of the account was changed within the last 24 hours."),
            )
        )
    return found


def lately(changed_at: datetime | None, now: datetime) -> bool:
    """Whether it changed so short a while ago that a caller may be who changed it."""
    return changed_at is not None and now - changed_at < DAY


def ends_at(now: datetime, minutes: int) -> datetime:
    """Until when it can be decided and carried out. The confirmation is used up by asking, so that its own time cannot
    run out under the approval; this is the time that counts from then on."""
    return now + timedelta(minutes=minutes)


DONE = {ApprovalState.EXECUTED, ApprovalState.APPROVED}
OPERATIONS_BY_NAME = {purpose.value: permission for purpose, permission in OPERATIONS.items()}


def reasons_not_to_decide(approval: Approval, facts: Facts, *, asker: Facts, now: datetime) -> list[Refusal]:
    """Every reason why this person may not be the second one for it now. ``facts`` are theirs, ``asker`` those of who
    asked, both of the account it is about."""
    permission = OPERATIONS_BY_NAME[approval.operation]
    found = []
    if facts.by.pk == approval.asker:
        found.append(
            Refusal(
                "own_request",
                _("You asked for this yourself."),
                _("Another administrator must approve it. You can withdraw it."),
            )
        )
    if facts.by.pk == facts.account.pk:
        found.append(
            Refusal("own_account", _("This is about your own account."), _("Another administrator must decide."))
        )
    mine = min(standing_for(permission, facts), standing_for(Permission.APPROVE, facts))
    needed = max(standing_for(permission, asker), standing_of(facts.target_grants))
    if mine == 0:
        found.append(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask a Local Administrator of the organisation."),
            )
        )
    elif mine < needed:
        found.append(
            Refusal(
                "standing_too_low",
                _("Your role stands lower than that of who asked, or of the person it is about."),
                _("An administrator of an equal or higher role must decide."),
            )
        )
    elif facts.by.pk != approval.asker:
        found += _reasons_of_one_hand(permission, facts, asker, needed=needed)
    return found + reasons_of_state(approval, now=now)


def _reasons_of_one_hand(permission: Permission, facts: Facts, asker: Facts, *, needed: int) -> list[Refusal]:
    """Whether one of the two acts by a role that the other has given them lately, by whatever hands: a second account
    of the same person is made in minutes, to approve with or to ask with."""
    found, other = [], _("Another administrator must decide.")
    own = _without_given_by(asker.by.pk, facts, lately=ROLE_COUNTS)
    if min(standing_for(permission, own), standing_for(Permission.APPROVE, own)) < needed:
        said = _("Your role here comes from who asked, and is less than %(days)d days old.")
        found.append(Refusal("role_by_who_asked", said % {"days": ROLE_COUNTS.days}, other))
    if (
        standing_for(permission, _without_given_by(facts.by.pk, asker, lately=DAY))
        == 0
        < standing_for(permission, asker)
    ):
        said = _("The role of who asked comes from you, and is less than 24 hours old.")
        found.append(Refusal("role_of_who_asked_by_you", said, other))
    return found


def _without_given_by(giver: UUID, facts: Facts, *, lately: timedelta) -> Facts:
    through = roles.given_through(giver, to=facts.by.pk, since=facts.now - lately)
    return replace(facts, actor_grants=[each for each in facts.actor_grants if each.pk not in through])


def reasons_of_state(approval: Approval, *, now: datetime) -> list[Refusal]:
    """Why nothing can be decided any more; an empty list while it waits."""
    state = approval.state_at(now)
    if state is ApprovalState.WAITING:
        return []
    return [
        Refusal(
            "approval_over",
            _("It does not wait any more: %(state)s.") % {"state": state.label},
            "" if state in DONE else _("Whoever needs it asks again, with a new confirmation."),
        )
    ]


def is_overtaken(approval: Approval, account: Account, asker: Account | None) -> bool:
    """Whether the account, or who asked, has moved on since: whatever can act carries the generation it had."""
    return (
        approval.generation != account.generation
        or asker is None
        or approval.asker_generation != asker.generation
        or approval.organisation_path != account.organisation_path
    )
