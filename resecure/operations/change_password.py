"""Change password: a signed-in person chooses another one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import credentials, passwords, sessions, throttles
from resecure.identity.accounts import Account
from resecure.operations.shared.progress import Client
from resecure.operations.shared.telling import tell
from resecure.policy.next_sign_in import Step, still_owed
from resecure.policy.passwords import faults_of_password, is_short
from resecure.policy.refusals import Invalid, NotSignedIn, Throttled
from resecure.propagation.models import Change

# Asked at a sign-in, not of whoever is signed in.
NOT_HERE = {Step.AUP, Step.SECOND_FACTOR, Step.ADD_SECOND_FACTOR}


def change_password(account: UUID, *, old: str, new: str, client: Client, session: UUID | None = None) -> str:
    """Afterwards the new password opens the account, every session of before is over, and the person goes on
    in a fresh one, whose token is returned.

    The old password is asked for: an unlocked computer must not be enough. What second factor was given in ``session``,
    from which it is asked, counts on in the fresh one, no longer than it would have there. Raises Invalid, Throttled,
    NotSignedIn when the account was taken back meanwhile.
    """
    now = timezone.now()
    # A found computer must not become a place to guess from: wrong old passwords are counted.
    key, window = throttles.key_of("change password", str(account)), timedelta(minutes=15)
    if (wait := throttles.wait({key: (10, window)}, now=now)) is not None:
        raise Throttled(max(1, int(wait.total_seconds())))
    seen = Account.objects.select_related("organisation").get(pk=account)
    if not passwords.matches(old, seen.password):
        throttles.count(key, now=now, window=window)
        raise Invalid({"old": [_("This is not your present password")]})
    if faults := faults_of_password(new, seen):
        raise Invalid({"password": faults})
    hashed = passwords.hashed(new)
    with transaction.atomic():
        locked = Account.objects.locked(account)
        # A temporary password is no key to this form: whoever owes steps takes them. (A policy that came out
        # during the session is read at the next sign-in; a secret that wore out is replaced then.)
        later = NOT_HERE | ({Step.ACCOUNT_SECRET} if locked.has_secret else set())
        if locked.generation != seen.generation or {*still_owed(locked)} - later:
            raise NotSignedIn
        credentials.set_password(locked, password=hashed, now=now, by=account, password_is_short=is_short(new))
        opened = sessions.open_session(
            locked,
            generation=locked.generation,
            now=now,
            lifetime=timedelta(hours=settings.RESECURE.session_absolute_hours),
            client_address=client.address,
            client_name=client.name,
            proof=sessions.proof_of(session) if session else None,
        )
        if opened is None:
            raise NotSignedIn
        tell(Change.PASSWORD_CHANGED, locked, at=now)
        record.append(
            Event.PASSWORD_CHANGED,
            actor=account,
            target=account,
            organisation_path=locked.organisation_path,
            at=now,
            details={"from": client.address},
        )
    return opened[0]
