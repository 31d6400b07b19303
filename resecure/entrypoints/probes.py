"""Probes: is the process alive, can it work, and what has it counted."""

from __future__ import annotations

import ipaddress
import os
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import path
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from resecure.entrypoints.network import client_address


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
    text = generate_latest(registry) + generate_latest(_deliveries())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _said(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8")


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
    """Deliveries by system and state, read from the database: the same from whichever process is asked."""
    family = GaugeMetricFamily("resecure_deliveries", "Deliveries by system and state", labels=["system", "state"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT system, state, count(*) FROM propagation_delivery GROUP BY system, state")
        for system, state, number in cursor.fetchall():
            family.add_metric([system, state], number)
    registry = CollectorRegistry()
    registry.register(_Read(family))
    return registry


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
