"""Applications registered by the operation, and what an OpenID client does, by hand and by the letter."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.test import Client

from resecure.entrypoints.oidc.asking import asking
from resecure.identity.accounts import system_account
from resecure.identity.applications import Application, Kind
from resecure.operations.register_application import register_application
from resecure.operations.shared.application_frame import Registration
from tests.conftest import World

CALLBACK = "https://rota.example.org/callback?from=resecure"
LOGOUT = "https://rota.example.org/logged-out"


@dataclass
class Party:
    """An application as its developer would write it, without a library."""

    application: Application
    secret: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "a state & more"
    nonce: str = "a nonce"

    @property
    def id(self) -> str:
        return str(self.application.pk)

    def question(self, **changes: str | None) -> str:
        """The path of an authorization request; a parameter of None is left out."""
        challenge = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile email organisation",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return f"/oidc/authorize?{urlencode({k: v for k, v in asked.items() if v is not None})}"

    def code(self, browser: Client, **changes: str | None) -> str:
        return answer_of(browser.get(self.question(**changes)))["code"]

    def tokens(self, browser: Client, **changes: str | None) -> dict[str, Any]:
        """Signed in and back with tokens."""
        status, said = self.exchange(self.code(browser, **changes))
        assert status == 200, said
        return said

    def exchange(self, code: str, **changes: str | None) -> tuple[int, dict[str, Any]]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **changes,
        }
        return self.post("/oidc/token", form)

    def refresh(self, token: str, **changes: str | None) -> tuple[int, dict[str, Any]]:
        return self.post("/oidc/token", {"grant_type": "refresh_token", "refresh_token": token, **changes})

    def post(self, path: str, form: dict[str, str | None]) -> tuple[int, dict[str, Any]]:
        kept = {name: value for name, value in form.items() if value is not None}
        headers = {}
        if self.secret:
            headers["Authorization"] = self.basic
        else:
            kept.setdefault("client_id", self.id)
        response = Client().post(path, urlencode(kept), "application/x-www-form-urlencoded", headers=headers)
        return response.status_code, json.loads(response.content or b"{}")

    @property
    def basic(self) -> str:
        return "Basic " + b64encode(f"{self.id}:{self.secret}".encode()).decode()

    def introspect(self, token: str) -> dict[str, Any]:
        status, said = beside("/oidc/introspect", urlencode({"token": token}), authorization=self.basic)
        assert status == 200
        return said


def userinfo(token: str) -> tuple[int, dict[str, Any]]:
    return beside("/oidc/userinfo", authorization=f"Bearer {token}")


def beside(path: str, body: str | None = None, *, authorization: str = "") -> tuple[int, dict[str, Any]]:
    """Ask the callables beside Django."""
    said: list[str] = []
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "wsgi.input": BytesIO((body or "").encode()),
    }
    if authorization:
        environ["HTTP_AUTHORIZATION"] = authorization
    parts = asking(environ, lambda status, _headers: said.append(status))
    return int(said[0].split()[0]), json.loads(b"".join(parts) or b"{}")


def answer_of(response: Any) -> dict[str, str]:
    """What an application reads of the answer at its redirect address."""
    assert response.status_code == 302, response.content[:2000]
    target = response["Location"]
    assert target.startswith(CALLBACK), target
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


Register = Callable[..., Party]


def registering(world: World) -> Register:
    """Registers an application for the people of the region, by the operation."""

    def made(kind: Kind = Kind.WEB, **columns: Any) -> Party:
        typed = Registration(
            **{
                "name": f"Rota {secrets.token_hex(3)}",
                "redirect_addresses": [CALLBACK],
                "after_sign_out_addresses": ["https://rota.example.org/bye"],
                "logout_address": LOGOUT,
                "organisations": [world.region.code],
                **columns,
            }
        )
        application, secret = register_application(typed, kind=kind, by=system_account())
        return Party(application, secret)

    return made


def browser_of(world: World, person: Any) -> Client:
    """A browser that is signed in as this person."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = world.session(person)
    return browser
