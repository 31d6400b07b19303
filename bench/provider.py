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

from bench.clients import pressed
from bench.figures import Figure, seconds
from bench.ground import ground, people, sessions
from bench.holdings import CALLBACK, VERIFIER
from bench.serving import SERVICE, served

CONNECTIONS = 8


def run(*, short: bool = False) -> list[Figure]:
    """In turn, so that a noisy machine is noisy for both."""
    rounds, lasting, times = (2, 0.5, 5) if short else (12, 3.0, 200)
    with ground():
        application, secret = registered()
        accounts = people(64, hashed="argon2$unused")
        cookies = sessions(accounts)
        with served(SERVICE) as port, served("bench.bare_introspection:application") as bare:
            tokens = [signed_in(port, application, secret, cookie)["access_token"] for cookie in cookies[:16]]
            ours = [introspection(token, application, secret) for token in tokens]
            theirs = [digests(token, secret) for token in tokens]
            rates: dict[int, list[float]] = {port: [], bare: []}
            for number in range(rounds):
                for at, requests in ((port, ours), (bare, theirs)) if number % 2 else ((bare, theirs), (port, ours)):
                    counted = pressed(at, requests, connections=CONNECTIONS, seconds=lasting)
                    assert set(counted) == {200}, counted
                    rates[at].append(counted[200] / lasting)
            took = [seconds(lambda: signed_in(port, application, secret, cookies[0])) for _each in range(times)]
        mine, other = statistics.median(rates[port]), statistics.median(rates[bare])
        signing = statistics.median(seconds(signature) for _each in range(max(times, 20)))
    whole = statistics.median(took)
    return [
        Figure(
            name="introspection against a bare WSGI callable doing the same look-up, requests a second",
            measured=f"{mine / other:.2f} × ({mine:,.0f} against {other:,.0f})",
            bound="≥ 0.9 ×",
            holds=mine >= 0.9 * other,
            bounded_by="one process of the server: its interpreter lock and psycopg; the client shares the cores",
        ),
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


def digests(token: str, secret: str) -> bytes:
    return post(
        "/", (hashlib.sha256(token.encode()).hexdigest() + hashlib.sha256(secret.encode()).hexdigest()).encode()
    )


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
