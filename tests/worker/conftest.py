"""A committed world, a mail server, and workers that are ended whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from resecure.connectors.mail import Server
from resecure.entrypoints import database
from resecure.entrypoints.worker.delivering import Post
from resecure.entrypoints.worker.worker import Worker
from tests.conftest import World
from tests.oidc.party import Register, registering
from tests.worker.smtp import Behaviour, smtp_server


def until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until it is so; an assertion fails if it does not come to be."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "it did not come to be in time"
        sleep(0.01)


@pytest.fixture
def smtp() -> Iterator[tuple[Behaviour, Server]]:
    with smtp_server() as running:
        yield running


@pytest.fixture
def post(smtp: tuple[Behaviour, Server], tmp_path: Path) -> Post:
    return Post(
        server=smtp[1], mailbox=tmp_path / "mailbox", sender="Desk <desk@example.org>", public_url="http://desk.test"
    )


@pytest.fixture
def start(committed_world: World, post: Post) -> Iterator[Callable[..., Worker]]:
    """Starts workers in threads of this process, each with its own connections."""
    running: list[tuple[Worker, Thread]] = []

    def begin(**options: object) -> Worker:
        worker = Worker(**{"post": post, "carriers": 4, "clock": False, **options})  # type: ignore[arg-type]
        thread = Thread(target=worker.run)
        thread.start()
        running.append((worker, thread))
        return worker

    yield begin
    for worker, thread in running:
        worker.stopping.ask()
        thread.join(timeout=60)
        assert not thread.is_alive()


@pytest.fixture
def register(committed_world: World) -> Iterator[Register]:
    """Registers applications. What is asked beside Django has a connection of its own, which must go before the
    tables are emptied."""
    database.forget_connection()
    yield registering(committed_world)
    database.forget_connection()
