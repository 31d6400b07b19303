"""Adding a second factor: what is asked of an app or a browser, and the factor that its answer makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.identity import passkeys, second_factors, secret_store
from resecure.identity.accounts import Account
from resecure.identity.second_factors import MOST_FACTORS, TOTP_SECRET, Challenge, ChallengeFor, FactorKind
from resecure.identity.sessions import Proof
from resecure.operations.shared.proving import Question
from resecure.operations.shared.typed import name_part
from resecure.policy.refusals import Invalid, Refusal, Refused

NAME = 60


@dataclass(frozen=True, kw_only=True)
class NewFactor:
    """What was answered: the code that an app shows, or what an authenticator made; and what to call it."""

    challenge: UUID | None
    name: str = ""
    code: str = field(default="", repr=False)
    passkey: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class AppToAdd:
    """What an authenticator app takes: by its camera as the address, or typed as the secret."""

    challenge: UUID
    secret: str = field(repr=False)
    address: str = field(repr=False)


def app_to_add(account: Account, *, bound_to: UUID, again: UUID | None = None) -> AppToAdd:
    """A secret for an app, kept sealed until its first code is typed. ``again``: the one that was shown before, so
    that a mistyped code does not ask for a second picture to be taken."""
    now = timezone.now()
    found = second_factors.asked(again, ChallengeFor.ADD_TOTP, account=account, bound_to=bound_to, now=now)
    if found is None:
        secret = second_factors.new_totp_secret()
        found = second_factors.ask(ChallengeFor.ADD_TOTP, account=account, bound_to=bound_to, now=now, secret=secret)
    secret = _secret_of(found, account)
    label = quote(f"{passkeys.SERVICE}:{account.address}")
    address = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': passkeys.SERVICE})}"
    return AppToAdd(challenge=found.pk, secret=secret, address=address)


def passkey_to_add(account: Account, *, bound_to: UUID) -> Question:
    """What the browser's authenticator is asked to make a passkey with."""
    made = second_factors.ask(ChallengeFor.ADD_PASSKEY, account=account, bound_to=bound_to, now=timezone.now())
    known = second_factors.credentials_of(second_factors.of(account.pk))
    options = passkeys.options_to_add(account, challenge=bytes(made.value), known=known)
    return Question(challenge=made.pk, options=json.dumps(options))


def added(account: Account, new: NewFactor, *, bound_to: UUID, now: datetime) -> Proof:
    """The factor, stored and proven. The caller holds the account's row lock. Raises Invalid, Refused."""
    held = second_factors.of(account.pk)
    if len(held) >= MOST_FACTORS:
        raise Refused(
            Refusal("too_many_second_factors", _("You have very many already."), _("Remove one that you do not use."))
        )
    kind = FactorKind.PASSKEY if new.passkey else FactorKind.TOTP
    name = name_part("name", new.name, most=NAME, required=False) or f"{kind.label} {len(held) + 1}"
    if kind is FactorKind.TOTP:
        return _app(account, new, name=name, bound_to=bound_to, now=now)
    return _passkey(account, new, name=name, bound_to=bound_to, now=now)


def _app(account: Account, new: NewFactor, *, name: str, bound_to: UUID, now: datetime) -> Proof:
    found = second_factors.asked(new.challenge, ChallengeFor.ADD_TOTP, account=account, bound_to=bound_to, now=now)
    if found is None:
        raise Invalid({"code": [_("This page is too old. Take the picture that is shown now, and type its code")]})
    secret = _secret_of(found, account)
    step = second_factors.matching_step(secret, "".join(new.code.split()), now=now)
    if step is None:
        raise Invalid({"code": [_("This is not the code that the app shows now. Wait for the next one and try again")]})
    second_factors.take_answer(new.challenge, ChallengeFor.ADD_TOTP, account=account, bound_to=bound_to, now=now)
    made = second_factors.add_totp(account, secret, name=name, step=step, now=now)
    return Proof(at=now, factor=made, kind=FactorKind.TOTP)


def _passkey(account: Account, new: NewFactor, *, name: str, bound_to: UUID, now: datetime) -> Proof:
    found = second_factors.take_answer(
        new.challenge, ChallengeFor.ADD_PASSKEY, account=account, bound_to=bound_to, now=now
    )
    passkey = passkeys.added(new.passkey, challenge=bytes(found.value)) if found else None
    wrong = Invalid({"passkey": [_("The passkey could not be added. Try again, or use an authenticator app")]})
    if passkey is None:
        raise wrong
    try:
        with transaction.atomic():
            made = second_factors.add_passkey(
                account,
                name=name,
                credential=passkey.credential,
                public_key=passkey.public_key,
                count=passkey.count,
                now=now,
            )
    except IntegrityError:
        raise wrong from None
    return Proof(at=now, factor=made, kind=FactorKind.PASSKEY)


def _secret_of(found: Challenge, account: Account) -> str:
    return secret_store.decrypted(bytes(found.value), found.secret_key_name, account=account.pk, purpose=TOTP_SECRET)
