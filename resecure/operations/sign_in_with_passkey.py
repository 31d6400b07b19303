"""Sign in with a passkey alone: who has it, and showed their authenticator that it is they, needs no password."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import accounts, passkeys, second_factors, sessions, sign_ins, throttles
from resecure.identity.accounts import MAY_SIGN_IN, Account
from resecure.identity.second_factors import ChallengeFor, SecondFactor
from resecure.operations.shared.progress import Client, Progress
from resecure.operations.shared.proving import Given, Question, WrongFactor, judged, passkey_of
from resecure.policy.next_sign_in import Step, still_owed
from resecure.policy.refusals import NotSignedIn, Throttled
from resecure.policy.transitions import By, status_after

WINDOW = timedelta(minutes=15)


def ask_for_a_passkey(*, client: Client) -> Question:
    """A question that any passkey of ours may answer, once. Raises NotSignedIn where the policy does not allow it,
    Throttled: whoever only asks must not fill the table."""
    now = timezone.now()
    _insist_allowed()
    _count(client, now=now)
    made = second_factors.ask(ChallengeFor.SIGN_IN, account=None, bound_to=None, now=now)
    options = passkeys.options_to_use(challenge=bytes(made.value), known=[])
    return Question(challenge=made.pk, options=json.dumps(options))


def sign_in_with_passkey(given: Given, *, client: Client) -> Progress:
    """Afterwards the client holds a session, or a sign-in whose other steps it must take.

    Not while the account has no password of its own: after a resecure, what an administrator hands over is what opens
    it. Raises NotSignedIn, the same for every cause, or Throttled.
    """
    now = timezone.now()
    _insist_allowed()
    factor = passkey_of(given.passkey)
    try:
        return _begin(factor, given, client=client, now=now)
    except (WrongFactor, NotSignedIn):
        _failed(factor, client=client, now=now)
        raise NotSignedIn from None


def _begin(factor: SecondFactor | None, given: Given, *, client: Client, now: datetime) -> Progress:
    if factor is None:
        raise NotSignedIn
    with transaction.atomic():
        account = Account.objects.locked(factor.account_id)
        # Under the lock: a factor that was taken away meanwhile is gone by now.
        held = SecondFactor.objects.filter(pk=factor.pk, account=account).first()
        asked = second_factors.take_answer(given.challenge, ChallengeFor.SIGN_IN, account=None, bound_to=None, now=now)
        own_password = account.has_password and not account.password_is_temporary
        if held is None or asked is None or account.status not in MAY_SIGN_IN or not own_password:
            raise NotSignedIn
        proof = judged(held, given, challenge=bytes(asked.value), now=now)
        owed: list[Step] = [step for step in still_owed(account) if step is not Step.SECOND_FACTOR]
        progress = Progress(account=account.pk, owed=owed)
        if owed:
            handle, _made = sign_ins.begin(
                account,
                now=now,
                lifetime=timedelta(minutes=settings.RESECURE.sign_in_minutes),
                client_address=client.address,
                client_name=client.name,
                proof=proof,
            )
            progress = Progress(account=account.pk, owed=owed, handle=handle)
        else:
            status = status_after(account.status, By.SIGN_IN) or account.status
            accounts.note_sign_in(account, status=status, now=now)
            opened = sessions.open_session(
                account,
                generation=account.generation,
                now=now,
                lifetime=timedelta(hours=settings.RESECURE.session_absolute_hours),
                client_address=client.address,
                client_name=client.name,
                proof=proof,
                by_password=False,
            )
            assert opened is not None  # the status was compared under this very lock
            progress = Progress(account=account.pk, session=opened[0])
        record.append(
            Event.SIGN_IN_STARTED if owed else Event.SIGN_IN_COMPLETED,
            actor=account.pk,
            target=account.pk,
            organisation_path=account.organisation_path,
            at=now,
            details={"owed": [step.value for step in owed], "from": client.address, "kind": proof.kind},
        )
    return progress


def _insist_allowed() -> None:
    if not settings.RESECURE.passkey_sign_in:
        raise NotSignedIn


def _count(client: Client, *, now: datetime) -> None:
    key = throttles.key_of("passkey asked", client.address or "unknown")
    most = settings.RESECURE.throttle_per_network_per_quarter_hour
    with transaction.atomic():
        room = throttles.leaves_room(key, most=most, now=now, window=WINDOW)
    if not room:
        raise Throttled(int(WINDOW.total_seconds()))


def _failed(factor: SecondFactor | None, *, client: Client, now: datetime) -> None:
    with transaction.atomic():
        record.append(
            Event.SIGN_IN_FAILED,
            actor=None,
            target=factor.account_id if factor else None,
            organisation_path="",
            at=now,
            details={"from": client.address, "known": factor is not None, "kind": "passkey"},
        )
