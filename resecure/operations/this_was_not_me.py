"""This wasn't me: shut an account at the word of whoever was written to."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import credentials, not_me, sessions
from resecure.identity.accounts import Account
from resecure.identity.alerts import AlertKind, raise_alert
from resecure.operations.shared.moving import columns_of_move
from resecure.operations.shared.telling import tell, tell_administrators
from resecure.policy.refusals import NotFound
from resecure.policy.transitions import By
from resecure.propagation.models import Change

NO_PASSWORD: dict[str, object] = {
    "password": "",
    "password_is_temporary": False,
    "temporary_password_expires_at": None,
    "temporary_password_used_at": None,
    "temporary_password_key": "",
}


def link_is_good(token: str) -> bool:
    """Whether a link would do something. Looking changes nothing: programs that check mail open every link."""
    return not_me.find(token, now=timezone.now()) is not None


def this_was_not_me(token: str) -> None:
    """Afterwards nothing opens the account: it is Locked, its password is retired, every session is over.
    Administrators are told and an alert stands. Opening it again takes an administrator and a confirmation.

    The link is the only permission, so it can do nothing but shut. Raises NotFound for one that is unknown, late, used,
    or from before the last thing that happened to the account: one answer for all.
    """
    now = timezone.now()
    with transaction.atomic():
        found = not_me.find(token, now=now)
        if found is None:
            raise NotFound
        account = Account.objects.locked(found.account_id)
        link = not_me.find(token, now=now)  # under the lock: of two at once, one
        if link is None:
            raise NotFound
        not_me.use(link, now=now)
        moved = columns_of_move(account, By.NOT_ME, now=now) or {}
        credentials.remember_password(account, now=now)
        # A temporary password that a stranger was given, or one that they chose, must not count after Unlock.
        sessions.revoke_all(account, by=account.pk, now=now, **NO_PASSWORD, **moved)
        tell(Change.FROZEN, account, at=now)
        tell_administrators(Change.LOOK_NOT_ME, account, at=now)
        raise_alert(
            AlertKind.NOT_ME,
            account=account.pk,
            actor=None,
            organisation_path=account.organisation_path,
            at=now,
            details={"about": link.change},
        )
        record.append(
            Event.ACCOUNT_FROZEN,
            actor=None,
            target=account.pk,
            organisation_path=account.organisation_path,
            at=now,
            details={"about": link.change},
        )
