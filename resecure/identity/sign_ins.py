"""Sign-ins that are under way: a verified password, and the steps still owed before a session opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models

from resecure.database import statements
from resecure.identity import tokens
from resecure.identity.accounts import MAY_SIGN_IN, Account
from resecure.identity.agreements import AupVersion
from resecure.identity.sessions import Proof


class SignIn(models.Model):
    """A sign-in on its way. It opens nothing but its own next step, and lives while its generation does."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    handle = models.BinaryField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    generation = models.BigIntegerField()
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Said yes to, not yet accepted: it counts only when the last step is saved.
    aup_agreed = models.ForeignKey(AupVersion, null=True, on_delete=models.PROTECT, db_index=False)
    second_factor_at = models.DateTimeField(null=True)
    second_factor = models.UUIDField(null=True)
    second_factor_kind = models.CharField(max_length=20, default="", db_default="")
    by_password = models.BooleanField(default=True, db_default=True)
    new_password_at = models.DateTimeField(null=True)
    aup_at = models.DateTimeField(null=True)
    profile_at = models.DateTimeField(null=True)
    # When it was over: by its last step, or because the person stopped. No clock is asked whether it lives.
    completed_at = models.DateTimeField(null=True)
    client_address = models.GenericIPAddressField(null=True)
    client_name = models.CharField(max_length=200, default="")


def begin(
    account: Account,
    *,
    now: datetime,
    lifetime: timedelta,
    client_address: str | None,
    client_name: str,
    proof: Proof | None = None,
) -> tuple[str, SignIn]:
    """Start one. The caller holds the account's row lock and has compared the generation. ``proof``: of a
    sign-in that began with a passkey alone."""
    value, digest = tokens.new(tokens.SIGN_IN)
    made = SignIn(
        handle=digest,
        account_id=account.pk,
        generation=account.generation,
        started_at=now,
        expires_at=now + lifetime,
        client_address=client_address,
        client_name=client_name[:200],
        second_factor_at=proof.at if proof else None,
        second_factor=proof.factor if proof else None,
        second_factor_kind=proof.kind if proof else "",
        by_password=proof is None,
    )
    statements.insert(made)
    return value, made


def find(handle: str, *, now: datetime) -> SignIn | None:
    """The sign-in behind a handle while it lives, with its account; None for every other reason.

    Reads without a lock: good for showing a page. A step reads again under :func:`locked`.
    """
    if not handle.startswith(tokens.SIGN_IN):
        return None
    found = (
        SignIn.objects.select_related("account__organisation", "aup_agreed")
        .filter(handle=tokens.digest(handle))
        .first()
    )
    return found if found and lives(found, found.account, now=now) else None


def proof_of(sign_in: SignIn) -> Proof | None:
    """The second factor that was given in it."""
    if sign_in.second_factor_at is None:
        return None
    return Proof(at=sign_in.second_factor_at, factor=sign_in.second_factor, kind=sign_in.second_factor_kind)


def locked(sign_in: UUID, account: Account) -> SignIn:
    """The sign-in as it is now, locked, for a caller that already holds the account's row lock."""
    return SignIn.objects.select_for_update(of=("self",)).select_related("aup_agreed").get(pk=sign_in, account=account)


def lives(sign_in: SignIn, account: Account, *, now: datetime) -> bool:
    """Whether it may take its next step: not done, not late, and of the account's generation."""
    return (
        sign_in.completed_at is None
        and now < sign_in.expires_at
        and sign_in.generation == account.generation
        and account.status in MAY_SIGN_IN
    )
