"""An SMS gateway as a process of its own, which speaks as GOV.UK Notify does: takes, refuses, stalls, breaks off.

It checks the token as the real one does. ``/_ways`` and ``/_taken`` are for the tests alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from time import sleep, time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from resecure.connectors import sms

SERVICE, KEY = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
ERRORS: dict[str, tuple[int, str, str]] = {
    "refuses": (400, "ValidationError", "phone_number Must not contain letters or symbols: words nobody shall read"),
    "too long": (400, "BadRequestError", "Content for template has a character count greater than the limit of 918"),
    "on trial": (400, "BadRequestError", "Can't send to this recipient when service is in trial mode"),
    "busy": (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"),
    "broken": (500, "Exception", "Internal server error"),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ways: dict[str, str] = {}
    taken: list[dict[str, Any]] = []
    asked: list[str] = []
    lock = Lock()

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/_ways":
            self.ways.clear()
            self.ways.update(said)
            self._answer(200, {})
        elif self.path == "/v2/notifications/sms" and self._may():
            self._sms(said)
        else:
            self._answer(404, {"errors": [{"error": "NotFound", "message": "no such place"}]})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/_taken":
            self._answer(200, {"taken": self.taken, "asked": self.asked})
        elif parts.path == "/v2/notifications" and self._may():
            wanted = parse_qs(parts.query)["reference"][0]
            self.asked.append(wanted)
            found = [{"reference": each["reference"]} for each in self.taken if each["reference"] == wanted]
            self._answer(200, {"notifications": found, "links": {}})

    def _sms(self, said: dict[str, Any]) -> None:
        way = self.ways.get(said["phone_number"], self.ways.get("*", "takes"))
        if way == "stalls":
            sleep(60)
        if way == "redirects":
            self._answer(307, {}, Location="/v2/notifications/elsewhere")
            return
        if way in ERRORS:
            status, kind, text = ERRORS[way]
            self._answer(status, {"status_code": status, "errors": [{"error": kind, "message": text}]})
            return
        assert said["template_id"] == TEMPLATE
        with self.lock:
            self.taken.append(
                {
                    "to": said["phone_number"],
                    "text": said["personalisation"]["message"],
                    "reference": said["reference"],
                    "at": time(),
                }
            )
        if way == "takes and breaks off":
            self.close_connection = True
            self.connection.close()
            return
        self._answer(201, {"id": said["reference"], "reference": said["reference"], "content": {}})

    def _may(self) -> bool:
        head, claims, signature = self.headers["Authorization"].removeprefix("Bearer ").split(".")
        wanted = hmac.new(KEY.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
        said = json.loads(_decoded(claims))
        ok = hmac.compare_digest(wanted, _decoded(signature))
        if not ok or said["iss"] != SERVICE or abs(said["iat"] - time()) > 30:
            self._answer(403, {"errors": [{"error": "AuthError", "message": "Invalid token"}], "status_code": 403})
            return False
        return True

    def _answer(self, status: int, said: dict[str, Any], **headers: str) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    def log_message(self, *_arguments: Any) -> None:
        pass


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Running:
    """The gateway as the tests see it. ``stop`` and ``start`` kill it and bring it back at the same port."""

    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.worker.sms_gateway", str(self.port)]
        here = Path(__file__).parent.parent.parent
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=here)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    @property
    def gateway(self) -> sms.Gateway:
        return sms.Gateway(url=f"http://127.0.0.1:{self.port}", service=SERVICE, key=KEY, template=TEMPLATE)

    def ways(self, **ways: str) -> None:
        """What to do with messages to a number; ``every`` for all others."""
        given = {("*" if name == "every" else name): way for name, way in ways.items()}
        self._ask("POST", "/_ways", json.dumps(given))

    def taken(self, number: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/_taken")["taken"]
        return [each for each in found if not number or each["to"] == number]

    def asked(self) -> list[str]:
        found: list[str] = self._ask("GET", "/_taken")["asked"]
        return found

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body)
            said: dict[str, Any] = json.loads(connection.getresponse().read())
            return said
        finally:
            connection.close()


@contextmanager
def sms_gateway() -> Iterator[Running]:
    """A running gateway on a free port."""
    running = Running()
    running.start()
    try:
        yield running
    finally:
        if running.process is not None:
            running.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256


if __name__ == "__main__":
    server = _Server(("127.0.0.1", int(sys.argv[1])), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
