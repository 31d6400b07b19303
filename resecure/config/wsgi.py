"""The WSGI application: the gate and the probes before Django, everything else in it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")
pages = get_wsgi_application()

# After Django is set up: the gate reads its settings.
from resecure.entrypoints.gate.gate import gate  # noqa: E402

# What is loaded now stays for the life of the process: keep the collector from walking through it again and
# again while requests wait.
gc.collect()
gc.freeze()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """One process answers all paths; ``/gate`` costs a hash and one statement."""
    if environ.get("PATH_INFO") == "/gate":
        return gate(environ, start_response)
    response: Iterable[bytes] = pages(environ, start_response)
    return response
