"""When a person changes their own second factors: every other session ends, and they go on in a fresh one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.identity.sessions import Proof
from resecure.operations.shared.progress import Client
from resecure.policy.refusals import NotSignedIn


def go_on_alone(account: Account, *, proof: Proof | None, client: Client, now: datetime) -> str:
    """Afterwards nothing that was open counts but the session whose token is returned. The caller holds the account's
    row lock. A copy of the old session's token, in whoever's hands, is dead."""
    sessions.revoke_all(account, by=account.pk, now=now)
    opened = sessions.open_session(
        account,
        generation=account.generation,
        now=now,
        lifetime=timedelta(hours=settings.RESECURE.session_absolute_hours),
        client_address=client.address,
        client_name=client.name,
        proof=proof,
    )
    if opened is None:
        raise NotSignedIn
    return opened[0]
