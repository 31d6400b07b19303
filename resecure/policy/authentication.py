"""When letters of the secret may be asked for, and how long not after wrong ones. The figures are the simulation's."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from resecure.identity.accounts import ACTIVE_BASED, Account, Status
from resecure.identity.authentications import (
    Authentication,
    authentication_of,
    can_be_asked,
    positions_disclosed,
)
from resecure.policy.refusals import Refusal

TRIES = 3  # wrong answers before a lock
LOCKS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))  # then: until it is lifted
AFTER_A_LIFT = TRIES * len(LOCKS)  # where the count stands: three more, and it must be lifted again
MAY_BE_ASKED = ACTIVE_BASED | {Status.INACTIVE, Status.LOCKED}


def lock_after(state: Authentication, *, now: datetime) -> bool:
    """Put the lock on that this many wrong answers ask for; False if they ask for none yet. Counts never go down with
    time, so each lock of an account is longer than the one before, whoever asks and however long they wait."""
    if state.failures < TRIES or (state.failures % TRIES and state.failures < AFTER_A_LIFT + TRIES):
        return False
    step = state.failures // TRIES - 1
    state.locked_at = now
    state.needs_lift = step >= len(LOCKS)
    state.locked_until = None if state.needs_lift else now + LOCKS[step]
    return True


def tries_left(state: Authentication) -> int:
    """How many wrong answers until the next lock."""
    return TRIES - state.failures % TRIES


def reasons_not_to_ask(account: Account, *, now: datetime) -> list[Refusal]:
    """Why no letters can be asked for now, whoever wants to; an empty list if they can."""
    if account.status not in MAY_BE_ASKED:
        return [
            Refusal(
                "status_does_not_allow",
                _("The account is %(status)s.") % {"status": account.get_status_display()},
            )
        ]
    if not can_be_asked(account):
        return [no_secret()]
    return reasons_of_lock(authentication_of(account), now=now)


def no_secret() -> Refusal:
    return Refusal(
        "no_account_secret",
        _("There is no account secret to ask for."),
        _("Confirm who they are in another way."),
    )


def reasons_of_lock(state: Authentication, *, now: datetime) -> list[Refusal]:
    """The lock that wrong answers put on, if it holds now."""
    if not state.is_locked(now):
        return []
    if state.needs_lift:
        return [
            Refusal(
                "authentication_locked",
                _("Wrong letters were given too often. Authenticate User is disabled until it is allowed again."),
                _("Confirm who they are in another way, or ask an administrator of a higher role to allow it."),
            )
        ]
    assert state.locked_until is not None
    until = date_format(timezone.localtime(state.locked_until), "j F Y, H:i")
    return [
        Refusal(
            "authentication_locked",
            _("Wrong letters were given too often. Authenticate User is disabled until %(until)s.") % {"until": until},
            _("Confirm who they are in another way, or wait."),
        )
    ]


def reasons_not_to_lift(state: Authentication, *, standing: int, now: datetime) -> list[Refusal]:
    """Why this administrator may not open it again: nothing is locked, or their tier is not higher than that of those
    who asked. Otherwise whoever had it locked, or was talked into it, would open it again themselves."""
    if not state.is_locked(now):
        return [Refusal("not_locked", _("Authenticate User is not disabled for this account."))]
    if standing <= state.tried_by_standing:
        return [
            Refusal(
                "higher_tier_needed",
                _("An administrator of your role asked for the letters that were wrong."),
                _("Ask an administrator of a higher role."),
            )
        ]
    return []


def secret_is_worn(account: Account) -> bool:
    """Whether administrators have heard so much of the secret that its owner should choose another."""
    return account.has_secret and positions_disclosed(account) >= settings.RESECURE.secret_positions_disclosed


def authenticate_first() -> Refusal:
    """Why a confirmation by the account secret is not made by saying so."""
    return Refusal(
        "authenticate_first",
        _("The account secret counts only after Authenticate User said yes."),
        _("Use Authenticate User, or confirm who they are in another way."),
    )
