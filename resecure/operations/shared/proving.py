"""Whether the second factor that somebody gives is right: tries are counted before, what is used is used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import passkeys, second_factors, sessions, throttles
from resecure.identity.accounts import Account
from resecure.identity.second_factors import DIGITS, RECOVERY_CODE, ChallengeFor, FactorKind, SecondFactor
from resecure.identity.sessions import Proof
from resecure.operations.shared.progress import Client
from resecure.operations.shared.telling import tell
from resecure.policy.refusals import Invalid, Throttled
from resecure.propagation.models import Change

# Ten codes in a quarter of an hour from where the person has signed in before, ten an hour from everywhere else
# together: a stranger who knows the password guesses right in one day of 1,400, and shuts nobody out at their desk.
MOST_TRIES = 10
KNOWN_WINDOW, UNKNOWN_WINDOW = timedelta(minutes=15), timedelta(hours=1)
KNOWN_FOR = timedelta(days=30)
MOST_PASSKEY_TRIES = 60  # nobody guesses a passkey; this only keeps the record from filling


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody gives: a code of an app, a recovery code, or what an authenticator answered to a challenge."""

    code: str = field(default="", repr=False)
    passkey: str = field(default="", repr=False)
    challenge: UUID | None = None


class WrongFactor(Invalid):
    """It is not right: one answer for wrong, used before, too old, removed and somebody else's."""

    def __init__(self, *, by_passkey: bool) -> None:
        text = (
            _("The passkey was not accepted. Try again, or use a code")
            if by_passkey
            else _("This code is not right, or was used before. Wait for the next one and try again")
        )
        super().__init__({"code": [text]})


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a page asks the browser's authenticator: the challenge's id, and the options as JSON."""

    challenge: UUID
    options: str


def question(account: Account, *, bound_to: UUID) -> Question | None:
    """Ask for one of this account's passkeys; None if it has none. The answer counts once, in this session or
    sign-in, and under the account's present generation."""
    known = second_factors.credentials_of(second_factors.of(account.pk))
    if not known:
        return None
    made = second_factors.ask(ChallengeFor.USE_PASSKEY, account=account, bound_to=bound_to, now=timezone.now())
    options = passkeys.options_to_use(challenge=bytes(made.value), known=known)
    return Question(challenge=made.pk, options=json.dumps(options))


@contextmanager
def trying(account: Account, given: Given, *, client: Client) -> Iterator[None]:
    """Around the transaction in which what is given is judged. Counts the try first, and for good: of a hundred at
    once, ten are judged. Raises Throttled; a wrong one is on record."""
    now = timezone.now()
    key, most, window = _limit(account, given, client, now=now)
    with transaction.atomic():
        room = throttles.leaves_room(key, most=most, now=now, window=window)
        if not room and not given.passkey:
            _warn(account, now=now)
    if not room:
        wait = throttles.wait({key: (most, window)}, now=now) or window
        raise Throttled(max(1, int(wait.total_seconds())))
    try:
        yield
    except WrongFactor:
        with transaction.atomic():
            _on_record(Event.SECOND_FACTOR_WRONG, account, now=now, passkey=bool(given.passkey), **_from(client))
        raise


def prove(account: Account, given: Given, *, bound_to: UUID, client: Client, now: datetime) -> Proof:
    """What was given, used up; the tries before it are forgotten with it. The caller holds the account's row lock.
    Raises WrongFactor."""
    proof = _proof(account, given, bound_to=bound_to, now=now)
    throttles.forget(_limit(account, given, client, now=now)[0])
    return proof


def _proof(account: Account, given: Given, *, bound_to: UUID, now: datetime) -> Proof:
    if given.passkey:
        return _by_passkey(account, given, bound_to=bound_to, now=now)
    code = "".join(given.code.split())
    if len(code) == DIGITS and code.isascii() and code.isdecimal():
        factor = second_factors.use_totp(account.pk, code, now=now)
        if factor is None:
            raise WrongFactor(by_passkey=False)
        return Proof(at=now, factor=factor, kind=FactorKind.TOTP)
    # Only beside a factor that it stands in for.
    if not second_factors.has_one(account.pk) or not second_factors.use_recovery_code(account.pk, code, now=now):
        raise WrongFactor(by_passkey=False)
    left = second_factors.recovery_codes_left(account.pk)
    tell(Change.RECOVERY_CODE_USED, account, at=now, left=left)
    return Proof(at=now, factor=None, kind=RECOVERY_CODE)


def _by_passkey(account: Account, given: Given, *, bound_to: UUID, now: datetime) -> Proof:
    asked = second_factors.take_answer(
        given.challenge, ChallengeFor.USE_PASSKEY, account=account, bound_to=bound_to, now=now
    )
    factor = passkey_of(given.passkey)
    if asked is None or factor is None or factor.account_id != account.pk:
        raise WrongFactor(by_passkey=True)
    return judged(factor, given, challenge=bytes(asked.value), now=now)


def passkey_of(answer: str) -> SecondFactor | None:
    """The passkey that an answer says it is of."""
    credential = passkeys.credential_of(answer)
    return SecondFactor.objects.filter(credential=credential).first() if credential else None


def judged(factor: SecondFactor, given: Given, *, challenge: bytes, now: datetime) -> Proof:
    """The answer of this passkey to this challenge, if it is right. Raises WrongFactor."""
    count = passkeys.count_of(given.passkey, challenge=challenge, public_key=bytes(factor.public_key or b""))
    if count is None or not second_factors.note_passkey_used(factor.pk, count=count, now=now):
        raise WrongFactor(by_passkey=True)
    return Proof(at=now, factor=factor.pk, kind=FactorKind.PASSKEY)


def _limit(account: Account, given: Given, client: Client, *, now: datetime) -> tuple[bytes, int, timedelta]:
    if given.passkey:
        return throttles.key_of("passkey", str(account.pk)), MOST_PASSKEY_TRIES, KNOWN_WINDOW
    known = sessions.signed_in_from(account.pk, client.address, since=now - KNOWN_FOR)
    place = client.address if known and client.address else ""
    return (
        throttles.key_of("second factor", str(account.pk), place),
        MOST_TRIES,
        (KNOWN_WINDOW if known else UNKNOWN_WINDOW),
    )


def _warn(account: Account, *, now: datetime) -> None:
    """Once a day at most: whoever goes on guessing sends no second mail."""
    key = throttles.key_of("second factor guessed", str(account.pk))
    if throttles.leaves_room(key, most=1, now=now, window=timedelta(days=1)):
        tell(Change.SECOND_FACTOR_GUESSED, account, at=now)


def _from(client: Client) -> dict[str, Any]:
    return {"from": client.address}


def _on_record(event: Event, account: Account, *, now: datetime, **details: Any) -> None:
    record.append(
        event,
        actor=account.pk,
        target=account.pk,
        organisation_path=account.organisation_path,
        at=now,
        details=details,
    )
