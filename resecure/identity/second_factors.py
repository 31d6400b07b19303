"""Second factors: passkeys, authenticator apps and recovery codes, and the challenges that are answered once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32decode, b32encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.oath import hotp

from resecure.database import statements
from resecure.identity import secret_store
from resecure.identity.accounts import Account

TOTP_SECRET = "authenticator-app"
CHALLENGE_LIVES = timedelta(minutes=10)
# RFC 6238: steps of 30 seconds, six digits; one step early or late, for clocks that differ (5.2).
STEP_SECONDS, DIGITS, DRIFT = 30, 6, 1
SECRET_BYTES = 20  # RFC 4226, 4, R6: 160 bits
RECOVERY_CODES = 10
MOST_FACTORS = 20
# Without 0, 1, 8, o, i, l and b: what is written down is read again.
_LETTERS = "2345679acdefghjkmnpqrstuvwxyz"
_CODE_LENGTH = 16


class FactorKind(models.TextChoices):
    """What a second factor is. The value is stored, also with sessions."""

    PASSKEY = "passkey", _("Passkey")
    TOTP = "totp", _("Authenticator app")


# What a session that was opened, or went on, by a recovery code remembers in place of a kind.
RECOVERY_CODE = "recovery_code"


class SecondFactor(models.Model):
    """One passkey or authenticator app of an account. Removed, its row is gone: what happened stays on record."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=20, choices=FactorKind.choices)
    name = models.CharField(max_length=60)
    added_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    # Of a passkey: what its authenticator calls it, its public key, and how often it says it was used.
    credential = models.BinaryField(null=True, unique=True)
    public_key = models.BinaryField(null=True)
    sign_count = models.BigIntegerField(default=0)
    # Of an app: the shared secret, sealed, and the last time step whose code was taken.
    secret = models.BinaryField(null=True)
    secret_key_name = models.CharField(max_length=50, default="", blank=True)
    last_step = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="second_factor_is_whole",
                condition=models.Q(kind="passkey", credential__isnull=False, public_key__isnull=False, secret=None)
                | (models.Q(kind="totp", credential=None, secret__isnull=False) & ~models.Q(secret_key_name="")),
            )
        ]


class RecoveryCode(models.Model):
    """A code for the day on which every other factor is lost: good once, stored as a digest."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ChallengeFor(models.TextChoices):
    """What a challenge may be answered for, and nothing else."""

    ADD_PASSKEY = "add_passkey"
    ADD_TOTP = "add_totp"
    USE_PASSKEY = "use_passkey"
    SIGN_IN = "sign_in"


class Challenge(models.Model):
    """A question to an authenticator, answered once. It belongs to one session or sign-in, and to the generation
    under which it was asked; that of a sign-in by passkey alone to whoever was handed its id."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    purpose = models.CharField(max_length=20, choices=ChallengeFor.choices)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE)
    generation = models.BigIntegerField(null=True)
    bound_to = models.UUIDField(null=True)
    value = models.BinaryField()
    secret_key_name = models.CharField(max_length=50, default="", blank=True)
    expires_at = models.DateTimeField(db_index=True)


# --- challenges


def ask(
    purpose: ChallengeFor, *, account: Account | None, bound_to: UUID | None, now: datetime, secret: str = ""
) -> Challenge:
    """A fresh challenge. For an app that is being added, its value is the secret to be, sealed."""
    value, key_name = secrets.token_bytes(32), ""
    if secret:
        assert account is not None
        value, key_name = secret_store.encrypted(secret, account=account.pk, purpose=TOTP_SECRET)
    return Challenge.objects.create(
        purpose=purpose,
        account=account,
        generation=account.generation if account else None,
        bound_to=bound_to,
        value=value,
        secret_key_name=key_name,
        expires_at=now + CHALLENGE_LIVES,
    )


def asked(
    challenge: UUID | None, purpose: ChallengeFor, *, account: Account | None, bound_to: UUID | None, now: datetime
) -> Challenge | None:
    """The challenge while it may be answered: for showing it again. None for every other reason."""
    return Challenge.objects.filter(
        pk__in=[challenge] if challenge else [],
        purpose=purpose,
        account=account.pk if account else None,
        generation=account.generation if account else None,
        bound_to=bound_to,
        expires_at__gt=now,
    ).first()


def take_answer(
    challenge: UUID | None, purpose: ChallengeFor, *, account: Account | None, bound_to: UUID | None, now: datetime
) -> Challenge | None:
    """The same, and afterwards it is answered: of two answers at once, one gets it."""
    found = asked(challenge, purpose, account=account, bound_to=bound_to, now=now)
    if found is None or not Challenge.objects.filter(pk=found.pk).delete()[0]:
        return None
    return found


def sweep(*, before: datetime, limit: int) -> int:
    """Forget challenges that nobody answered in time. Returns how many went."""
    old = Challenge.objects.filter(expires_at__lt=before).values_list("pk", flat=True)[:limit]
    return Challenge.objects.filter(pk__in=list(old)).delete()[0]


# --- factors


def of(account: UUID) -> list[SecondFactor]:
    """The second factors of an account, the oldest first."""
    return list(SecondFactor.objects.filter(account=account).order_by("added_at", "id"))


def has_one(account: UUID) -> bool:
    """Whether this account has a second factor now."""
    return SecondFactor.objects.filter(account=account).exists()


_FACTOR_AND_ROLE = """
SELECT EXISTS (SELECT 1 FROM identity_secondfactor WHERE account_id = %s),
  EXISTS (SELECT 1 FROM identity_rolegrant WHERE account_id = %s AND withdrawn_at IS NULL)
"""


def has_one_and_a_role(account: UUID) -> tuple[bool, bool]:
    """Whether it has a second factor, and whether it holds any administrator role; read together."""
    [(factor, role)] = statements.rows(_FACTOR_AND_ROLE, [account, account])
    return factor, role


def add_passkey(
    account: Account, *, name: str, credential: bytes, public_key: bytes, count: int, now: datetime
) -> UUID:
    """Afterwards the account has this passkey. Raises IntegrityError where somebody has it already."""
    made = SecondFactor(
        account=account,
        kind=FactorKind.PASSKEY,
        name=name,
        added_at=now,
        last_used_at=now,
        credential=credential,
        public_key=public_key,
        sign_count=count,
    )
    made.save(force_insert=True)
    return made.pk


def add_totp(account: Account, secret: str, *, name: str, step: int | None, now: datetime) -> UUID:
    """Afterwards the account has this app. ``step``: the time step of the code that proved it."""
    sealed, key_name = secret_store.encrypted(secret, account=account.pk, purpose=TOTP_SECRET)
    made = SecondFactor(
        account=account,
        kind=FactorKind.TOTP,
        name=name,
        added_at=now,
        last_used_at=now,
        secret=sealed,
        secret_key_name=key_name,
        last_step=step,
    )
    made.save(force_insert=True)
    return made.pk


def forget_all(account: UUID) -> int:
    """Afterwards it has no second factor and no recovery code. Returns how many factors went."""
    RecoveryCode.objects.filter(account=account).delete()
    return SecondFactor.objects.filter(account=account).delete()[0]


_USED_PASSKEY = """
UPDATE identity_secondfactor SET sign_count = %s, last_used_at = %s
WHERE id = %s AND (sign_count < %s OR (sign_count = 0 AND %s = 0)) RETURNING id
"""


def note_passkey_used(factor: UUID, *, count: int, now: datetime) -> bool:
    """Whether the authenticator's count went on. One that stands still, or goes back, is of a copied passkey
    (WebAuthn, 6.1.1); authenticators that do not count say 0 always."""
    return bool(statements.rows(_USED_PASSKEY, [count, now, factor, count, count]))


# --- codes of an app


def new_totp_secret() -> str:
    """A secret for an app, as apps take it: base32 without padding."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 6238, 4.2)."""
    return f"{hotp(b32decode(secret), step, DIGITS):0{DIGITS}d}"


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step whose code this is, within the drift; None if it is of none. Each is compared, whatever fits."""
    at, found = int(now.timestamp()) // STEP_SECONDS, None
    for step in range(at - DRIFT, at + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "replace")):
            found = step
    return found


_USED_STEP = """
UPDATE identity_secondfactor SET last_step = %s, last_used_at = %s
WHERE id = %s AND (last_step IS NULL OR last_step < %s) RETURNING id
"""


def use_totp(account: UUID, code: str, *, now: datetime) -> UUID | None:
    """The app whose code this is, used up by it: neither this code nor an older one is taken again (RFC 6238, 5.2)."""
    for factor in SecondFactor.objects.filter(account=account, kind=FactorKind.TOTP):
        secret = secret_store.decrypted(
            bytes(factor.secret or b""), factor.secret_key_name, account=account, purpose=TOTP_SECRET
        )
        step = matching_step(secret, code, now=now)
        if step is not None and statements.rows(_USED_STEP, [step, now, factor.pk, step]):
            return factor.pk
    return None


# --- recovery codes


def make_recovery_codes(account: UUID, *, now: datetime) -> list[str]:
    """Afterwards these ten count and those of before do not. They are nowhere stored in clear."""
    made = ["".join(secrets.choice(_LETTERS) for _each in range(_CODE_LENGTH)) for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(account=account).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(account_id=account, digest=_digest(account, each), made_at=now) for each in made]
    )
    return ["-".join(each[at : at + 4] for at in range(0, _CODE_LENGTH, 4)) for each in made]


def use_recovery_code(account: UUID, code: str, *, now: datetime) -> bool:
    """Whether it was an unused one of this account; afterwards it is used."""
    plain = "".join(letter for letter in code.lower() if letter in _LETTERS)
    if len(plain) != _CODE_LENGTH:
        return False
    found = RecoveryCode.objects.filter(account=account, digest=_digest(account, plain), used_at__isnull=True)
    return bool(found.update(used_at=now))


def recovery_codes_left(account: UUID) -> int:
    """How many of its recovery codes are unused."""
    return RecoveryCode.objects.filter(account=account, used_at__isnull=True).count()


def _digest(account: UUID, plain: str) -> bytes:
    # 77 random bits: nobody tries them all, so no slow hash. With the account, so that nobody tries at all at once.
    return hashlib.sha256(f"{account}:{plain}".encode()).digest()


def credentials_of(factors: Sequence[SecondFactor]) -> list[bytes]:
    """What the authenticators call the passkeys among these."""
    return [bytes(each.credential) for each in factors if each.credential is not None]
