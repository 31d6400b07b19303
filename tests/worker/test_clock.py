"""The clock: what is due is done every minute, by one worker, and a dead one does not keep the others out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.entrypoints.worker import clock
from resecure.entrypoints.worker.clock import Clock
from resecure.entrypoints.worker.stopping import Stopping
from resecure.identity.accounts import Status, system_account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.sessions import Session
from resecure.operations.sweep import sweep
from resecure.propagation.models import Delivery
from tests.conftest import World


def test_the_clock_advances_statuses_and_sweeps_what_is_long_over(committed_world: World) -> None:
    person, other = committed_world.person(), committed_world.person()
    by = committed_world.administrator()
    committed_world.session(person)
    committed_world.confirmation(person, by=by)
    later = timezone.now() + timedelta(days=60)
    other.last_active_at = later
    other.save(update_fields=["last_active_at"])
    ticking = Clock(Stopping())

    with time_machine.travel(later):
        assert ticking.tick()
    ticking.let_go()

    person.refresh_from_db()
    other.refresh_from_db()
    assert person.status == Status.INACTIVE
    assert other.status == Status.ACTIVE
    assert committed_world.records("account_status_advanced", person) == 1
    assert not Session.objects.filter(account=person).exists()
    assert not IdentityConfirmation.objects.filter(account=person).exists()


@pytest.mark.database
def test_only_one_worker_has_the_clock_and_the_next_takes_over(committed_world: World) -> None:
    first, second = Clock(Stopping()), Clock(Stopping())

    assert first.tick()
    assert not second.tick()
    assert first.tick()
    first.let_go()

    assert second.tick()
    second.let_go()


def test_a_task_that_breaks_does_not_keep_the_others_from_running(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def breaks() -> None:
        raise ValueError

    monkeypatch.setattr(clock, "TASKS", {"first": breaks, "second": lambda: done.append("second")})
    ticking = Clock(Stopping())

    assert ticking.tick()
    ticking.let_go()

    assert done == ["second"]


def test_how_long_ended_sessions_and_delivered_messages_are_kept_is_a_setting(world: World, settings: Any) -> None:
    person = world.person()
    world.session(person)
    when = timezone.now()
    Delivery.objects.create(
        system="mail",
        change="disabled",
        account=person.pk,
        state="acknowledged",
        requested_at=when,
        next_attempt_at=when,
        acknowledged_at=when,
    )

    def swept(*, days: float, **kept: int) -> dict[str, int]:
        settings.RESECURE = settings.RESECURE.model_copy(update=kept)
        with time_machine.travel(when + timedelta(days=days)):
            return sweep(by=system_account())

    assert swept(days=89, ended_sessions_kept_days=100)["sessions"] == 0
    assert swept(days=91, deliveries_kept_days=200)["deliveries"] == 0
    assert swept(days=8, ended_sessions_kept_days=7)["sessions"] == 1
    assert swept(days=8, deliveries_kept_days=7)["deliveries"] == 1
