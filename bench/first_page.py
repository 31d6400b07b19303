"""How long a newcomer waits: from a fresh clone to the first page, by `make demo`, with the packages cached."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time

from bench import left_behind
from bench.figures import Figure
from bench.serving import free_port

LONGEST = 90.0
GIVE_UP = 600.0


def run() -> list[Figure]:
    """Clone what is committed, make the demonstration, wait for its first page, stop it, and leave nothing."""
    folder = left_behind.folder()
    clone, state, port = folder / "resecure", folder / "state", free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RESECURE_", "DJANGO_"))}
    environment["RESECURE_STATE_DIRECTORY"] = str(state)
    try:
        subprocess.run(["git", "clone", "--quiet", ".", str(clone)], check=True)
        began = time.monotonic()
        # A group of its own, so that Ctrl-C reaches make and what it started, as at a terminal.
        demo = subprocess.Popen(
            ["make", "demo", f"PORT={port}"], cwd=clone, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            took = _first_page(demo, port, began)
        finally:
            _end(demo)
    finally:
        left_behind.remove(folder)
    return [
        Figure(
            name="`make demo` from a fresh clone to the first page, packages cached",
            measured=f"{took:.0f} s",
            bound=f"≤ {LONGEST:.0f} s",
            holds=took <= LONGEST,
            bounded_by="the virtual environment, making the database, and loading the demonstration",
        )
    ]


def _first_page(demo: subprocess.Popen[bytes], port: int, began: float) -> float:
    while (took := time.monotonic() - began) < GIVE_UP:
        if demo.poll() is not None:
            raise SystemExit(f"make demo ended with {demo.returncode} before it answered")
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            asked.request("GET", "/")
            answer = asked.getresponse()
            if answer.status in {301, 302, 303} and (where := answer.getheader("Location", "")).startswith("/"):
                answer.read()
                asked.request("GET", where)
                answer = asked.getresponse()
            if answer.status == 200:
                return time.monotonic() - began
        except (OSError, http.client.HTTPException):
            pass
        finally:
            asked.close()
        time.sleep(0.1)
    raise SystemExit(f"no page within {took:.0f} seconds")


def _end(demo: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; and by force what does not listen to it."""
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if demo.poll() is None:
            os.killpg(demo.pid, how)
            try:
                demo.wait(timeout=30)
            except subprocess.TimeoutExpired:
                continue


if __name__ == "__main__":
    for figure in run():
        print(figure)
