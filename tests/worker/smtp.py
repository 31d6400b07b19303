"""A real SMTP server that takes, refuses, defers, stalls or breaks off, as the test says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from typing import Any

from aiosmtpd.controller import Controller

from resecure.connectors.mail import Server


class Behaviour:
    """``ways``: for each address what to do with its messages; all others are taken."""

    def __init__(self) -> None:
        self.ways: dict[str, str] = {}
        self.taken: list[EmailMessage] = []
        self.tried: dict[str, int] = defaultdict(int)
        self._lock = Lock()

    async def handle_RCPT(  # noqa: N802 - names and arguments are aiosmtpd's
        self,
        server: Any,
        session: Any,
        envelope: Any,
        address: str,
        options: Any,  # noqa: ARG002
    ) -> str:
        with self._lock:
            self.tried[address] += 1
        way = self.ways.get(address, "takes")
        if way == "refuses":
            return "550 no such mailbox: and words of the server that nobody shall read"
        if way == "defers":
            return "451 later"
        if way == "stalls":
            await asyncio.sleep(30)
        if way == "dies":
            session.loop.call_soon(server.transport.abort)
            await asyncio.sleep(1)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002
        made = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        way = self.ways.get(envelope.rcpt_tos[0], "takes")
        if way == "refuses the text":
            return "554 no"
        with self._lock:
            self.taken.append(made)
        return "250 OK"

    def subjects(self, address: str) -> list[str]:
        """The subjects of the messages that were taken for an address, in order."""
        with self._lock:
            return [str(each["Subject"]) for each in self.taken if each["To"] == address]

    def ids(self, address: str) -> list[str]:
        """Likewise their Message-IDs."""
        with self._lock:
            return [str(each["Message-ID"]) for each in self.taken if each["To"] == address]


@contextmanager
def smtp_server() -> Iterator[tuple[Behaviour, Server]]:
    """A running server on a free port."""
    behaviour = Behaviour()
    controller = _Controller(behaviour, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield behaviour, Server(host="127.0.0.1", port=controller.server.sockets[0].getsockname()[1])
    finally:
        controller.stop()


class _Controller(Controller):
    """aiosmtpd tries its own port by connecting to the number asked for, which is 0 here."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
