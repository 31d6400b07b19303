"""The WSGI application: the gate and the probes before Django, everything else in it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")
django = get_wsgi_application()

# After Django is set up: they read its settings.
from django.conf import settings  # noqa: E402

from resecure.entrypoints.bodies import whole_bodies  # noqa: E402
from resecure.entrypoints.gate.gate import gate  # noqa: E402
from resecure.entrypoints.oidc.asking import PATHS, asking  # noqa: E402
from resecure.entrypoints.threads import threads_for  # noqa: E402


def _beside(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """What has a body and is asked at every request goes by Django too."""
    if environ.get("PATH_INFO") in PATHS:
        return asking(environ, start_response)
    response: Iterable[bytes] = django(environ, start_response)
    return response


pages = whole_bodies(
    _beside,
    # The other threads go on answering the gate, the probes and pages.
    at_once=threads_for(settings.RESECURE.web_processes) * 3 // 4,
    longest=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
)

# What is loaded now stays for the life of the process: keep the collector from walking through it again and
# again while requests wait.
gc.collect()
gc.freeze()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """One process answers all paths; ``/gate`` costs a hash and one statement."""
    path = environ.get("PATH_INFO", "")
    if path == "/gate" or path.startswith("/gate/"):
        return gate(environ, start_response)
    response: Iterable[bytes] = pages(environ, start_response)
    return response
