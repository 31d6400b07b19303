"""Issue tokens: what an application gets for a code, for a refresh token, or for itself (RFC 6749, RFC 9700)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import application_sessions, application_tokens, applications
from resecure.identity.accounts import Account
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.application_tokens import Token, TokenKind
from resecure.identity.applications import Application
from resecure.operations.shared.application_ends import tell_one
from resecure.propagation.models import Change


@dataclass(frozen=True, kw_only=True)
class Issued:
    """The values, each stored nowhere; ``expires_in`` in seconds for the access token."""

    access: str
    refresh: str | None
    expires_in: int


def take(value: str, kind: TokenKind, *, application: Application, now: datetime) -> Token | None:
    """The code or refresh token behind a value, used up; None if it does not count or is another application's.

    Whoever brings one a second time has copied it, or was copied: the application session is over, with all that
    was issued in it, and its application is told (RFC 9700, 2.2.2 and 4.14.2; RFC 6749, 4.1.2). In the caller's
    transaction, so that two at once are told apart.
    """
    if not _is_of(value, kind, application):
        return None
    found = application_tokens.take(value, kind, now=now)
    if found is not None:
        # Asked again here, so that an organisation that may not use it any more is out with the next refresh.
        person = Account.objects.filter(pk=found.account).first() if found.account else None
        return found if person is not None and applications.may_use(application, person) else None
    reused = application_tokens.used_before(value, kind, application=application.pk)
    if reused is not None and reused.ended_at is None:
        _end_reused(reused, application, kind, now=now)
    return None


def issue(token: Token, *, application: Application, scope: str, now: datetime) -> Issued:
    """Tokens in the application session of a code or refresh token that was taken, under its generation.

    None lives longer than the session the person signed in with.
    """
    assert token.session_ends_at is not None
    left = token.session_ends_at - now
    lifetime = min(timedelta(seconds=settings.RESECURE.access_token_seconds), left)
    access = _issue(TokenKind.ACCESS, token, application, scope, now=now, lifetime=lifetime)
    refresh = _issue(TokenKind.REFRESH, token, application, token.scope, now=now, lifetime=left)
    return Issued(access=access, refresh=refresh, expires_in=max(0, int(lifetime.total_seconds())))


def issue_to_machine(application: Application, *, scope: str, now: datetime) -> Issued:
    """An access token for the application itself: no person, no refresh token."""
    lifetime = timedelta(seconds=settings.RESECURE.access_token_seconds)
    access = application_tokens.issue(
        TokenKind.ACCESS,
        application=application.pk,
        sid=None,
        generation=None,
        scope=scope,
        now=now,
        lifetime=lifetime,
    )
    return Issued(access=access, refresh=None, expires_in=int(lifetime.total_seconds()))


def revoke(value: str, *, application: Application, now: datetime) -> None:
    """Afterwards a token of this application is over; with a refresh token, all that was issued beside it
    (RFC 7009, 2.1). A token that is not there, or not its own, changes nothing and is the same answer."""
    with transaction.atomic():
        sid = application_tokens.end(value, application=application.pk, now=now)
        if sid is None:
            return
        session = ApplicationSession.objects.get(pk=sid)
        over = application_sessions.end_one(sid, account=session.account_id, now=now)
        if over:
            _on_record(Event.APPLICATION_LEFT, session, application, now=now, because="revoked")


def _is_of(value: str, kind: TokenKind, application: Application) -> bool:
    found = application_tokens.application_of(value, kind)
    # Another application's is not used up by whoever found it: its own can still come and use it.
    return found == application.pk


def _issue(
    kind: TokenKind, token: Token, application: Application, scope: str, *, now: datetime, lifetime: timedelta
) -> str:
    return application_tokens.issue(
        kind,
        application=application.pk,
        sid=token.sid,
        generation=token.generation,
        scope=scope,
        now=now,
        lifetime=lifetime,
    )


def _end_reused(session: ApplicationSession, application: Application, kind: TokenKind, *, now: datetime) -> None:
    over = application_sessions.end_one(session.pk, account=session.account_id, now=now)
    if not over:
        return  # another second use ended it at this very moment, and told and recorded it
    tell_one(over, change=Change.SESSION_ENDED, account=session.account_id, now=now)
    _on_record(Event.APPLICATION_TOKEN_REUSED, session, application, now=now, kind=kind.value)


def _on_record(
    event: Event, session: ApplicationSession, application: Application, *, now: datetime, **details: object
) -> None:
    record.append(
        event,
        actor=None if event is Event.APPLICATION_TOKEN_REUSED else session.account_id,
        target=session.account_id,
        organisation_path=session.account.organisation_path,
        at=now,
        details={
            "application": str(application.pk),
            "name": application.name,
            "sid": str(session.pk),
            **details,
        },
    )
