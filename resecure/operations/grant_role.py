"""Grant a role, and withdraw one."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import roles, sessions
from resecure.identity.accounts import Account
from resecure.identity.organisations import Organisation, by_code
from resecure.identity.roles import RoleGrant, RoleName
from resecure.operations.shared.frame import Frame, acting, insist, too_few_left
from resecure.operations.shared.telling import tell
from resecure.policy.actions import permissions_at
from resecure.policy.refusals import InvalidOnRecord, Refusal
from resecure.policy.roles import Permission, role_of
from resecure.propagation.models import Change


def grant_role(
    account: UUID, *, role: RoleName, organisation_code: str, reaches_children: bool = True, by: Account
) -> RoleGrant:
    """Afterwards the account holds the role there. Its sessions end, so that it signs in as what it now is.

    Who grants must hold a role there that may grant this one. Raises Refused, NotFound, Invalid.
    """
    with acting(Event.ROLE_GRANTED, account, by=by, permission=Permission.GRANT_ROLE) as frame:
        at = by_code(organisation_code)
        if at is None or Permission.GRANT_ROLE not in permissions_at(at.path, frame.facts.actor_grants, by=by):
            raise InvalidOnRecord(
                {"organisation": [_("Enter the code of an organisation in which you grant roles")]},
                code="organisation_out_of_reach",
            )
        insist(Permission.GRANT_ROLE, frame, *_reasons(frame, role, at, reaches_children))
        made = RoleGrant.objects.create(
            account_id=account,
            role=role,
            organisation=at,
            reaches_children=reaches_children,
            granted_at=frame.now,
            granted_by=by.pk,
        )
        sessions.revoke_all(frame.account, by=by.pk, now=frame.now)
        tell(Change.ROLE_GRANTED, frame.account, at=frame.now, role=role.value)
        frame.details.update(role=role.value, organisation=at.code, reaches_children=reaches_children)
    return made


def withdraw_role(account: UUID, *, grant: int, by: Account, though_it_is_the_last: bool = False) -> None:
    """Afterwards the role is over, at once, and so are the account's sessions.

    An organisation keeps a Primary Local Administrator and two Local Administrators: taking the last away
    must be asked for in so many words. Raises Refused, NotFound.
    """
    with acting(Event.ROLE_WITHDRAWN, account, by=by, permission=Permission.WITHDRAW_ROLE) as frame:
        held = next((each for each in frame.facts.target_grants if each.pk == grant), None)
        more = []
        if held is None:
            more.append(Refusal("role_not_held", _("The person does not hold this role any more."), ""))
        else:
            if not _may_grant(frame, RoleName(held.role), held.organisation):
                more.append(_not_yours())
            more += too_few_left(frame, [held], though_it_is_the_last=though_it_is_the_last)
        insist(Permission.WITHDRAW_ROLE, frame, *more)
        assert held is not None
        roles.withdraw([held], by=by.pk, now=frame.now)
        sessions.revoke_all(frame.account, by=by.pk, now=frame.now)
        tell(Change.ROLE_WITHDRAWN, frame.account, at=frame.now, role=held.role)
        frame.details.update(role=held.role, organisation=held.organisation.code)


def _not_yours() -> Refusal:
    return Refusal(
        "role_not_yours_to_give",
        _("Your role does not allow you to grant or withdraw this role."),
        _("Ask an administrator of a higher role."),
    )


def _may_grant(frame: Frame, role: RoleName, at: Organisation) -> bool:
    if frame.by.is_system:
        return True
    return any(role in role_of(g).may_grant for g in frame.facts.actor_grants if g.reaches(at.path))


def _reasons(frame: Frame, role: RoleName, at: Organisation, reaches_children: bool) -> list[Refusal]:
    reasons = []
    if not _may_grant(frame, role, at):
        reasons.append(_not_yours())
    if (
        reaches_children
        and not frame.by.is_system
        and not any(
            g.reaches_children and role in role_of(g).may_grant and g.reaches(at.path) for g in frame.facts.actor_grants
        )
    ):
        reasons.append(
            Refusal(
                "reaches_too_far",
                _("Your own role does not reach the organisations below."),
                _("Untick that it does."),
            )
        )
    if any(g.role == role and g.organisation_id == at.pk for g in frame.facts.target_grants):
        reasons.append(Refusal("role_held", _("The person holds this role there already."), ""))
    if frame.account.status != "active":
        reasons.append(Refusal("not_active", _("Only an Active account can be given a role."), ""))
    return reasons
