"""Application sessions: that a signed-in browser is signed in to one application too. Its id is the ``sid``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models

from resecure.identity.accounts import Account
from resecure.identity.applications import Application
from resecure.identity.sessions import Session


class ApplicationSession(models.Model):
    """One (session, application). Everything that was issued to the application in this session hangs on it.

    It counts while its generation is the account's and the session it came from is not ended. ``ended_at`` says
    that the application was told, or asked for it: a row without it may be dead all the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, db_index=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    generation = models.BigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "application"],
                condition=models.Q(ended_at__isnull=True),
                name="application_session_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["account"], condition=models.Q(ended_at__isnull=True), name="application_session_open"
            ),
            models.Index(fields=["session"], name="application_session_of"),
        ]

    @classmethod
    def signed_in(cls, applications: Sequence[UUID], *, now: datetime) -> dict[UUID, int]:
        """How many application sessions count now, for each of these applications that has one."""
        found = cls.objects.filter(
            application__in=applications,
            ended_at__isnull=True,
            generation=models.F("account__generation"),
            session__ended_at__isnull=True,
            session__expires_at__gt=now,
        )
        return dict(found.order_by().values_list("application").annotate(models.Count("pk")))


@dataclass(frozen=True, kw_only=True)
class Over:
    """An application session that is over, and what it takes to tell its application."""

    sid: UUID
    application: UUID
    name: str
    logout_address: str
    question_address: str
    asks_each_time: bool


def opened(
    account: Account, *, session: UUID, application: Application, now: datetime
) -> tuple[ApplicationSession, bool]:
    """The open application session of this session, made if there is none; and whether it was made.

    The caller holds the account's row lock and has seen that the session counts.
    """
    found = ApplicationSession.objects.filter(
        session=session, application=application, account=account, generation=account.generation, ended_at__isnull=True
    ).first()
    if found:
        return found, False
    made = ApplicationSession.objects.create(
        session_id=session, application=application, account=account, generation=account.generation, started_at=now
    )
    return made, True


def live(account: Account, *, now: datetime) -> models.QuerySet[ApplicationSession]:
    """Those of this account that count now, the latest first."""
    return (
        ApplicationSession.objects.filter(
            account=account,
            generation=account.generation,
            ended_at__isnull=True,
            session__ended_at__isnull=True,
            session__expires_at__gt=now,
            application__removed_at__isnull=True,
        )
        .select_related("application", "session")
        .order_by("-started_at")
    )


_TOLD = """
RETURNING s.id, p.id, p.name, p.logout_address, p.question_address, p.asks_each_time
"""
# Those that died with the generation or with their session, or because their session ran out: told once each,
# because whoever ends the row is the one who tells.
_END_DEAD = f"""
UPDATE identity_applicationsession s SET ended_at = %(now)s
FROM identity_application p, identity_session w, identity_account a
WHERE s.account_id = %(account)s AND s.ended_at IS NULL AND p.id = s.application_id AND w.id = s.session_id
  AND a.id = s.account_id
  AND (s.generation <> a.generation OR w.ended_at IS NOT NULL OR w.expires_at <= %(now)s)
{_TOLD}
"""  # noqa: S608 - a constant is put in, nothing from outside
_END_ONE = f"""
UPDATE identity_applicationsession s SET ended_at = %(now)s
FROM identity_application p
WHERE s.id = %(sid)s AND s.account_id = %(account)s AND s.ended_at IS NULL AND p.id = s.application_id
{_TOLD}
"""  # noqa: S608 - a constant is put in, nothing from outside


def end_dead(account: UUID, *, now: datetime) -> list[Over]:
    """End every application session of the account that no longer counts. Each is returned once, to one caller."""
    return _over(_END_DEAD, {"account": account, "now": now})


def end_one(sid: UUID, *, account: UUID, now: datetime) -> list[Over]:
    """End this one; nothing if it is not open or not of this account."""
    return _over(_END_ONE, {"sid": sid, "account": account, "now": now})


def end_all_of(application: UUID, *, now: datetime) -> list[tuple[UUID, Over]]:
    """End every application session of an application that is removed; each with its account."""
    found = ApplicationSession.objects.filter(application=application, ended_at__isnull=True)
    ended = []
    for sid, account in list(found.values_list("pk", "account")):
        ended += [(account, over) for over in end_one(sid, account=account, now=now)]
    return ended


def _over(statement: str, values: dict[str, Any]) -> list[Over]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            Over(
                sid=row[0],
                application=row[1],
                name=row[2],
                logout_address=row[3],
                question_address=row[4],
                asks_each_time=row[5],
            )
            for row in cursor.fetchall()
        ]


def accounts_run_out(*, now: datetime, limit: int) -> list[UUID]:
    """Accounts with application sessions whose session ran out and whose application was not told yet."""
    found = ApplicationSession.objects.filter(ended_at__isnull=True, session__expires_at__lte=now)
    return list(found.order_by().values_list("account", flat=True).distinct()[:limit])
