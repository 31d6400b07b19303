"""What runs until it is stopped: `resecure serve`, `resecure worker`, `resecure demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from resecure.entrypoints.console.shared import ready, stop

Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]
# Each thread may hold one connection of the database, whose usual limit is 100.
CONNECTIONS = 64


def serve(
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
) -> None:
    """Serve the pages, the API and the gate, with RESECURE_WEB_PROCESSES processes. Ends on SIGTERM."""
    ready()
    from django.conf import settings
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    refuse_if_behind()
    processes = settings.RESECURE.web_processes
    typer.echo(f"Serving {settings.RESECURE.public_url} on {host}:{port}, {processes} processes.", err=True)
    Server(
        "resecure.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads_for(processes),
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,  # a path may name a person; the pages log the route instead
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


def threads_for(processes: int) -> int:
    """Threads of one process: enough to wait for the database side by side, few enough for its connections."""
    return min(16, max(4, CONNECTIONS // processes))


def worker() -> None:
    """Deliver what is in the outbox, and do what the clock asks for. Any number may run. Ends on SIGTERM."""
    ready()
    refuse_if_behind()
    from resecure.entrypoints.worker.worker import run

    run()


def demonstration(port: Port = 8000) -> None:
    """Load the demonstration, and serve it with a worker on 127.0.0.1."""
    from resecure.entrypoints.console.demo import demo

    demo(port)


def refuse_if_behind() -> None:
    """End the command when migrations are missing: on older tables the code would fail half-way."""
    from resecure.entrypoints.console.migrate import missing_migrations

    if missing := missing_migrations():
        stop(f"The database lacks {len(missing)} migrations, first {missing[0]}. Run: resecure migrate")
