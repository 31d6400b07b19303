"""Keys of a development machine, made once so that sessions and stored secrets outlive a restart."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from resecure.config.private_files import exclusive, write_private


def development_secrets(state_directory: Path) -> dict[str, str]:
    """Return ``secret_key``, ``encryption_keys`` and ``audit_key``, made at the first call for this directory.

    They lie in ``secrets.json`` (0600). Any number of processes may call this at once: all get the same.
    """
    state_directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    file = state_directory / "secrets.json"
    with exclusive(state_directory / "secrets.lock"):
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if "audit_key" not in kept:  # a file of an earlier version lacks it, and keeps what it has
            made = {
                "secret_key": secrets.token_urlsafe(50),
                "encryption_keys": f"development:{base64.b64encode(secrets.token_bytes(32)).decode()}",
                "audit_key": base64.b64encode(secrets.token_bytes(32)).decode(),
                **kept,
            }
            half_written = state_directory / "secrets.json.new"
            half_written.unlink(missing_ok=True)
            write_private(half_written, json.dumps(made, indent=1) + "\n")
            half_written.rename(file)
            return made
    return kept
