"""The database: the embedded PostgreSQL, or the server that RESECURE_DATABASE_URL names."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from resecure.config.embedded_postgres import ensure_running
from resecure.config.environment import Environment

# A node that stops in the middle of a transaction (frozen, cut off) holds the lock of an account's row, and nobody can
# resecure that account. The server ends such a transaction; ours take milliseconds between statements.
LONGEST_SILENCE = 60


def _threshold(options: dict[str, Any]) -> int | None:
    """After how many uses a statement is prepared; None for never."""
    given = int(options.get("prepare_threshold", 3))
    return given or None


def database(environment: Environment) -> dict[str, Any]:
    """Django's description of the database. Starts the embedded server where no URL is given."""
    url = environment.database_url or ensure_running(environment.state_directory)
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("RESECURE_DATABASE_URL must begin with postgresql://")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    options.setdefault("application_name", "resecure")
    threshold = _threshold(options)
    if threshold is not None:  # a pooler refuses to be told; its server must be
        options.setdefault("options", f"-c idle_in_transaction_session_timeout={LONGEST_SILENCE}s")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # One connection a thread, kept; checked before use after the server went away.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        # Prepared statements: the server plans a statement once a connection. Behind a pooler that hands
        # connections around between transactions, put prepare_threshold=0 into the URL.
        "OPTIONS": {**options, "server_side_binding": True, "prepare_threshold": threshold},
    }
