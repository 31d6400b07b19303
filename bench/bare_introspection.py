"""The peer of introspection: a bare WSGI callable that does the same look-up and answers the same number of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.bare import ask
from resecure.entrypoints.oidc.asking import INTROSPECTION


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The digests come ready in the body: nothing is parsed, hashed or written as JSON."""
    body = bytes.fromhex(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
    found = ask(environ["PATH_INFO"], INTROSPECTION, (body[:32], body[32:64]))
    answer = found[1].encode() if found and found[1] else b""
    status = "200 OK" if found else "404 Not Found"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
