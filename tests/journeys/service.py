"""The service as it is installed: a database of its own, a server and a worker, started as processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import urlopen

from resecure.entrypoints.threads import threads_for

SECONDS_TO_START = 60


@dataclass(kw_only=True)
class Service:
    """A running service. ``secrets`` are what no log may hold."""

    url: str
    logs: Path
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: set[str] = field(default_factory=set, repr=False)

    def logged(self) -> str:
        """What server and worker have written so far."""
        return "".join(each.read_text() for each in sorted(self.logs.glob("*.log")))


@contextmanager
def own_database(connection: Any, name: str) -> Iterator[str]:
    """An empty, migrated database beside the one of the other tests: a worker that runs must not deliver what
    those announce, and must not have its tables emptied under it. Gives its URL, and leaves ``connection`` on it."""
    first = connection.settings_dict["NAME"]
    _maintain(connection, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield _url(connection.settings_dict)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = first
        _maintain(connection, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _maintain(connection: Any, *statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _url(given: dict[str, Any]) -> str:
    user, password = quote(given["USER"], safe=""), quote(given["PASSWORD"], safe="")
    host, port = given["HOST"], given["PORT"] or "5432"
    if host.startswith("/"):
        return f"postgresql://{user}:{password}@/{given['NAME']}?host={quote(host)}&port={port}"
    return f"postgresql://{user}:{password}@{host}:{port}/{given['NAME']}"


@contextmanager
def running(folder: Path, *, database_url: str, settings: Any) -> Iterator[Service]:
    """A server and a worker over this database. Both have ended afterwards."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RESECURE_")},
        "RESECURE_DATABASE_URL": database_url,
        "RESECURE_PUBLIC_URL": url,
        "RESECURE_STATE_DIRECTORY": str(folder / "state"),
        "RESECURE_LOG_LEVEL": "info",
        "RESECURE_SECOND_FACTOR_REQUIRED": str(settings.second_factor_required).lower(),
        # The applications of the journeys run on this machine.
        "RESECURE_APPLICATION_NETWORKS": "127.0.0.0/8",
        # What the tests put into the database, the service must be able to read.
        "RESECURE_SECRET_KEY": settings.secret_key.get_secret_value(),
        "RESECURE_ENCRYPTION_KEYS": settings.encryption_keys.get_secret_value(),
    }
    resecure = [sys.executable, "-m", "resecure"]
    subprocess.run([*resecure, "migrate"], env=environment, check=True, capture_output=True)
    started = []
    try:
        for name, command in (("server", _granian(port)), ("worker", [*resecure, "worker"])):
            with (folder / f"{name}.log").open("w") as log:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))
        service = Service(url=url, logs=folder, environment=environment)
        _wait_for(service, started[0])
        yield service
    finally:
        _end(started)


@contextmanager
def later(service: Service, *, hours: int) -> Iterator[Service]:
    """Another server over the same database, whose clock is so many hours ahead. It has ended afterwards."""
    port = _free_port()
    environment = {**service.environment, "JOURNEY_HOURS_LATER": str(hours)}
    with (service.logs / f"later-{port}.log").open("w") as log:
        started = subprocess.Popen(
            _granian(port, "tests.journeys.later:application"), env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        made = Service(url=f"http://127.0.0.1:{port}", logs=service.logs, environment=environment)
        _wait_for(made, started)
        yield made
    finally:
        _end([started])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _granian(port: int, target: str = "resecure.config.wsgi:application") -> list[str]:
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    return [*granian, "--blocking-threads", str(threads_for(1)), "--no-ws", "--log-level", "warning", target]


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(service: Service, server: subprocess.Popen[bytes]) -> None:
    until = monotonic() + SECONDS_TO_START
    while monotonic() < until and server.poll() is None:
        try:
            urlopen(f"{service.url}/gate", timeout=5)  # noqa: S310 - our own address
        except HTTPError:
            return  # 401: it answers
        except (URLError, OSError):
            Event().wait(0.1)
    raise RuntimeError(f"the server does not answer:\n{service.logged()}")
