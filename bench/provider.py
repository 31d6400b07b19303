"""The OpenID provider: introspection against a bare callable, and whole sign-ins to an application a second."""

from __future__ import annotations

import hashlib
import http.client
import json
import statistics
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.figures import Figure, seconds
from bench.ground import ground, people, sessions
from bench.holdings import CALLBACK, VERIFIER
from bench.serving import SERVICE, served
from bench.turns import LIBPQ, against_bare, rates


def run(*, short: bool = False) -> list[Figure]:
    """Introspection in turn with its peers, and then whole sign-ins."""
    rounds, lasting, times = (3, 0.5, 5) if short else (12, 3.0, 200)
    with ground():
        application, secret = registered()
        cookies = sessions(people(64, hashed="argon2$unused"))
        with served(SERVICE) as port, served("bench.bare_introspection:application") as bare:
            tokens = [signed_in(port, application, secret, cookie)["access_token"] for cookie in cookies[:16]]
            measured = rates(
                {
                    "ours": (port, [introspection(each, application, secret) for each in tokens]),
                    "bare": (bare, [digests("/", each, secret) for each in tokens]),
                    "libpq": (bare, [digests(LIBPQ, each, secret) for each in tokens]),
                },
                expected=200,
                rounds=rounds,
                lasting=lasting,
            )
            took = [seconds(lambda: signed_in(port, application, secret, cookies[0])) for _each in range(times)]
        signing = statistics.median(seconds(signature) for _each in range(max(times, 20)))
    whole = statistics.median(took)
    return [
        against_bare("introspection", measured),
        Figure(
            name="authorize, token and userinfo, one person after the other",
            measured=f"{1 / whole:,.0f} a second ({whole * 1000:.1f} ms), {whole / signing:.0f} × one RS256 signature",
            bound="stated",
            holds=None,
            bounded_by="two requests through Django and Authlib, three commits; the signature is a small part",
        ),
    ]


def registered() -> tuple[str, str]:
    """An application for everybody of the organisation; its client id and secret."""
    from bench.ground import organisation
    from resecure.identity.accounts import system_account
    from resecure.identity.applications import Kind
    from resecure.operations.register_application import register_application
    from resecure.operations.shared.application_frame import Registration

    typed = Registration(
        name="Rota",
        redirect_addresses=[CALLBACK],
        logout_address="https://rota.example.org/out",
        organisations=[organisation().code],
    )
    made, secret = register_application(typed, kind=Kind.WEB, by=system_account())
    return str(made.pk), secret


def signed_in(port: int, application: str, secret: str, cookie: str) -> dict[str, Any]:
    """Authorize, token, userinfo; the tokens."""
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": application,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("GET", f"/oidc/authorize?{urlencode(query)}", headers={"Cookie": f"resecure={cookie}"})
    answer = line.getresponse()
    answer.read()
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    headers = {"Authorization": basic(application, secret), "Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", "/oidc/token", urlencode(form), headers)
    tokens: dict[str, Any] = json.loads(line.getresponse().read())
    line.request("GET", "/oidc/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert json.loads(line.getresponse().read())["sub"]
    line.close()
    return tokens


def basic(application: str, secret: str) -> str:
    return "Basic " + b64encode(f"{application}:{secret}".encode()).decode()


def introspection(token: str, application: str, secret: str) -> bytes:
    body = urlencode({"token": token}).encode()
    return post("/oidc/introspect", body, f"Authorization: {basic(application, secret)}\r\n")


def digests(path: str, token: str, secret: str) -> bytes:
    return post(path, "".join(hashlib.sha256(each.encode()).hexdigest() for each in (token, secret)).encode())


def post(path: str, body: bytes, more: str = "") -> bytes:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def signature() -> None:
    """One RS256 signature as ID tokens have it, the key found in the database."""
    from django.utils import timezone

    from resecure.identity import signing_keys

    signing_keys.signed({"sub": "somebody"}, typ="JWT", now=timezone.now())


if __name__ == "__main__":
    began = time.monotonic()
    for figure in run(short="--short" in sys.argv):
        print(figure)
    print(f"{time.monotonic() - began:.0f} s")
