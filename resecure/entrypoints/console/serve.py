"""What runs until it is stopped: `resecure serve`, `resecure worker`, `resecure demo`."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from resecure.entrypoints.console.shared import ready, stop
from resecure.entrypoints.threads import threads_for

Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]


def serve(
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
) -> None:
    """Serve the pages, the API and the gate, with RESECURE_WEB_PROCESSES processes. Ends on SIGTERM."""
    with_large_pages("serve", "--port", str(port), "--host", host)
    ready()
    from django.conf import settings
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    refuse_if_behind()
    processes = settings.RESECURE.web_processes
    threads = threads_for(processes)
    many = f"{processes} process{'es' if processes > 1 else ''} of {threads} threads"
    typer.echo(f"Serving {settings.RESECURE.public_url} on {host}:{port}, {many}.", err=True)
    logging.getLogger("_granian").addFilter(_is_news)
    server = Server(
        "resecure.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,  # a path may name a person; the pages log the route instead
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    with counted_together(processes):
        server.serve()


TUNABLES = "GLIBC_TUNABLES"


def large_pages() -> dict[str, str]:
    """What to add to the environment of a process that hashes passwords.

    A hash fills 46 MiB and gives them back. In pages of 4 KiB, which is what malloc asks for, half of the time of
    a sign-in goes into 12,000 page faults; in pages of 2 MiB there are 24. Where the C library or the kernel
    knows no such pages, nothing changes.
    """
    return {TUNABLES: "glibc.malloc.hugetlb=1"}


def with_large_pages(*words: str) -> None:
    """Begin this command anew under :func:`large_pages`, which the C library reads only at the start of a process.

    The process keeps its number, so whatever watches over it notices nothing. Who has set the variable is not
    overruled.
    """
    if sys.platform == "linux" and TUNABLES not in os.environ:
        environment = {**os.environ, **large_pages()}
        os.execve(sys.executable, [sys.executable, "-m", "resecure", *words], environment)  # noqa: S606 - ourselves


def _is_news(line: logging.LogRecord) -> bool:
    """False for the server's warning about more threads than cores: they are meant (:func:`threads_for`)."""
    return "spawning up to" not in line.getMessage()


@contextmanager
def counted_together(processes: int) -> Iterator[None]:
    """Within, several processes count into one folder, so that ``/metrics`` of any of them adds up all of them.

    It is set before a process starts, because the library of the counters looks once, when it is loaded. A
    process by itself needs no folder, and shows its memory and files besides.
    """
    name = "PROMETHEUS_MULTIPROC_DIR"
    if processes == 1 or os.environ.get(name):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="resecure-counters-", ignore_cleanup_errors=True) as folder:
        os.environ[name] = folder
        try:
            yield
        finally:
            del os.environ[name]


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


def demo_code(address: Annotated[str, typer.Argument(help="The address, or a part that only one has.")]) -> None:
    """Show the code of an administrator's authenticator app in the demonstration."""
    from resecure.entrypoints.console import demo

    demo.demo_code(address)


def refuse_if_behind() -> None:
    """End the command when migrations are missing: on older tables the code would fail half-way."""
    from resecure.entrypoints.console.migrate import missing_migrations

    if missing := missing_migrations():
        stop(f"The database lacks {len(missing)} migrations, first {missing[0]}. Run: resecure migrate")
