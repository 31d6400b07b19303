"""What each role may do. A permission is named after the operation it allows."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from resecure.identity.roles import RoleGrant, RoleName


class Permission(StrEnum):
    """One permission an operation; the value is the operation's name in URL, record and manual."""

    VIEW_ACCOUNT = "view_account"
    RESECURE = "resecure"
    RESET_PASSWORD = "reset_password"
    UNLOCK = "unlock"
    DISABLE = "disable"
    ENABLE = "enable"
    MARK_AS_LEAVER = "mark_as_leaver"
    JOIN = "join"
    DELETE = "delete"
    RESTORE = "restore"
    END_ALL_SESSIONS = "end_all_sessions"
    CREATE_ACCOUNT = "create_account"
    GRANT_ROLE = "grant_role"
    WITHDRAW_ROLE = "withdraw_role"
    CONFIRM_IDENTITY = "confirm_identity"
    AUTHENTICATE = "authenticate"
    LIFT_AUTHENTICATION_LOCK = "lift_authentication_lock"
    VIEW_AUDIT = "view_audit"
    APPROVE = "approve"
    VIEW_ALERTS = "view_alerts"
    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    REGISTER_APPLICATION = "register_application"
    SET_ORGANISATION_POLICY = "set_organisation_policy"
    RESET_SECOND_FACTOR = "reset_second_factor"


HELPDESK = frozenset(
    {
        Permission.VIEW_ACCOUNT,
        Permission.RESET_PASSWORD,
        Permission.UNLOCK,
        Permission.DISABLE,
        Permission.ENABLE,
        Permission.MARK_AS_LEAVER,
        Permission.END_ALL_SESSIONS,
        Permission.CONFIRM_IDENTITY,
        Permission.AUTHENTICATE,
        Permission.LIFT_AUTHENTICATION_LOCK,
        # Only what one may do oneself, and with a standing as high: policy.approving.
        Permission.APPROVE,
    }
)
WATCHING = frozenset({Permission.VIEW_AUDIT, Permission.VIEW_ALERTS})
ADMINISTRATOR = HELPDESK | {
    Permission.RESECURE,
    Permission.RESET_SECOND_FACTOR,
    Permission.JOIN,
    Permission.CREATE_ACCOUNT,
    Permission.DELETE,
    Permission.RESTORE,
}


class Role:
    """A role: a sentence administrators can read, what it allows, and how high it stands."""

    name: ClassVar[RoleName]
    sentence: ClassVar[str | Promise]
    standing: ClassVar[int]
    permissions: ClassVar[frozenset[Permission]]
    may_grant: ClassVar[frozenset[RoleName]] = frozenset()


class LocalHelpdesk(Role):
    name = RoleName.LOCAL_HELPDESK
    sentence = _("Helps people of the organisation sign in; cannot create, delete or resecure accounts.")
    standing = 1
    permissions = HELPDESK


class LocalAdministrator(Role):
    name = RoleName.LOCAL_ADMINISTRATOR
    sentence = _("Looks after the accounts of the organisation, and resecures them.")
    standing = 2
    permissions = ADMINISTRATOR


class Auditor(Role):
    name = RoleName.AUDITOR
    sentence = _("Reads what happened in the organisation, and changes nothing.")
    standing = 2
    permissions = WATCHING | {Permission.VIEW_ACCOUNT}


class PrimaryLocalAdministrator(Role):
    name = RoleName.PRIMARY_LOCAL_ADMINISTRATOR
    sentence = _("A Local Administrator who also grants and withdraws roles in the organisation, and sets its policy.")
    standing = 3
    permissions = (
        ADMINISTRATOR
        | WATCHING
        | {
            Permission.GRANT_ROLE,
            Permission.WITHDRAW_ROLE,
            Permission.ACKNOWLEDGE_ALERT,
            Permission.SET_ORGANISATION_POLICY,
        }
    )
    may_grant = frozenset({RoleName.LOCAL_HELPDESK, RoleName.LOCAL_ADMINISTRATOR, RoleName.PRIMARY_LOCAL_ADMINISTRATOR})


class GlobalHelpdesk(Role):
    name = RoleName.GLOBAL_HELPDESK
    sentence = _("Helps where no local administrator can; cannot create, delete or resecure accounts.")
    standing = 4
    permissions = HELPDESK


class GlobalAdministrator(Role):
    name = RoleName.GLOBAL_ADMINISTRATOR
    sentence = _("Looks after every account and grants every role.")
    standing = 5
    permissions = frozenset(Permission)
    may_grant = frozenset(RoleName)


ROLES: dict[RoleName, type[Role]] = {
    role.name: role
    for role in (
        PrimaryLocalAdministrator,
        LocalAdministrator,
        LocalHelpdesk,
        GlobalHelpdesk,
        GlobalAdministrator,
        Auditor,
    )
}


def role_of(grant: RoleGrant) -> type[Role]:
    """The role a grant gives."""
    return ROLES[RoleName(grant.role)]


def standing_of(grants: list[RoleGrant]) -> int:
    """How high an account stands: its highest role anywhere, 0 for none."""
    return max((role_of(grant).standing for grant in grants), default=0)
