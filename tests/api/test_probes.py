"""Probes: alive, ready, counted."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from resecure.entrypoints import metrics, probes
from resecure.propagation import outbox
from resecure.propagation.models import Delivery
from tests.api.conftest import program_of
from tests.conftest import World


def lost(*_args: Any, **_more: Any) -> None:
    raise OperationalError("gone")


def test_the_process_is_alive_whatever_the_database_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.migrations.recorder.MigrationRecorder.applied_migrations", lost)

    assert Client().get("/healthz").status_code == 200


def test_it_is_ready_when_the_database_answers_and_is_up_to_date(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/readyz").status_code == 200
    known = probes._migrations()
    monkeypatch.setattr(probes, "_migrations", lambda: known | {("identity", "9999_later")})
    assert Client().get("/readyz").status_code == 503
    monkeypatch.setattr("django.db.migrations.recorder.MigrationRecorder.applied_migrations", lost)
    assert Client().get("/readyz").status_code == 503


@pytest.mark.parametrize("probe", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_is_answered_by_whatever_address_it_is_asked_and_a_page_is_not(world: World, probe: str) -> None:
    assert Client().get(probe, HTTP_HOST="10.1.2.3:8000").status_code == 200
    assert Client().get("/help/", HTTP_HOST="10.1.2.3:8000").status_code == 400


def test_what_was_counted_is_shown_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resecure.propagation.outbox.waiting", lost)

    answer = Client().get("/metrics")

    assert answer.status_code == 200
    assert "resecure_request_seconds" in answer.content.decode()


@pytest.mark.database
def test_a_scrape_reads_the_index_of_open_deliveries_and_not_the_table(world: World) -> None:
    from django.utils import timezone

    now = timezone.now()
    Delivery.objects.bulk_create(
        [
            Delivery(
                system="mail",
                change="disabled",
                account=uuid4(),
                requested_at=now,
                next_attempt_at=now,
                state="requested" if number < 3 else "acknowledged",
            )
            for number in range(3000)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE propagation_delivery")
    with CaptureQueriesContext(connection) as asked:
        mail, *_others = outbox.waiting()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        plan = " ".join(row[0] for row in cursor.fetchall())

    assert (mail.number, mail.since) == (3, now)
    assert "propagation_open_by_system" in plan


def test_metrics_are_for_this_machine_only(world: World) -> None:
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 404
    # A proxy that nobody declared as trusted makes every stranger look local.
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 404
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404


def test_metrics_count_by_route_and_outcome_and_name_nobody(world: World, rf: Any) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    program_of(world, by).post(f"/accounts/{person.pk}/disable")
    request = rf.post("/api/v1/sign-in")
    request.resolver_match = type("Match", (), {"view_name": "api:sign_in"})()
    metrics.measured(lambda _request: type("Answer", (), {"status_code": 401})())(request)  # type: ignore[arg-type]

    text = Client().get("/metrics").content.decode()

    assert 'resecure_sign_ins_total{result="not_signed_in"}' in text
    assert 'resecure_operations_total{outcome="not_signed_in",route="api:sign_in"}' in text
    assert 'resecure_deliveries{state="requested",system="mail"}' in text
    assert Delivery.objects.exists()
    assert str(person.pk) not in text
    assert person.address not in text
