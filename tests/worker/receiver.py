"""Applications as the messenger meets them: a server that keeps what it was sent and answers as it was told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from urllib.parse import parse_qs


@dataclass
class Got:
    """One request as it came."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Receiver:
    """``answers`` says for a path what comes back: a status, or a function of the request that returns it."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, int | Callable[[Got], tuple[int, dict[str, object]]]] = field(default_factory=dict)
    location: str = ""
    hold: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, path: str) -> list[Got]:
        return [each for each in self.got if each.path == path]


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.hold.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            got = Got(path=self.path, form=form, headers=dict(self.headers), at=monotonic())
            with made.lock:
                made.got.append(got)
            made.hold.wait(20)
            answer = made.answers.get(self.path, 200)
            status, said = answer(got) if callable(answer) else (answer, {})
            text = json.dumps(said).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", made.location)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_given: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        made.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
