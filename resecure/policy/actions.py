"""Who may do what to whom, and when: the reasons for a no, for the button, the write, the API and the help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from resecure.identity import cautions
from resecure.identity.accounts import ACTIVE_BASED, IN_PROGRESS, Account, Status
from resecure.identity.activity import Activity, Counting
from resecure.identity.agreements import AupAcceptance
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.organisations import OF_THE_SERVICE
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import RoleGrant, RoleName
from resecure.identity.second_factors import has_one
from resecure.identity.standing import Standing, lock_with_standing, standing_facts
from resecure.policy.authentication import reasons_not_to_ask
from resecure.policy.organisation_policy import OrganisationPolicy
from resecure.policy.refusals import NotFound, NotSignedIn, Refusal
from resecure.policy.roles import Permission, PrimaryLocalAdministrator, role_of, standing_of
from resecure.policy.transitions import By, status_after

BUTTONS = {
    Permission.AUTHENTICATE: gettext_lazy("Authenticate User"),
    Permission.RESECURE: gettext_lazy("Resecure Account"),
    Permission.RESET_PASSWORD: gettext_lazy("Reset Password"),
    Permission.RESET_SECOND_FACTOR: gettext_lazy("Reset second factor"),
    Permission.UNLOCK: gettext_lazy("Unlock"),
    Permission.DISABLE: gettext_lazy("Disable"),
    Permission.ENABLE: gettext_lazy("Enable"),
    Permission.MARK_AS_LEAVER: gettext_lazy("Mark as Leaver"),
    Permission.JOIN: gettext_lazy("Join to an organisation"),
    Permission.DELETE: gettext_lazy("Delete"),
    Permission.RESTORE: gettext_lazy("Restore"),
    Permission.END_ALL_SESSIONS: gettext_lazy("End all sessions"),
}
ABOVE_ALL = 100
_STATUS_CHANGES = {
    Permission.UNLOCK: By.UNLOCK,
    Permission.DISABLE: By.DISABLE,
    Permission.ENABLE: By.ENABLE,
    Permission.MARK_AS_LEAVER: By.MARK_AS_LEAVER,
    Permission.JOIN: By.JOIN,
    Permission.DELETE: By.DELETE,
    Permission.RESTORE: By.RESTORE,
}


@dataclass(kw_only=True)
class Facts:
    """All that a decision about an account needs, read at one moment. Under the row lock it stays true."""

    account: Account
    by: Account
    now: datetime
    actor_still_acts: bool = True
    actor_is_proven: bool = True
    actor_grants: list[RoleGrant] = field(default_factory=list)
    target_grants: list[RoleGrant] = field(default_factory=list)
    acceptance: AupAcceptance | None = None
    resecuring: Resecuring | None = None
    evidence: IdentityConfirmation | None = None
    evidence_named: bool = False
    activity: Activity | None = None

    @classmethod
    def read(cls, account: Account, *, by: Account, now: datetime) -> Facts:
        """Read them now, to show them. A write reads them by :meth:`locked`."""
        return cls._of(account, standing_facts(account.pk, by=by), by=by, now=now)

    @classmethod
    def locked(
        cls,
        account: UUID,
        *,
        by: Account,
        confirmation: UUID | None,
        now: datetime,
        counting: Counting | None = None,
    ) -> Facts:
        """Lock the account's row and read them under the lock. Raises NotFound for no such account, after the
        same look-ups and the same questions as for one out of scope: the time must not tell the two apart."""
        found, standing = lock_with_standing(account, by=by, confirmation=confirmation, counting=counting, now=now)
        facts = cls._of(found or Account(pk=account), standing, by=by, now=now)
        facts.evidence_named = confirmation is not None
        if found is None:
            insist_on_scope(facts)
            raise NotFound
        return facts

    @classmethod
    def _of(cls, account: Account, standing: Standing, *, by: Account, now: datetime) -> Facts:
        return cls(
            account=account,
            by=by,
            now=now,
            actor_still_acts=standing.actor_still_acts,
            actor_is_proven=standing.actor_is_proven,
            actor_grants=standing.actor_grants,
            target_grants=standing.target_grants,
            acceptance=standing.acceptance,
            resecuring=standing.resecuring,
            evidence=standing.evidence,
            activity=standing.activity,
        )

    @cached_property
    def policy(self) -> OrganisationPolicy:
        """What the organisations of the account's place ask for, read when it is first needed."""
        return OrganisationPolicy.at(self.account.organisation_path)

    @cached_property
    def cautions(self) -> list[cautions.Caution]:
        """Who was not sure about this account lately, the latest first. They block nothing."""
        return cautions.on(self.account.pk, now=self.now)

    @property
    def awaits_temporary_password(self) -> bool:
        """Nothing opens the account, and only an administrator can change that."""
        return not self.account.has_password and self.account.status in {*ACTIVE_BASED, Status.PENDING}


def permissions_over(facts: Facts) -> set[Permission]:
    """What the actor's live roles allow at the account's place in the tree."""
    return permissions_at(facts.account.organisation_path, facts.actor_grants, by=facts.by)


def permissions_at(path: str, grants: Sequence[RoleGrant], *, by: Account) -> set[Permission]:
    """What these grants allow at this place; the service's own account may do all."""
    if by.is_system:
        return set(Permission)
    return {each for grant in grants if grant.reaches(path) for each in role_of(grant).permissions}


def insist_on_scope(facts: Facts) -> None:
    """Raise NotFound unless the actor may see the account: out of scope answers as unknown does. NotSignedIn when
    the session they came by is over: it may have ended since the request was let in."""
    if not facts.actor_still_acts:
        raise NotSignedIn
    if facts.account.is_system or Permission.VIEW_ACCOUNT not in permissions_over(facts):
        raise NotFound


def reasons_not_to(permission: Permission, facts: Facts) -> list[Refusal]:
    """Every reason why this actor may not do this to this account now; an empty list if they may."""
    reasons = reasons_of_standing(permission, facts)
    if permission is Permission.RESECURE:
        reasons += _reasons_not_to_resecure(facts)
    elif permission is Permission.RESET_PASSWORD:
        reasons += _reasons_not_to_reset_password(facts)
    elif permission is Permission.RESET_SECOND_FACTOR:
        reasons += _reasons_not_to_reset_second_factor(facts)
    elif permission is Permission.END_ALL_SESSIONS:
        reasons += _reasons_not_to_end_sessions(facts)
    elif permission is Permission.AUTHENTICATE:
        reasons += reasons_not_to_ask(facts.account, now=facts.now)
    elif permission in _STATUS_CHANGES:
        reasons += _reasons_of_status(permission, facts)
    return reasons


def reasons_of_standing(permission: Permission, facts: Facts) -> list[Refusal]:
    """The reason why this actor may not do this to this account, whatever its state; an empty list if they may."""
    if facts.by.is_system:
        return []
    if facts.by.pk == facts.account.pk:
        return [
            Refusal(
                "own_account",
                _("This is your own account."),
                _("Ask another administrator of your organisation."),
            )
        ]
    if permission not in permissions_over(facts):
        return [
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask a Local Administrator of the organisation."),
            )
        ]
    mine = standing_for(permission, facts)
    if standing_of(facts.target_grants) >= mine and not _with_a_second_person(permission, facts, mine):
        return [
            Refusal(
                "equal_or_higher_standing",
                _("This person holds an administrator role as high as yours, or higher."),
                _("Ask an administrator of a higher role."),
            )
        ]
    return []


def standing_for(permission: Permission, facts: Facts) -> int:
    """How high the actor stands for this, here. Only roles that allow it here count: a helpdesk worker who is an
    administrator elsewhere stands low here. The service's own account stands above every role."""
    if facts.by.is_system:
        return ABOVE_ALL
    here = [g for g in facts.actor_grants if g.reaches(facts.account.organisation_path)]
    return standing_of([g for g in here if permission in role_of(g).permissions])


def _with_a_second_person(permission: Permission, facts: Facts, mine: int) -> bool:
    """Whether they may ask for it although the person stands as high as they do, or higher: from Primary Local
    Administrator on, for what a second person then approves (policy.approving), and to say who the caller is.

    The first temporary password of an approved resecure belongs to what was approved: whoever asked for it, or
    approved it, sets it. Any other one is asked for anew, with evidence of its own.
    """
    if mine < PrimaryLocalAdministrator.standing:
        return False
    if permission is Permission.RESET_PASSWORD and facts.awaits_temporary_password:
        made = facts.resecuring
        return made is not None and made.approved_by is not None and facts.by.pk in {made.by, made.approved_by}
    return permission in {Permission.RESECURE, Permission.RESET_PASSWORD, Permission.CONFIRM_IDENTITY}


def _reasons_not_to_resecure(facts: Facts) -> list[Refusal]:
    reasons = []
    if facts.account.status not in ACTIVE_BASED:
        reasons.append(
            Refusal(
                "not_active",
                _("The account is %(status)s; only an Active or Active (Leaver) account can be resecured.")
                % {"status": facts.account.get_status_display()},
                _instead_of_status(facts.account),
            )
        )
    if facts.resecuring is not None:
        reasons.append(
            Refusal(
                "resecure_unfinished",
                _("The account was resecured already and the person has not finished."),
                _("Set a temporary password instead.")
                if facts.awaits_temporary_password
                else _("Use Reset Password if the temporary password was lost."),
            )
        )
    elif facts.acceptance is None:
        reasons.append(
            Refusal(
                "aup_not_accepted",
                _("The person has not accepted the acceptable use policy."),
                _("Use Reset Password; they accept the policy when they sign in."),
            )
        )
    return reasons


def _reasons_not_to_reset_password(facts: Facts) -> list[Refusal]:
    account = facts.account
    if account.status in {*ACTIVE_BASED, Status.INACTIVE, Status.LOCKED, Status.PENDING}:
        return []
    return [
        Refusal(
            "status_does_not_allow",
            _("The account is %(status)s.") % {"status": account.get_status_display()},
            _instead_of_status(account),
        )
    ]


def _reasons_not_to_reset_second_factor(facts: Facts) -> list[Refusal]:
    reasons = []
    if facts.account.status not in {*ACTIVE_BASED, Status.INACTIVE, Status.LOCKED}:
        reasons.append(
            Refusal(
                "status_does_not_allow",
                _("The account is %(status)s.") % {"status": facts.account.get_status_display()},
                _instead_of_status(facts.account),
            )
        )
    elif not has_one(facts.account.pk):
        reasons.append(
            Refusal(
                "no_second_factor",
                _("The person has no second factor."),
                _("They sign in with their password; an administrator is led to add one."),
            )
        )
    return reasons


def _reasons_not_to_end_sessions(facts: Facts) -> list[Refusal]:
    if facts.account.status in {*ACTIVE_BASED, Status.INACTIVE, Status.LOCKED}:
        return []
    return [
        Refusal(
            "status_does_not_allow",
            _("The account is %(status)s, so it has no sessions.") % {"status": facts.account.get_status_display()},
        )
    ]


def _reasons_of_status(permission: Permission, facts: Facts) -> list[Refusal]:
    account = facts.account
    if status_after(account.status, _STATUS_CHANGES[permission], was=account.interrupted) is None:
        return [
            Refusal(
                "status_does_not_allow",
                _("The account is %(status)s.") % {"status": account.get_status_display()},
                _instead_of_action(permission, account),
            )
        ]
    limits = {
        Permission.RESTORE: settings.RESECURE.restore_within_days,
        Permission.JOIN: settings.RESECURE.leaver_days,
    }
    if permission in limits and (facts.now - account.status_since).days >= limits[permission]:
        return [
            Refusal(
                "too_late",
                _("That was possible for %(days)d days only.") % {"days": limits[permission]},
                _("Create a new account."),
            )
        ]
    return []


def _instead_of_action(permission: Permission, account: Account) -> str:
    """What to do instead of an action that makes no sense now, or what must come first."""
    # A locked leaver is a leaver: opening the account first would not help.
    a_leavers_disable = permission is Permission.DISABLE and account.interrupted == Status.LEAVER
    if Status(account.status) not in ACTIVE_BASED and not a_leavers_disable:
        return _instead_of_status(account)
    instead = {
        Permission.UNLOCK: _("It is not locked. If they cannot sign in, use Reset Password."),
        Permission.ENABLE: _("It is not disabled, so there is nothing to enable."),
        Permission.RESTORE: _("It is not deleted, so there is nothing to restore."),
        Permission.JOIN: _("Mark as Leaver comes first, by the organisation they leave."),
        Permission.MARK_AS_LEAVER: _("They are marked already. Join moves them to their new organisation."),
        Permission.DISABLE: _("Delete the account, or wait until their new organisation takes it over."),
    }
    return instead.get(permission, "")


def _instead_of_status(account: Account) -> str:
    status = Status(account.status)
    if status is Status.LOCKED:
        return _("Unlock the account or reset its password first.")
    if status is Status.DISABLED:
        return _("Enable the account first.")
    if status is Status.INACTIVE:
        return _("Reset the password; the account becomes Active again.")
    if status is Status.DELETED:
        return _("Restore the account first.")
    if status is Status.DELETED_PERMANENT:
        return _("Create a new account.")
    if status is Status.PENDING:
        return _("Set a temporary password; that completes the account.")
    if status in IN_PROGRESS:
        return _("Wait until the change under way has finished.")
    return ""


def visible_scope(grants: Sequence[RoleGrant]) -> list[tuple[str, bool]]:
    """The places whose accounts this administrator may see: (path, whether what is below belongs to it)."""
    return [
        (grant.organisation.path, grant.reaches_children)
        for grant in grants
        if Permission.VIEW_ACCOUNT in role_of(grant).permissions
    ]


def is_visible(account_path: str, scope: Sequence[tuple[str, bool]]) -> bool:
    """Whether an account at this path is within a scope."""
    return any(account_path.startswith(path) if below else account_path == path for path, below in scope)


def audit_scope(grants: Sequence[RoleGrant]) -> list[tuple[str, bool]]:
    """The places whose records these grants let somebody read: (path, whether what is below belongs to it).

    What concerns no organisation (keys, applications, everybody's sessions, sign-ins at unknown addresses) stands
    under no path. It is the service's own: Global Administrators read it, and whoever reads the audit in the
    organisation that stands for the service.
    """
    reading = [grant for grant in grants if Permission.VIEW_AUDIT in role_of(grant).permissions]
    found = [(grant.organisation.path, grant.reaches_children) for grant in reading]
    if any(
        grant.role == RoleName.GLOBAL_ADMINISTRATOR or grant.organisation.code == OF_THE_SERVICE for grant in reading
    ):
        found.append(("", False))
    return found
