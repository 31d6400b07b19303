"""Sessions: valid only while their generation is the account's, read now. No cache says yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

from resecure.database import statements
from resecure.identity import tokens
from resecure.identity.accounts import MAY_SIGN_IN, SQL_MAY_SIGN_IN, Account, account_of
from resecure.identity.organisations import Organisation

# A person clicking through pages need not write a row each time; the idle clock is this much coarser.
SEEN_EVERY = timedelta(minutes=1)


class Session(models.Model):
    """A signed-in browser or program. Its rows are swept for tidiness; nothing depends on the sweep."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    token = models.BinaryField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    generation = models.BigIntegerField()
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    client_address = models.GenericIPAddressField(null=True)
    client_name = models.CharField(max_length=200, default="")
    # When a second factor was last given in it, which, and what kind; and whether a password opened it.
    second_factor_at = models.DateTimeField(null=True)
    second_factor = models.UUIDField(null=True)
    second_factor_kind = models.CharField(max_length=20, default="", db_default="")
    by_password = models.BooleanField(default=True, db_default=True)

    class Meta:
        indexes = [models.Index(fields=["account", "generation"], name="session_by_account")]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a second factor was given: when, which (None for a recovery code), and what kind."""

    at: datetime
    factor: UUID | None
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """A session that was valid at the moment it was read, and its account as it was at that moment."""

    session: UUID
    account: Account
    last_seen_at: datetime


# One statement reads the session and the account together, so there is no moment between the two. An
# idle limit of the moment, not a stored one, so that shortening it takes effect at once.
_PASSES = f"""
FROM identity_session s
JOIN identity_account a ON a.id = s.account_id AND a.generation = s.generation
JOIN identity_organisation o ON o.id = a.organisation_id
WHERE s.token = %s AND s.ended_at IS NULL AND s.expires_at > %s AND s.last_seen_at > %s
  AND a.status IN {SQL_MAY_SIGN_IN}
"""
# Whether somebody who acts still may. Their session passed when the request came; a request can be held back
# half-way for as long as its sender likes, and then goes on after the account was taken back.
SQL_STILL_ACTS = f"""
(a.is_system OR (a.generation = k.generation AND a.status IN {SQL_MAY_SIGN_IN} AND (k.session IS NULL OR EXISTS (
  SELECT 1 FROM identity_session s WHERE s.id = k.session AND s.ended_at IS NULL AND s.expires_at > k.now))))
"""  # noqa: S608 - a constant is put in, nothing from outside
# Whether a second factor was given lately in the session somebody acts in, and is still one of theirs: a factor that
# was taken away a moment ago proves nothing any more. What has no session does not come from outside (see still_acts).
SQL_PROVEN = """
(a.is_system OR k.session IS NULL OR EXISTS (
  SELECT 1 FROM identity_session f WHERE f.id = k.session AND f.account_id = k.actor
    AND f.second_factor_at > k.proven_since AND (f.second_factor_kind = 'recovery_code' OR EXISTS (
      SELECT 1 FROM identity_secondfactor x WHERE x.id = f.second_factor AND x.account_id = f.account_id))))
"""
SQL_WHO_ACTS = (
    "SELECT %s::uuid AS actor, %s::bigint AS generation, %s::uuid AS session, %s::timestamptz AS now,"
    " %s::timestamptz AS proven_since"
)


def check(token: str, *, now: datetime, idle: timedelta) -> Pass | None:
    """The session behind a token, if it may pass now; None for every other reason."""
    if not token.startswith(tokens.SESSION):
        return None
    found = statements.rows(_check(), [tokens.digest(token), now, now - idle])
    if not found:
        return None
    session, last_seen_at, *columns = found[0]
    account = account_of(columns)
    account.acting_session = session
    return Pass(session=session, account=account, last_seen_at=last_seen_at)


@cache
def _check() -> str:
    columns = f"{statements.columns(Account, 'a')}, {statements.columns(Organisation, 'o')}"
    return f"SELECT s.id, s.last_seen_at, {columns} {_PASSES}"


def who_acts(by: Account) -> tuple[UUID, int, UUID | None, datetime, datetime]:
    """The values of ``SQL_WHO_ACTS``."""
    now = timezone.now()
    since = now - timedelta(minutes=settings.RESECURE.second_factor_minutes)
    return by.pk, by.generation, by.acting_session, now, since


def still_acts(by: Account) -> bool:
    """Whether what somebody came by still counts now: read in the transaction of what they ask for."""
    found = statements.rows(
        f"SELECT {SQL_STILL_ACTS} FROM ({SQL_WHO_ACTS}) k JOIN identity_account a ON a.id = k.actor",  # noqa: S608 - constants
        who_acts(by),
    )
    return found == [(True,)]


def is_proven(by: Account) -> bool:
    """Whether a second factor was given lately in the session somebody acts in: read in the same transaction."""
    found = statements.rows(
        f"SELECT {SQL_PROVEN} FROM ({SQL_WHO_ACTS}) k JOIN identity_account a ON a.id = k.actor",  # noqa: S608 - constants
        who_acts(by),
    )
    return found == [(True,)]


def is_new(by: Account) -> bool:
    """Whether the session somebody acts in was opened lately: what stands for a second factor where there is none."""
    now = timezone.now()
    since = now - timedelta(minutes=settings.RESECURE.second_factor_minutes)
    return by.acting_session is None or Session.objects.filter(pk=by.acting_session, started_at__gt=since).exists()


def note_proof(session: UUID, proof: Proof) -> None:
    """Afterwards a second factor counts as given in this session at that time."""
    Session.objects.filter(pk=session).update(
        second_factor_at=proof.at, second_factor=proof.factor, second_factor_kind=proof.kind
    )


def proof_of(session: UUID) -> Proof | None:
    """What was given in this session, whatever its age."""
    found = Session.objects.filter(pk=session, second_factor_at__isnull=False).first()
    if found is None or found.second_factor_at is None:
        return None
    return Proof(at=found.second_factor_at, factor=found.second_factor, kind=found.second_factor_kind)


def signed_in_from(account: UUID, client_address: str | None, *, since: datetime) -> bool:
    """Whether a session of this account was opened from this network address since then."""
    if not client_address:
        return False
    return Session.objects.filter(account=account, client_address=client_address, started_at__gt=since).exists()


def open_session(
    account: Account,
    *,
    generation: int,
    now: datetime,
    lifetime: timedelta,
    client_address: str | None,
    client_name: str,
    proof: Proof | None = None,
    by_password: bool = True,
) -> tuple[str, Session] | None:
    """Issue a session under the generation at which the credential was verified.

    The caller holds the account's row lock. None if the account has moved on since: a sign-in that checked
    the old password cannot open a session after a resecure.
    """
    if account.generation != generation or account.status not in MAY_SIGN_IN:
        return None
    value, digest = tokens.new(tokens.SESSION)
    made = Session(
        token=digest,
        account_id=account.pk,
        generation=generation,
        started_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        client_address=client_address,
        client_name=client_name[:200],
        second_factor_at=proof.at if proof else None,
        second_factor=proof.factor if proof else None,
        second_factor_kind=proof.kind if proof else "",
        by_password=by_password,
    )
    statements.insert(made)
    return value, made


def live(account: Account, *, now: datetime, idle: timedelta) -> models.QuerySet[Session]:
    """The sessions of an account that would pass now."""
    return Session.objects.filter(
        account=account,
        generation=account.generation,
        ended_at__isnull=True,
        expires_at__gt=now,
        last_seen_at__gt=now - idle,
    ).order_by("-last_seen_at")


def end(session: UUID, *, account: UUID, now: datetime) -> bool:
    """End one session of this account. False if there is no such live one."""
    return bool(Session.objects.filter(pk=session, account=account, ended_at__isnull=True).update(ended_at=now))


def end_others(session: UUID, *, account: UUID, now: datetime) -> int:
    """End every session of this account but one. Returns how many were live."""
    others = Session.objects.filter(account=account, ended_at__isnull=True).exclude(pk=session)
    return others.update(ended_at=now)


def seen(session: UUID, *, now: datetime) -> None:
    """Note that the session was used. Touches nothing that decides validity, whatever it races with."""
    Session.objects.filter(pk=session, last_seen_at__lt=now - SEEN_EVERY).update(last_seen_at=now)


def revoke_all(account: Account, *, by: UUID, now: datetime, **columns: object) -> None:
    """End everything that can act for this account: sessions, half-finished sign-ins, confirmations, all.

    One row changes, however many there are. The caller holds the account's row lock, and hands over what
    else changes on the row at this moment.
    """
    changes = {**columns, "updated_at": now, "updated_by": by}
    Account.objects.filter(pk=account.pk).update(generation=F("generation") + 1, **changes)
    for name, value in changes.items():
        setattr(account, name, value)
    account.generation += 1


def sweep(*, before: datetime, limit: int) -> int:
    """Remove rows of sessions that expired before this time. For tidiness only. Returns how many went."""
    old = Session.objects.filter(expires_at__lt=before).values("pk")[:limit]
    return Session.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
