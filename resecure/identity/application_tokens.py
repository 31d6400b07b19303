"""What is issued to applications: codes, access tokens, refresh tokens, the passes of forward auth.

Each is a row with the generation of its account, and counts only while that equals the account's, its application
session is open, and the session that one came from has not ended: all read in one statement, now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models

from resecure.database import statements
from resecure.identity import tokens
from resecure.identity.accounts import SQL_MAY_SIGN_IN
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.applications import Application


class TokenKind(models.TextChoices):
    """What a token is for. Where one kind is expected, no other is looked at."""

    CODE = "code", "code"
    ACCESS = "access", "access"
    REFRESH = "refresh", "refresh"
    HANDOVER = "handover", "handover"
    FORWARD = "forward", "forward"


PREFIXES = {
    TokenKind.CODE: tokens.CODE,
    TokenKind.ACCESS: tokens.ACCESS,
    TokenKind.REFRESH: tokens.REFRESH,
    TokenKind.HANDOVER: tokens.HANDOVER,
    TokenKind.FORWARD: tokens.FORWARD,
}
# Once only: whoever presents one a second time has copied it, or has been copied.
ONCE = frozenset({TokenKind.CODE, TokenKind.REFRESH, TokenKind.HANDOVER})


class ApplicationToken(models.Model):
    """One token. ``grant`` holds what a code was asked with: redirect address, nonce, challenge."""

    digest = models.BinaryField(unique=True)
    kind = models.CharField(max_length=10, choices=TokenKind.choices)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    # None for a machine, which signs in for itself.
    application_session = models.ForeignKey(ApplicationSession, null=True, on_delete=models.CASCADE)
    generation = models.BigIntegerField(null=True)
    scope = models.CharField(max_length=500, default="")
    grant = models.JSONField(default=dict)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="application_token_kind_known", condition=models.Q(kind__in=TokenKind.values)),
            models.CheckConstraint(
                name="application_token_bound",
                condition=models.Q(application_session__isnull=False, generation__isnull=False)
                | models.Q(application_session__isnull=True, generation__isnull=True, kind="access"),
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="application_token_old")]


# Which rows count. Of a person: everything above is read with the token; of a machine, its application.
SQL_COUNTS = f"""
FROM identity_applicationtoken t
JOIN identity_application p ON p.id = t.application_id AND p.removed_at IS NULL
LEFT JOIN identity_applicationsession s ON s.id = t.application_session_id AND s.ended_at IS NULL
LEFT JOIN identity_session w ON w.id = s.session_id AND w.ended_at IS NULL
LEFT JOIN identity_account a ON a.id = s.account_id AND a.generation = t.generation AND a.status IN {SQL_MAY_SIGN_IN}
WHERE t.digest = %s AND t.kind = %s AND t.ended_at IS NULL AND t.used_at IS NULL
  AND t.expires_at > %s AND (t.application_session_id IS NULL OR (a.id IS NOT NULL AND w.expires_at > %s))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token that counted at the moment it was read. ``sid``, ``account`` and ``auth_time`` are None for a machine."""

    id: int
    application: UUID
    scope: str
    grant: dict[str, object]
    issued_at: datetime
    expires_at: datetime
    sid: UUID | None
    account: UUID | None
    generation: int | None
    auth_time: datetime | None
    session_ends_at: datetime | None
    second_factor_kind: str
    by_password: bool


_COLUMNS = (
    "t.id, t.application_id, t.scope, t.grant, t.issued_at, t.expires_at, s.id, s.account_id, t.generation,"
    " w.started_at, w.expires_at, w.second_factor_kind, w.by_password"
)
_FIND = f"SELECT {_COLUMNS} {SQL_COUNTS}"
_USE = "UPDATE identity_applicationtoken SET used_at = %s WHERE id = %s AND used_at IS NULL"


def find(value: str, kind: TokenKind, *, now: datetime) -> Token | None:
    """The token behind a value, if it counts now and is of this kind; None for every other reason."""
    return _read(_FIND, value, kind, now=now)


def take(value: str, kind: TokenKind, *, now: datetime) -> Token | None:
    """The same for a token that counts once: afterwards it is used up. Of two at once, one gets it.

    In a transaction: the row stays locked until what is issued for it is stored.
    """
    return _read(f"{_FIND} FOR UPDATE OF t", value, kind, now=now, use=True)


def _read(statement: str, value: str, kind: TokenKind, *, now: datetime, use: bool = False) -> Token | None:
    if not value.startswith(PREFIXES[kind]):
        return None
    found = statements.rows(statement, [tokens.digest(value), kind.value, now, now])
    if not found:
        return None
    row = found[0]
    if use:
        statements.run(_USE, [now, row[0]])
    return Token(
        id=row[0],
        application=row[1],
        scope=row[2],
        grant=row[3],
        issued_at=row[4],
        expires_at=row[5],
        sid=row[6],
        account=row[7],
        generation=row[8],
        auth_time=row[9],
        session_ends_at=row[10],
        second_factor_kind=row[11] or "",
        by_password=row[12] is not False,
    )


def application_of(value: str, kind: TokenKind) -> UUID | None:
    """Whose token of this kind it is, whether it counts or not; None where there is none."""
    if not value.startswith(PREFIXES[kind]):
        return None
    found = ApplicationToken.objects.filter(digest=tokens.digest(value), kind=kind)
    return found.values_list("application", flat=True).first()


def scope_of(value: str, kind: TokenKind) -> str:
    """The scope it was issued with, whether it counts or not; nothing where there is none."""
    found = ApplicationToken.objects.filter(digest=tokens.digest(value), kind=kind)
    return found.values_list("scope", flat=True).first() or ""


def used_before(value: str, kind: TokenKind, *, application: UUID) -> ApplicationSession | None:
    """The application session of a token of this application that was used up; None for any other."""
    found = (
        ApplicationToken.objects.filter(
            digest=tokens.digest(value), kind=kind, application=application, used_at__isnull=False
        )
        .select_related("application_session")
        .first()
    )
    return found.application_session if found else None


def issue(
    kind: TokenKind,
    *,
    application: UUID,
    sid: UUID | None,
    generation: int | None,
    scope: str,
    now: datetime,
    lifetime: timedelta,
    grant: dict[str, object] | None = None,
) -> str:
    """Store a new token under the generation of what it is issued for, and return its value, which is stored nowhere.

    Nobody need hold the account's lock: a token under an older generation is stored dead.
    """
    value, digest = tokens.new(PREFIXES[kind])
    ApplicationToken.objects.create(
        digest=digest,
        kind=kind,
        application_id=application,
        application_session_id=sid,
        generation=generation,
        scope=scope,
        grant=grant or {},
        issued_at=now,
        expires_at=now + lifetime,
    )
    return value


def end(value: str, *, application: UUID, now: datetime) -> UUID | None:
    """End an access or refresh token of this application (RFC 7009). Returns its application session where the
    token was a refresh token: with it, all that was issued beside it must end."""
    found = ApplicationToken.objects.filter(
        digest=tokens.digest(value), application=application, kind__in=[TokenKind.ACCESS, TokenKind.REFRESH]
    ).first()
    if found is None:
        return None
    ApplicationToken.objects.filter(pk=found.pk, ended_at__isnull=True).update(ended_at=now)
    return found.application_session_id if found.kind == TokenKind.REFRESH else None


def sweep(*, before: datetime, limit: int) -> int:
    """Remove tokens that expired before this time. For tidiness only. Returns how many went."""
    old = ApplicationToken.objects.filter(expires_at__lt=before).values_list("pk", flat=True)[:limit]
    return ApplicationToken.objects.filter(pk__in=list(old)).delete()[0]
