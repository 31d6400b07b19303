"""Start and stop the databases of a test run: ``python -m tests.config.servers start embedded FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from resecure.config.embedded_postgres import ensure_running, stop
from tests.config.debian_postgres import DEBIAN_15, debian_server


def main(action: str, *arguments: str) -> None:
    """Print the URL of the started server, or stop both."""
    if action == "start":
        name, folder = arguments[0], Path(arguments[1])
        start = {"embedded": lambda path: ensure_running(path, durable=False), "debian": debian_server}[name]
        sys.stdout.write(start(folder / name) + "\n")
    elif action == "stop":
        folder = Path(arguments[0])
        stop(folder / "embedded")
        stop(folder / "debian", binaries=DEBIAN_15)
    else:
        raise SystemExit("usage: python -m tests.config.servers start embedded|debian FOLDER | stop FOLDER")


if __name__ == "__main__":
    main(*sys.argv[1:])
