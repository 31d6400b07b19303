"""Logs: events with fields, on stderr; JSON unless somebody is reading along. No secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

LEFT_OUT = "[left out]"
# A part of a name is enough: new_password, session_token and csrf_token are meant as well.
_NEVER_LOGGED = ("password", "secret", "token", "handle", "authorization", "cookie")
# PostgreSQL repeats the whole row it refused, hashes and addresses included.
_ROW_IN_ERROR = re.compile(r"^(DETAIL|CONTEXT|DÉTAIL):.*$", re.MULTILINE)


def leave_out_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Afterwards nothing under a name that speaks of a secret is left, however deep; only the name is."""
    return {name: _without_secrets(name, value) for name, value in event.items()}


def leave_out_rows(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Afterwards no text of an error repeats the row or statement that it is about."""
    for name in ("exception", "event", "error"):
        if isinstance(event.get(name), str):
            event[name] = _ROW_IN_ERROR.sub(r"\1: " + LEFT_OUT, event[name])
    return event


def _without_secrets(name: str, value: Any) -> Any:
    if any(part in name.casefold() for part in _NEVER_LOGGED):
        return LEFT_OUT
    if isinstance(value, Mapping):
        return {key: _without_secrets(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", each) for each in value]
    return value


def configure(level: str) -> None:
    """Afterwards our events and those of the libraries go to stderr, from this level on. Asked again, it
    changes the level alone."""
    number = logging.getLevelNamesMapping()[level.upper()]
    reading_along = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        leave_out_secrets,
        leave_out_rows,
    ]
    last: Processor = structlog.processors.JSONRenderer(default=str)
    if reading_along:
        # Never the variables of a traceback: one of them is the password.
        last = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_to_stderr_of_now,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(handler)
    ours = _Handler()
    ours.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root.addHandler(ours)
    root.setLevel(max(number, logging.WARNING))
    # Each answer of 4xx would be a line with a path, and a path may name a person.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security").setLevel(logging.ERROR)


def _to_stderr_of_now(*_arguments: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


class _Handler(logging.StreamHandler[Any]):
    """Marks the handler as ours, so that a second call replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)
