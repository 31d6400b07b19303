"""Probes: is the process alive, can it work, and what has it counted.

They are answered before everything else. Whoever asks them does so by address, so that the Host header is not
one of ours; they make no link of it, read no cookie, and are no line in the log.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from resecure.entrypoints.network import client_address
from resecure.propagation import outbox
from resecure.propagation.models import State

Next = Callable[[HttpRequest], HttpResponse]


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's call
    """200 while the process answers. Asks nothing else: a lost database is no reason to restart it."""
    return _said("ok", status=200)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's call
    """200 when the database answers and every migration is applied, else 503."""
    try:
        missing = _migrations() - set(MigrationRecorder(connection).applied_migrations())
    except Error:
        return _said("the database does not answer", status=503)
    if missing:
        return _said("migrations are missing: run resecure migrate", status=503)
    return _said("ok", status=200)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What was counted, for Prometheus. From elsewhere than this machine there is no such page."""
    if not _is_local(request):
        return HttpResponseNotFound()
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = generate_latest(registry)
    with suppress(Error):  # what the processes have counted is wanted most while the database is away
        text += generate_latest(_deliveries())
    return _plain(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))


PROBES: dict[str, Next] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def answered(get_response: Next) -> Next:
    """Middleware, the first of all: the probes, whatever Host they are asked by."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, get_response)(request)

    return middleware


def _said(text: str, *, status: int) -> HttpResponse:
    return _plain(HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8"))


def _plain(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@cache
def _migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _is_local(request: HttpRequest) -> bool:
    # Behind a proxy on this machine that nobody declared as trusted, every stranger would look local.
    address = client_address(request.META)
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    if address is None or (forwarded and address == peer):
        return False
    return ipaddress.ip_address(address).is_loopback


class _Read:
    """A collector of one family that was read a moment ago."""

    def __init__(self, family: Metric) -> None:
        self.family = family

    def collect(self) -> list[Metric]:
        return [self.family]


def _deliveries() -> CollectorRegistry:
    """Deliveries that wait, read from the database: the same from whichever process or node is asked.

    Only those that wait: an index holds them and nothing else, while those that were acknowledged are millions.
    """
    number = GaugeMetricFamily("resecure_deliveries", "Deliveries that wait, by system", labels=["system", "state"])
    since = GaugeMetricFamily(
        "resecure_deliveries_oldest_timestamp_seconds", "When the oldest delivery that waits began", labels=["system"]
    )
    for each in outbox.waiting():
        number.add_metric([each.system, State.REQUESTED.value], each.number)
        if each.since is not None:
            since.add_metric([each.system], each.since.timestamp())
    registry = CollectorRegistry()
    registry.register(_Read(number))
    registry.register(_Read(since))
    return registry
