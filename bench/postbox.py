"""A mail server for the benchmarks: one process that takes every message, and writes down what came in what order.

python -m bench.postbox PORT FILE
"""

from __future__ import annotations

import signal
import sys
from email import message_from_bytes
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.controller import Controller


class Taking:
    """Takes all; a line for each: to whom, a space, its Message-ID."""

    def __init__(self, into: TextIO) -> None:
        self._into = into

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        made = message_from_bytes(envelope.content)
        self._into.write(f"{envelope.rcpt_tos[0]} {made['Message-ID']}\n")
        self._into.flush()
        return "250 OK"


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a", encoding="utf-8") as into:
        controller = Controller(Taking(into), hostname="127.0.0.1", port=int(sys.argv[1]))
        controller.start()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        controller.stop()
