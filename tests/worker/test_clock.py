"""The clock: what is due is done every minute, by one worker, and a dead one does not keep the others out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from resecure.entrypoints.worker import clock
from resecure.entrypoints.worker.clock import Clock
from resecure.entrypoints.worker.stopping import Stopping
from resecure.identity.accounts import Status
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.sessions import Session
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
