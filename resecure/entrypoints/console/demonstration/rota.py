"""Rota: a small application of the demonstration, to sign in to through Resecure and to be signed out of by it.

It knows Resecure as any application would: over HTTP, by OpenID Connect. It keeps its own sessions, in memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from http.cookies import CookieError, SimpleCookie
from socketserver import ThreadingMixIn
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode
from urllib.request import ProxyHandler, Request, build_opener
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

COOKIE = "rota"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 30
MOST = 1_000
LONGEST = 16_384
Ask = Callable[[str, dict[str, str] | None, dict[str, str]], dict[str, Any]]
Answer = tuple[str, str, dict[str, str]]


class Wrong(Exception):
    """What came is not what it must be; nothing changed."""


@dataclass
class Visit:
    """One browser: what it was sent to Resecure with, and who is signed in there."""

    state: str = ""
    nonce: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    sid: str = ""
    name: str = ""
    email: str = ""
    ended_at: float = 0


def ask(address: str, form: dict[str, str] | None, headers: dict[str, str]) -> dict[str, Any]:
    """Get, or post the form. Raises Wrong where the answer is not JSON of a success."""
    body = urlencode(form).encode() if form is not None else None
    request = Request(address, body, headers)  # noqa: S310 - Resecure's own address
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
            return dict(json.load(answer))
    except (OSError, HTTPError, ValueError):
        raise Wrong("Resecure did not answer as expected.") from None


class Rota:
    """The application, as a WSGI callable."""

    def __init__(self, *, issuer: str, here: str, client: str, secret: str, ask: Ask = ask) -> None:
        self.issuer, self.here, self.client, self._secret, self._ask = issuer, here, client, secret, ask
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        self._over: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked = (environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"))
        known = {
            ("GET", "/"): self._home,
            ("POST", "/sign-in"): self._sign_in,
            ("GET", "/callback"): self._callback,
            ("POST", "/logged-out"): self._logged_out,
        }
        try:
            answer = known[asked](environ) if asked in known else _page("404 Not Found", "<h1>Page not found</h1>")
        except Wrong as wrong:
            text = f"<h1>You are not signed in</h1><p>{escape(str(wrong))}</p><p><a href='/'>Back to Rota</a></p>"
            answer = _page("400 Bad Request", text)
        status, body, more = answer
        safe = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        start(status, list({**safe, **more}.items()))
        return [body.encode()]

    def _home(self, environ: dict[str, Any]) -> Answer:
        visit = self._visits.get(_cookie(environ), Visit())
        button = "<form method='post' action='/sign-in'><button>Sign in with Resecure</button></form>"
        if visit.ended_at:
            at = time.strftime("%H:%M:%S UTC on %d %B %Y", time.gmtime(visit.ended_at))
            return _page("200 OK", f"<h1>You are signed out</h1><p>Signed out by Resecure at {at}.</p>{button}")
        if visit.sid:
            who = f"{escape(visit.name)} ({escape(visit.email)})"
            return _page("200 OK", f"<h1>Rota</h1><p>You are signed in as {who}.</p><p>No shifts this week.</p>")
        return _page("200 OK", f"<h1>Rota</h1><p>Nobody is signed in here.</p>{button}")

    def _sign_in(self, _environ: dict[str, Any]) -> Answer:
        visit = Visit(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(32)
        )
        challenge = urlsafe_b64encode(hashlib.sha256(visit.verifier.encode()).digest()).rstrip(b"=").decode()
        question = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": f"{self.here}/callback",
            "scope": "openid profile email",
            "state": visit.state,
            "nonce": visit.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = f"{self._metadata()['authorization_endpoint']}?{urlencode(question)}"
        return "303 See Other", "", {"Location": address, "Set-Cookie": self._keep(visit)}

    def _callback(self, environ: dict[str, Any]) -> Answer:
        given = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        with self._lock:
            visit = self._visits.pop(_cookie(environ), Visit())
        same = secrets.compare_digest(given.get("state", "").encode(), visit.state.encode())
        if not visit.state or not same or given.get("iss") != self.issuer:
            raise Wrong("This answer does not belong to a sign-in begun here. Begin again.")
        if "code" not in given:
            raise Wrong("Resecure did not sign you in to Rota.")
        form = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": f"{self.here}/callback",
            "code_verifier": visit.verifier,
        }
        basic = b64encode(f"{self.client}:{self._secret}".encode()).decode()
        tokens = self._ask(self._metadata()["token_endpoint"], form, {"Authorization": f"Basic {basic}"})
        _header, claims = self._read(str(tokens.get("id_token", "")))
        if claims.get("nonce") != visit.nonce or not claims.get("sub") or not claims.get("sid"):
            raise Wrong("The ID token is not for this sign-in.")
        bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        about = self._ask(self._metadata()["userinfo_endpoint"], None, bearer)
        if about.get("sub") != claims["sub"]:
            raise Wrong("Resecure answered about somebody else.")
        made = Visit(sid=str(claims["sid"]), name=str(about.get("name", "")), email=str(about.get("email", "")))
        return "303 See Other", "", {"Location": "/", "Set-Cookie": self._keep(made)}

    def _logged_out(self, environ: dict[str, Any]) -> Answer:
        """Back-Channel Logout 1.0, 2.6: afterwards no session with the token's sid is signed in."""
        try:
            length = min(int(environ.get("CONTENT_LENGTH") or 0), LONGEST)
        except ValueError:
            raise Wrong("No length.") from None
        form = parse_qs(environ["wsgi.input"].read(length).decode("utf-8", "replace"))
        header, claims = self._read(form.get("logout_token", [""])[0])
        events, sid, jti = claims.get("events"), claims.get("sid"), claims.get("jti")
        is_logout = header.get("typ") == "logout+jwt" and isinstance(events, dict) and events.get(EVENT) == {}
        if not is_logout or "nonce" in claims or not (isinstance(sid, str) and sid and isinstance(jti, str) and jti):
            raise Wrong("This is no logout token.")
        now = time.time()
        with self._lock:
            self._heard = {each: until for each, until in self._heard.items() if until > now - LEEWAY}
            if jti in self._heard:
                raise Wrong("This token was used before.")
            self._heard[jti] = float(claims["exp"])
            # Kept, for a sign-in with this sid may be on its way.
            self._over[sid] = now
            for visit in self._visits.values():
                if visit.sid == sid:
                    visit.ended_at = visit.ended_at or now
        return "200 OK", "", {}

    def _read(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The header and the claims of a token that Resecure signed for us and that is not over. Raises Wrong."""
        for _again in range(2):
            fresh = self._keys is None
            if self._keys is None:
                self._keys = KeySet.import_key_set(self._ask(self._metadata()["jwks_uri"], None, {}))  # type: ignore[arg-type]
            try:
                made = jwt.decode(token, self._keys, algorithms=["RS256"])
                essential = {name: {"essential": True} for name in ("exp", "iat", "iss", "aud")}
                jwt.JWTClaimsRegistry(leeway=LEEWAY, **essential).validate(made.claims)  # type: ignore[arg-type]
            except (JoseError, ValueError):
                if fresh:
                    break
                self._keys = None  # a key may have been renewed
                continue
            if made.claims["iss"] != self.issuer or made.claims["aud"] not in (self.client, [self.client]):
                break
            return dict(made.header), dict(made.claims)
        raise Wrong("This token is not good.")

    def _metadata(self) -> dict[str, Any]:
        if not self._found:
            found = self._ask(f"{self.issuer}/.well-known/openid-configuration", None, {})
            if found.get("issuer") != self.issuer:
                raise Wrong("Resecure says it is somebody else.")
            self._found = found
        return self._found

    def _keep(self, visit: Visit) -> str:
        key = secrets.token_urlsafe(32)
        with self._lock:
            visit.ended_at = self._over.get(visit.sid, 0)
            while len(self._visits) >= MOST:
                del self._visits[next(iter(self._visits))]
            self._visits[key] = visit
        return f"{COOKIE}={key}; Path=/; HttpOnly; SameSite=Lax"


def _cookie(environ: dict[str, Any]) -> str:
    try:
        found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _page(status: str, text: str) -> Answer:
    style = (
        "body{font:1.2rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c;"
        "background:#fff;overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1rem;color:#fff;background:#00592f;"
        "border:2px solid #0b0c0c}:focus-visible{outline:4px solid #0b0c0c;outline-offset:2px}"
    )
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Rota</title>"
    body = f"<!doctype html><html lang='en'>{head}<style>{style}</style><main>{text}</main></html>"
    return status, body, {}


class Server(ThreadingMixIn, WSGIServer):
    """Answers several at once, so that a logout token does not wait behind a sign-in."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no request down: a code stands in the address."""

    timeout = 10

    def log_message(self, *_said: Any) -> None:
        """Nothing."""


def main() -> None:
    """Serve on 127.0.0.1 until ended. The secret comes in the environment, where no other user reads it."""
    port = int(os.environ["ROTA_PORT"])
    rota = Rota(
        issuer=os.environ["ROTA_ISSUER"],
        here=f"http://127.0.0.1:{port}",
        client=os.environ["ROTA_CLIENT"],
        secret=os.environ.pop("ROTA_SECRET"),
    )
    try:
        server = make_server("127.0.0.1", port, rota, server_class=Server, handler_class=Quiet)
    except OSError:
        sys.exit(f"Port {port} of 127.0.0.1 is in use. Choose another: APPLICATION_PORT={port + 1} make demo")
    server.serve_forever()


if __name__ == "__main__":
    main()
