"""The table of statuses: from where to where, and by what. Nothing else changes a status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resecure.identity.accounts import Status


class By(StrEnum):
    """What moves an account from one status to another."""

    CREATION = "creation completes"
    SIGN_IN = "sign in"
    WRONG_PASSWORDS = "too many wrong passwords"
    UNLOCK = "unlock"
    RESET_PASSWORD = "reset password"
    DISABLE = "disable"
    ENABLE = "enable"
    MARK_AS_LEAVER = "mark as leaver"
    JOIN = "join"
    DELETE = "delete"
    RESTORE = "restore"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed change of status."""

    before: Status
    after: Status
    by: By
    when: str


_S = Status
TABLE: tuple[Transition, ...] = (
    Transition(_S.PENDING, _S.ACTIVE, By.CREATION, "a first temporary password is set"),
    Transition(_S.ACTIVE, _S.INACTIVE, By.CLOCK, "30 days without activity, or with steps outstanding"),
    Transition(_S.INACTIVE, _S.ACTIVE, By.SIGN_IN, "the person signs in"),
    Transition(_S.INACTIVE, _S.ACTIVE, By.RESET_PASSWORD, "an administrator sets a temporary password"),
    Transition(_S.INACTIVE, _S.DELETED, By.CLOCK, "30 more days"),
    Transition(_S.ACTIVE, _S.LOCKED, By.WRONG_PASSWORDS, "10 wrong passwords within 15 minutes"),
    Transition(_S.LEAVER, _S.LOCKED, By.WRONG_PASSWORDS, "10 wrong passwords within 15 minutes"),
    Transition(_S.LOCKED, _S.ACTIVE, By.UNLOCK, "an administrator unlocks"),
    Transition(_S.LOCKED, _S.ACTIVE, By.RESET_PASSWORD, "an administrator resets the password"),
    Transition(_S.ACTIVE, _S.DISABLED, By.DISABLE, "an administrator disables"),
    Transition(_S.INACTIVE, _S.DISABLED, By.DISABLE, "an administrator disables"),
    Transition(_S.LOCKED, _S.DISABLED, By.DISABLE, "an administrator disables"),
    Transition(_S.DISABLED, _S.ACTIVE, By.ENABLE, "an administrator enables"),
    Transition(_S.DISABLED, _S.DELETED, By.CLOCK, "18 months"),
    Transition(_S.ACTIVE, _S.LEAVER, By.MARK_AS_LEAVER, "an administrator marks as leaver"),
    Transition(_S.LEAVER, _S.ACTIVE, By.JOIN, "joined to a new organisation within 30 days"),
    Transition(_S.LEAVER, _S.DELETED, By.CLOCK, "30 days without a new organisation"),
    Transition(_S.ACTIVE, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.INACTIVE, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.LEAVER, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.LOCKED, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.DISABLED, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.PENDING, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.DELETED, _S.ACTIVE, By.RESTORE, "an administrator restores within 30 days"),
    Transition(_S.DELETED, _S.DELETED_PERMANENT, By.CLOCK, "30 days after deletion"),
    Transition(_S.PENDING, _S.DELETED, By.CLOCK, "30 days after creation without a first password"),
    # In-progress statuses come with accounts taken over from a system that was slow; they settle by themselves.
    Transition(_S.ENABLING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.RESTORING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.DISABLING, _S.DISABLED, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.DELETING, _S.DELETED, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.MIGRATION_PENDING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
)

_AFTER: dict[tuple[Status, By], Status] = {
    (each.before, each.by): each.after for each in TABLE if each.by is not By.CLOCK
}


def status_after(before: str, by: By) -> Status | None:
    """Where this leads from here, or None where it is not allowed."""
    return _AFTER.get((Status(before), by))
