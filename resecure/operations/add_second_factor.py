"""Add second factor: a passkey or an authenticator app, to one's own account or while signing in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import second_factors, sessions
from resecure.identity.accounts import Account, touch
from resecure.operations.shared.enrolling import NewFactor, added
from resecure.operations.shared.finishing import finish_if_nothing_is_owed
from resecure.operations.shared.frame import RECORDED, insist_proven_or_new, locked_own, record_refusal
from resecure.operations.shared.going_on import go_on_alone
from resecure.operations.shared.progress import Client, Progress
from resecure.operations.shared.step_frame import current, insist_on_turn, note, taking
from resecure.operations.shared.telling import tell
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import NotSignedIn
from resecure.propagation.models import Change


@dataclass(frozen=True, kw_only=True)
class Added:
    """What comes of it: the fresh session, or where the sign-in stands; and recovery codes, shown once, with the
    first factor."""

    progress: Progress
    recovery_codes: list[str] = field(default_factory=list, repr=False)


def add_second_factor(new: NewFactor, *, by: Account, client: Client) -> Added:
    """Afterwards it is asked for at every sign-in; every other session is over, and the person goes on in a fresh one.

    Who has a factor gave it lately; who has none signed in lately. Raises SecondFactorNeeded, Invalid, Refused,
    NotSignedIn.
    """
    now = timezone.now()
    if by.acting_session is None:
        raise NotSignedIn
    try:
        with transaction.atomic():
            account = locked_own(by)
            insist_proven_or_new(by)
            proof = added(account, new, bound_to=by.acting_session, now=now)
            token = go_on_alone(account, proof=proof, client=client, now=now)
            codes = _codes_and_notice(account, now=now)
            record.append(
                Event.SECOND_FACTOR_ADDED,
                actor=by.pk,
                target=by.pk,
                organisation_path=account.organisation_path,
                at=now,
                details={"kind": proof.kind, "from": client.address},
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=by.pk, by=by, now=now, asked="add_second_factor")
        raise
    return Added(progress=Progress(account=by.pk, session=token), recovery_codes=codes)


def add_second_factor_at_sign_in(handle: str, new: NewFactor, *, client: Client) -> Added:
    """The same as a step of a sign-in, for an administrator who has none. Raises Invalid, Refused, NotSignedIn."""
    insist_on_turn(Step.ADD_SECOND_FACTOR, current(handle))
    with taking(Step.ADD_SECOND_FACTOR, Event.SECOND_FACTOR_ADDED, handle) as frame:
        proof = added(frame.account, new, bound_to=frame.sign_in.pk, now=frame.now)
        sessions.revoke_all(frame.account, by=frame.account.pk, now=frame.now)
        # This sign-in alone follows the account into its new generation.
        note(
            frame.sign_in,
            generation=frame.account.generation,
            second_factor_at=proof.at,
            second_factor=proof.factor,
            second_factor_kind=proof.kind,
        )
        codes = _codes_and_notice(frame.account, now=frame.now)
        frame.details.update(kind=proof.kind)
        frame.details["from"] = client.address
        progress = finish_if_nothing_is_owed(frame, handle, away=False)
    return Added(progress=progress, recovery_codes=codes)


def _codes_and_notice(account: Account, *, now: datetime) -> list[str]:
    touch(account, by=account.pk, now=now, second_factor_changed_at=now)
    tell(Change.SECOND_FACTOR_ADDED, account, at=now)
    if second_factors.recovery_codes_left(account.pk):
        return []
    return second_factors.make_recovery_codes(account.pk, now=now)
