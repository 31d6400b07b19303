"""Three web nodes and two workers over one PostgreSQL, any of which is killed at any moment and comes back."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.serving import SERVICE, answers, free_port


@dataclass(kw_only=True)
class Node:
    """A process of the service in a group of its own, so that what it started dies with it."""

    command: Sequence[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Afterwards it is on its way; nobody waits for it."""
        self.process = subprocess.Popen(
            self.command, env=self.environment, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """As a power cut would: no signal handler, nothing tidied."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(kw_only=True)
class Nodes:
    """Where the web nodes answer, and what was done to all of them."""

    web: list[Node]
    workers: list[Node]
    ports: list[int]
    chance: random.Random
    next: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def harm(self) -> None:
        """A web node killed, a worker killed or connections to the database cut, each once in three. Whoever was
        killed is started again at once, and takes its seconds."""
        if not self.next:
            self.next = self.chance.sample(("web nodes killed", "workers killed", "connections cut"), k=3)
        what = self.next.pop()
        if what == "connections cut":
            self.done[what] += _cut(self.chance.randint(1, 8))
            return
        node = self.chance.choice(self.web if what == "web nodes killed" else self.workers)
        node.kill()
        node.start()
        self.done[what] += 1


@contextmanager
def nodes(*, web: int = 3, workers: int = 2, chance: random.Random) -> Iterator[Nodes]:
    """All of them running. They are gone afterwards."""
    from resecure.entrypoints.console.serve import large_pages

    environment = {**large_pages(), **os.environ, "RESECURE_APPLICATION_NETWORKS": "127.0.0.0/8"}
    ports = [free_port() for _each in range(web)]
    made = Nodes(
        web=[
            Node(command=[sys.executable, "-m", "bench.serving", SERVICE, str(port), "1"], environment=environment)
            for port in ports
        ],
        workers=[
            Node(command=[sys.executable, "-m", "resecure", "worker"], environment=environment)
            for _each in range(workers)
        ],
        ports=ports,
        chance=chance,
    )
    try:
        for each in (*made.web, *made.workers):
            each.start()
        give_up = time.monotonic() + 120
        while not all(answers(port) for port in ports):
            if time.monotonic() > give_up:
                raise SystemExit("a node did not answer in time")
            time.sleep(0.05)
        yield made
    finally:
        for each in (*made.web, *made.workers):
            each.kill()


def _cut(number: int) -> int:
    """End some connections to the database, whoever has them; returns how many."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE pid <>"
            " pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
            " ORDER BY random() LIMIT %s) AS chosen",
            [number],
        )
        return int(cursor.fetchone()[0])
