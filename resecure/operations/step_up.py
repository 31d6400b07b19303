"""Step up: give a second factor again, in a session that is open."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import sessions
from resecure.identity.accounts import Account
from resecure.operations.shared.frame import insist_still_acting, locked_own
from resecure.operations.shared.progress import Client
from resecure.operations.shared.proving import Given, prove, trying
from resecure.policy.refusals import NotSignedIn


def step_up(given: Given, *, by: Account, client: Client) -> None:
    """Afterwards what asks for a second factor is open to this session, and to no other, for ten minutes.

    Raises Invalid for all that is not right, Throttled, NotSignedIn.
    """
    now = timezone.now()
    if by.acting_session is None:
        raise NotSignedIn
    insist_still_acting(by)  # before a try is counted; once more below, under the lock
    with trying(by, given, client=client), transaction.atomic():
        account = locked_own(by)
        proof = prove(account, given, bound_to=by.acting_session, client=client, now=now)
        sessions.note_proof(by.acting_session, proof)
        record.append(
            Event.STEPPED_UP,
            actor=by.pk,
            target=by.pk,
            organisation_path=account.organisation_path,
            at=now,
            details={"kind": proof.kind, "from": client.address},
        )
