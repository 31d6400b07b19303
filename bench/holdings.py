"""What a client holds of an account before it is resecured: a cookie, and what two applications were issued."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.recording import Door, Said

if TYPE_CHECKING:
    from resecure.identity.accounts import Account

CALLBACK = "https://rota.example.org/callback"
VERIFIER = "a-verifier-of-this-benchmark-which-is-long-enough-for-the-standard"
REFRESHES, CODES = 3, 10


@dataclass(kw_only=True)
class Registered:
    """An application of one client: nobody else uses up its codes."""

    id: str
    basic: str


@dataclass(kw_only=True)
class Holding:
    """Of one account, by one client. What it is issued takes the place of what it had."""

    cookie: str
    access: str
    refreshes: list[str]
    codes: list[str]

    def request(self, door: Door, application: Registered, *, late: bool) -> bytes | None:
        """The request to show it at this door; None where there is nothing left that could be shown.

        The last code is kept: what counts once must be there, unused, to be shown once the account is resecured.
        """
        match door:
            case Door.GATE:
                return _get("/gate", f"Cookie: resecure={self.cookie}")
            case Door.PAGE:
                return _get("/my-account/", f"Cookie: resecure={self.cookie}")
            case Door.USERINFO:
                return _get("/oidc/userinfo", f"Authorization: Bearer {self.access}")
            case Door.INTROSPECTION:
                return _post("/oidc/introspect", {"token": self.access}, application)
            case Door.REFRESH if self.refreshes:
                form = {"grant_type": "refresh_token", "refresh_token": self.refreshes[-1]}
                return _post("/oidc/token", form, application)
            case Door.CODE if self.codes and (late or len(self.codes) > 1):
                form = {"grant_type": "authorization_code", "code": self.codes[-1], "redirect_uri": CALLBACK}
                return _post("/oidc/token", {**form, "code_verifier": VERIFIER}, application)
        return None

    def heard(self, door: Door, status: int, body: bytes) -> Said:
        """What an answer means; and what came with it is held from now on."""
        said = _meaning(door, status, body)
        if said is Said.YES and door in {Door.REFRESH, Door.CODE}:
            issued = json.loads(body)
            self.used_up(door)
            self.access = issued["access_token"]
            self.refreshes.append(issued["refresh_token"])
        return said

    def used_up(self, door: Door) -> None:
        """What was shown there may have been taken. To show it twice would end the application session."""
        if door is Door.REFRESH:
            self.refreshes.pop()
        elif door is Door.CODE:
            self.codes.pop()


def _meaning(door: Door, status: int, body: bytes) -> Said:
    if status == 503:
        return Said.UNAVAILABLE
    if status >= 500:
        return Said.FAULT
    if door is Door.INTROSPECTION and status == 200:
        return Said.YES if json.loads(body)["active"] else Said.NO
    yes, no = {
        Door.GATE: (204, 401),
        Door.INTROSPECTION: (0, 0),
        Door.USERINFO: (200, 401),
        Door.PAGE: (200, 302),
        Door.REFRESH: (200, 400),
        Door.CODE: (200, 400),
    }[door]
    return Said.YES if status == yes else Said.NO if status == no else Said.OTHER


def register(number: int, *, port: int) -> list[Registered]:
    """Applications of everybody, which are told at this port."""
    from bench.ground import organisation
    from resecure.identity.accounts import system_account
    from resecure.identity.applications import Application, Kind
    from resecure.operations.register_application import register_application
    from resecure.operations.shared.application_frame import Registration

    found = []
    for each in range(number):
        typed = Registration(
            name=f"Rota {each}",
            redirect_addresses=[CALLBACK],
            logout_address=f"https://rota.example.org/{each}",
            organisations=[organisation().code],
        )
        made, secret = register_application(typed, kind=Kind.WEB, by=system_account())
        # Over the loopback without TLS, which no form would take.
        Application.objects.filter(pk=made.pk).update(logout_address=f"http://127.0.0.1:{port}/{each}")
        found.append(Registered(id=str(made.pk), basic=b64encode(f"{made.pk}:{secret}".encode()).decode()))
    return found


def held(account: Account, cookie: str, applications: Sequence[Registered]) -> list[Holding]:
    """What each client holds of this account: issued as signing in to its application issues it, but all at once."""
    from django.utils import timezone

    from resecure.identity import tokens
    from resecure.identity.application_sessions import ApplicationSession
    from resecure.identity.application_tokens import PREFIXES, ApplicationToken, TokenKind
    from resecure.identity.sessions import Session

    now = timezone.now()
    session = Session.objects.get(token=tokens.digest(cookie))
    opened = ApplicationSession.objects.bulk_create(
        ApplicationSession(
            session=session, application_id=each.id, account=account, generation=account.generation, started_at=now
        )
        for each in applications
    )
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    grant: dict[str, object] = {"redirect_uri": CALLBACK, "code_challenge": challenge, "nonce": "n"}
    rows: list[ApplicationToken] = []

    def issued(kind: TokenKind, of: ApplicationSession, number: int) -> list[str]:
        made = [tokens.new(PREFIXES[kind]) for _each in range(number)]
        rows.extend(
            ApplicationToken(
                digest=digest,
                kind=kind,
                application_id=of.application_id,
                application_session=of,
                generation=account.generation,
                scope="openid profile",
                grant=grant if kind is TokenKind.CODE else {},
                issued_at=now,
                expires_at=now + timedelta(hours=12),
            )
            for _value, digest in made
        )
        return [value for value, _digest in made]

    found = [
        Holding(
            cookie=cookie,
            access=issued(TokenKind.ACCESS, each, 1)[0],
            refreshes=issued(TokenKind.REFRESH, each, REFRESHES),
            codes=issued(TokenKind.CODE, each, CODES),
        )
        for each in opened
    ]
    ApplicationToken.objects.bulk_create(rows, batch_size=1000)
    return found


def _get(path: str, header: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode()


def _post(path: str, form: dict[str, str], application: Registered) -> bytes:
    body = urlencode(form)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {application.basic}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
