"""Clients that cost next to nothing: raw sockets, kept alive, so that what is measured is the server.

python -m bench.clients PORT CONNECTIONS SECONDS    requests on standard input, divided by a blank byte
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from itertools import cycle
from typing import Any

DIVIDER = b"\0"


class Connection:
    """One connection, kept alive; one request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """(status, body) of the answer."""
        self.socket.sendall(request)
        held = b""
        while (length := whole(held)) is None:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server closed the connection")
            held += more
        return status_of(held), held[len(held) - length :] if length else b""

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def request(path: str, *, session: str = "", method: str = "GET", body: dict[str, Any] | None = None) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if session:
        lines.append(f"Authorization: Bearer {session}")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def status_of(answer: bytes) -> int:
    """200 of ``HTTP/1.1 200 OK``."""
    return int(answer[9:12])


def whole(held: bytes) -> int | None:
    """The length of the body if the answer is all there, else None."""
    head, end, body = held.partition(b"\r\n\r\n")
    if not end:
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"transfer-encoding":
            return len(body) if body.endswith(b"0\r\n\r\n") else None
    return length if len(body) >= length else None


def pressed(port: int, requests: list[bytes], *, connections: int, seconds: float) -> dict[int, int]:
    """How many answers of each status came within the seconds, asked by a process of its own.

    Each connection asks again as soon as it has its answer; the requests take turns.
    """
    asked = subprocess.run(
        [sys.executable, "-m", "bench.clients", str(port), str(connections), str(seconds)],
        input=DIVIDER.join(requests),
        stdout=subprocess.PIPE,
        check=True,
    )
    return {int(status): count for status, count in json.loads(asked.stdout).items()}


def _press(port: int, requests: list[bytes], *, connections: int, seconds: float) -> dict[int, int]:
    """One thread for all connections: it waits, answers what came, and uses a few microseconds each."""
    opened = [Connection(port).socket for _ in range(connections)]
    turns, counted = cycle(requests), dict[int, int]()
    with selectors.EpollSelector() as waiting:
        for each in opened:
            waiting.register(each, selectors.EVENT_READ)
            each.sendall(next(turns))
        held = dict.fromkeys((each.fileno() for each in opened), b"")
        by_number = {each.fileno(): each for each in opened}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _events in waiting.select(timeout=1):
                number = key.fd
                each = by_number[number]
                more = each.recv(65536)
                if not more:
                    raise ConnectionError("the server closed the connection")
                held[number] += more
                if whole(held[number]) is None:
                    continue
                status = status_of(held[number])
                counted[status] = counted.get(status, 0) + 1
                held[number] = b""
                each.sendall(next(turns))
    for each in opened:
        each.close()
    return counted


if __name__ == "__main__":
    given = sys.stdin.buffer.read().split(DIVIDER)
    print(json.dumps(_press(int(sys.argv[1]), given, connections=int(sys.argv[2]), seconds=float(sys.argv[3]))))
