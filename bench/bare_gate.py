"""The peer of the gate: a bare WSGI callable with the same look-up, and nothing else between socket and database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from bench.bare import ask
from resecure.entrypoints.gate.gate import SESSION


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The same statement on the same kind of connection; the header is cut, never parsed."""
    digest = hashlib.sha256(environ.get("HTTP_AUTHORIZATION", "")[7:].encode()).digest()
    row = ask(environ["PATH_INFO"], SESSION, ("60 seconds", digest, "30 minutes"))
    if row is None:
        start_response("401 Unauthorized", [("Content-Length", "0")])
    else:
        start_response("204 No Content", [("X-Resecure-Account", str(row[0]))])
    return []
