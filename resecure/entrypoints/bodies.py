"""Bodies are read before anything else is done with a request, and never by all threads at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.utils.translation import gettext as _

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
# For a burst of honest ones, whose bodies are here already and only wait for their turn.
PATIENCE = 0.2
log = structlog.get_logger("bodies")


def whole_bodies(application: Application, *, at_once: int, longest: int) -> Application:
    """Hand requests on with their body read; at most ``at_once`` threads wait for one, other requests get a 503.

    The server gives a request to a thread as soon as its head is here, and then waits for the body as long as the
    sender likes. A handful of half-sent requests would stop the process, the gate with it; and what was checked
    before the body came would be old when it comes. A body of more than ``longest`` bytes is not read at all: whoever
    asks for it refuses it by its announced length.
    """
    # A queue of C, which costs a tenth of a semaphore: this is on the path of every introspection.
    room: SimpleQueue[None] = SimpleQueue()
    for _each in range(at_once):
        room.put(None)

    def with_whole_body(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = _length(environ)
        if not 0 < length <= longest:
            environ["wsgi.input"] = BytesIO()
            return application(environ, start_response)
        try:
            room.get(timeout=PATIENCE)
        except Empty:
            log.warning("too many bodies on their way")
            return _busy(start_response)
        try:
            environ["wsgi.input"] = BytesIO(_read(environ["wsgi.input"], length))
        finally:
            room.put(None)
        return application(environ, start_response)

    return with_whole_body


def _length(environ: dict[str, Any]) -> int:
    """What was announced; nothing for no number, as Django reads it."""
    announced = environ.get("CONTENT_LENGTH") or ""
    return int(announced) if announced.isascii() and announced.isdecimal() else 0


def _read(body: Any, length: int) -> bytes:
    """What came of it. A sender who went away leaves a part, which the reader of the body finds too short."""
    parts = b""
    try:
        while len(parts) < length and (part := body.read(length - len(parts))):
            parts += part
    except OSError:
        pass
    return parts


def _busy(start_response: Any) -> Iterable[bytes]:
    text = _("The service is very busy. Nothing was changed. Try again in a few seconds.").encode()
    start_response(
        "503 Service Unavailable",
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(text))),
            ("Cache-Control", "no-store"),
            ("Retry-After", "5"),
        ],
    )
    return [text]
