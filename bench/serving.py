"""Servers for the benchmarks: the same granian as `resecure serve` runs, for the service and for its peers.

python -m bench.serving MODULE:CALLABLE PORT PROCESSES
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SERVICE = "resecure.config.wsgi:application"
SECONDS_TO_START = 60


@contextmanager
def served(target: str = SERVICE, *, processes: int = 1) -> Iterator[int]:
    """A server on a free port of 127.0.0.1, which is what is given. It is gone afterwards."""
    port = free_port()
    from resecure.entrypoints.console.serve import large_pages

    server = subprocess.Popen(
        [sys.executable, "-m", "bench.serving", target, str(port), str(processes)], env={**large_pages(), **os.environ}
    )
    try:
        _wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode} before it answered")
        if answers(port):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not answer in time")


def answers(port: int) -> bool:
    """Whether a server answers there now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as asked:
            asked.sendall(b"GET /gate HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            return asked.recv(100).startswith(b"HTTP/1.1 ")
    except OSError:
        return False


def main() -> None:
    """Serve until SIGTERM, with the arguments of `resecure serve`."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from resecure.entrypoints.threads import threads_for

    target, port, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    Server(
        target,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads_for(processes),
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=1,
    ).serve()


if __name__ == "__main__":
    main()
