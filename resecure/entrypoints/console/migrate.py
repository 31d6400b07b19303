"""`resecure migrate`: bring the tables up to date beside a running service."""

from __future__ import annotations

from typing import Annotated

import typer

from resecure.entrypoints.console.shared import ready, say, stop

LOCK = 0x6D696772617465  # one migration at a time, on however many nodes it is started
LOCK_NOT_AVAILABLE = "55P03"


def migrate(
    lock_seconds: Annotated[
        int, typer.Option(min=1, max=60, help="How long a step may wait for a table that is in use.")
    ] = 3,
    tries: Annotated[int, typer.Option(min=1, help="How often a step that found its table in use is tried.")] = 5,
) -> None:
    """Bring the database up to date. Sign-ins go on meanwhile: a step that waits for a table in use would hold
    up everybody behind it, so it gives up after a moment and is tried again."""
    ready()
    from django.core.management import call_command
    from django.db import OperationalError, connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{lock_seconds}s"])
    try:
        missing = missing_migrations()
        for left in reversed(range(tries)):
            try:
                call_command("migrate", interactive=False, verbosity=0)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                    raise
                if not left:
                    stop("A table stayed in use, so its step was not taken; nothing is half done. Try again.")
            else:
                break
    finally:
        connection.close()  # with it go the lock and the limit
    for name in missing:
        say(f"applied {name}")
    say("The database is up to date.")


def missing_migrations() -> list[str]:
    """The names of the migrations that the database lacks, in order."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
