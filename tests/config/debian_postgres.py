"""Debian's PostgreSQL 15, started for a test by the same code as the embedded one."""

from __future__ import annotations

from pathlib import Path

from resecure.config.embedded_postgres import ensure_running
from resecure.config.postgres_host import Binaries

DEBIAN_15 = Binaries(folder=Path("/usr/lib/postgresql/15/bin"), version="15", copied=False)


def debian_server(state_directory: Path) -> str:
    """Start a throwaway cluster of Debian's 15 in this folder and return its URL."""
    return ensure_running(state_directory, durable=False, binaries=DEBIAN_15)
