"""The table of statuses: from where to where, and by what. Nothing else changes a status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from resecure.identity.accounts import Status


class By(StrEnum):
    """What moves an account from one status to another."""

    CREATION = "creation completes"
    SIGN_IN = "sign in"
    WRONG_PASSWORDS = "too many wrong passwords"
    KNOWN_BROWSER = "sign in from a known browser"
    UNLOCK = "unlock"
    NOT_ME = "this was not me"
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
    """One allowed change of status. ``was``: only for an account that had one of these statuses before its lock.

    ``sentence`` names the settings whose numbers it says; they are put in when somebody reads it.
    """

    before: Status
    after: Status
    by: By
    sentence: str
    was: frozenset[Status] = frozenset()

    @property
    def when(self) -> str:
        """The sentence with the numbers that hold here."""
        return self.under(settings.RESECURE)

    def under(self, numbers: object) -> str:
        """The sentence with the numbers of these settings."""
        return self.sentence.format(numbers)


_S = Status
_AS_LEAVER = frozenset({_S.LEAVER})
_AS_INACTIVE = frozenset({_S.INACTIVE})
_AS_ACTIVE = frozenset({_S.ACTIVE})
_WRONG_PASSWORDS = "{0.lock_after_wrong_passwords} wrong passwords within {0.lock_window_minutes} minutes"
_NOT_ME = "the person says that something was not them"
_KNOWN = "the person gives the right password in a browser in which they signed in before"
TABLE: tuple[Transition, ...] = (
    Transition(_S.PENDING, _S.ACTIVE, By.CREATION, "a first temporary password is set"),
    Transition(
        _S.ACTIVE,
        _S.INACTIVE,
        By.CLOCK,
        "{0.inactive_after_days} days without activity, or {0.finish_within_days} days with steps outstanding",
    ),
    Transition(_S.INACTIVE, _S.ACTIVE, By.SIGN_IN, "the person signs in"),
    Transition(_S.INACTIVE, _S.ACTIVE, By.RESET_PASSWORD, "an administrator sets a temporary password"),
    Transition(_S.INACTIVE, _S.DELETED, By.CLOCK, "{0.inactive_to_deleted_days} more days"),
    Transition(_S.ACTIVE, _S.LOCKED, By.WRONG_PASSWORDS, _WRONG_PASSWORDS),
    Transition(_S.LEAVER, _S.LOCKED, By.WRONG_PASSWORDS, _WRONG_PASSWORDS),
    Transition(_S.INACTIVE, _S.LOCKED, By.WRONG_PASSWORDS, _WRONG_PASSWORDS),
    Transition(_S.ACTIVE, _S.LOCKED, By.NOT_ME, _NOT_ME),
    Transition(_S.LEAVER, _S.LOCKED, By.NOT_ME, _NOT_ME),
    Transition(_S.INACTIVE, _S.LOCKED, By.NOT_ME, _NOT_ME),
    # A lock takes nobody's place in the table: it leads back to where it came from, and the clock of there goes on.
    Transition(_S.LOCKED, _S.ACTIVE, By.UNLOCK, "an administrator unlocks; it was Active", _AS_ACTIVE),
    Transition(_S.LOCKED, _S.LEAVER, By.UNLOCK, "an administrator unlocks; it was Active (Leaver)", _AS_LEAVER),
    Transition(_S.LOCKED, _S.INACTIVE, By.UNLOCK, "an administrator unlocks; it was Inactive", _AS_INACTIVE),
    Transition(_S.LOCKED, _S.ACTIVE, By.KNOWN_BROWSER, _KNOWN + "; it was Active", _AS_ACTIVE),
    Transition(_S.LOCKED, _S.LEAVER, By.KNOWN_BROWSER, _KNOWN + "; it was Active (Leaver)", _AS_LEAVER),
    Transition(_S.LOCKED, _S.INACTIVE, By.KNOWN_BROWSER, _KNOWN + "; it was Inactive", _AS_INACTIVE),
    Transition(
        _S.LOCKED,
        _S.ACTIVE,
        By.RESET_PASSWORD,
        "an administrator resets the password; it was Active or Inactive",
        _AS_ACTIVE | _AS_INACTIVE,
    ),
    Transition(
        _S.LOCKED,
        _S.LEAVER,
        By.RESET_PASSWORD,
        "an administrator resets the password; it was Active (Leaver)",
        _AS_LEAVER,
    ),
    Transition(
        _S.LOCKED,
        _S.DELETED,
        By.CLOCK,
        "{0.leaver_days} days after it was marked as leaver, before the lock",
        _AS_LEAVER,
    ),
    Transition(
        _S.LOCKED,
        _S.DELETED,
        By.CLOCK,
        "{0.inactive_to_deleted_days} days after it became Inactive, before the lock",
        _AS_INACTIVE,
    ),
    Transition(_S.ACTIVE, _S.DISABLED, By.DISABLE, "an administrator disables"),
    Transition(_S.INACTIVE, _S.DISABLED, By.DISABLE, "an administrator disables"),
    Transition(
        _S.LOCKED,
        _S.DISABLED,
        By.DISABLE,
        "an administrator disables; it was Active or Inactive",
        _AS_ACTIVE | _AS_INACTIVE,
    ),
    Transition(_S.DISABLED, _S.ACTIVE, By.ENABLE, "an administrator enables"),
    Transition(_S.DISABLED, _S.DELETED, By.CLOCK, "{0.disabled_to_deleted_days} days"),
    Transition(_S.ACTIVE, _S.LEAVER, By.MARK_AS_LEAVER, "an administrator marks as leaver"),
    Transition(_S.LEAVER, _S.ACTIVE, By.JOIN, "joined to a new organisation within {0.leaver_days} days"),
    Transition(_S.LEAVER, _S.DELETED, By.CLOCK, "{0.leaver_days} days without a new organisation"),
    Transition(_S.ACTIVE, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.INACTIVE, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.LEAVER, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.LOCKED, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.DISABLED, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.PENDING, _S.DELETED, By.DELETE, "an administrator deletes"),
    Transition(_S.DELETED, _S.ACTIVE, By.RESTORE, "an administrator restores within {0.restore_within_days} days"),
    Transition(_S.DELETED, _S.DELETED_PERMANENT, By.CLOCK, "{0.restore_within_days} days after deletion"),
    Transition(_S.PENDING, _S.DELETED, By.CLOCK, "{0.finish_within_days} days after creation without a first password"),
    # In-progress statuses come with accounts taken over from a system that was slow; they settle by themselves.
    Transition(_S.ENABLING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.RESTORING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.DISABLING, _S.DISABLED, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.DELETING, _S.DELETED, By.CLOCK, "no connected system still has to answer"),
    Transition(_S.MIGRATION_PENDING, _S.ACTIVE, By.CLOCK, "no connected system still has to answer"),
)


def status_after(before: str, by: By, *, was: str | None = None) -> Status | None:
    """Where this leads from here, or None where it is not allowed. ``was``: the status before a lock; None, where
    nobody wrote it down, counts as Active."""
    found = _FROM.get((Status(before), by), ())
    return next((each.after for each in found if not each.was or Status(was or Status.ACTIVE) in each.was), None)


def _by_start() -> dict[tuple[Status, By], list[Transition]]:
    found: dict[tuple[Status, By], list[Transition]] = {}
    for each in TABLE:
        if each.by is not By.CLOCK:
            found.setdefault((each.before, each.by), []).append(each)
    return found


_FROM = _by_start()
