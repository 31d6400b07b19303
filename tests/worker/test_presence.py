"""What a dead worker had in hand is told by another within seconds; what a live one has is told by nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from resecure.entrypoints.worker import presence as presences
from resecure.entrypoints.worker.database import own_connection
from resecure.entrypoints.worker.presence import Presence
from resecure.entrypoints.worker.worker import Worker
from resecure.propagation import outbox, presence, telling
from resecure.propagation.models import Delivery, Messenger, State, System
from resecure.propagation.telling import Answer
from tests.conftest import World
from tests.oidc.party import Register, browser_of
from tests.worker.conftest import until
from tests.worker.receiver import Receiver, receiver

Start = Callable[..., Worker]
pytestmark = pytest.mark.fault


@pytest.fixture
def application() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture(autouse=True)
def _may_tell_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(settings, "RESECURE", settings.RESECURE.model_copy(update={"application_networks": networks}))


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A worker as it runs in production: a process of its own."""
    given = connection.settings_dict
    url = f"postgresql://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"
    environment = {
        **os.environ,
        "RESECURE_DATABASE_URL": url,
        "RESECURE_APPLICATION_NETWORKS": "127.0.0.0/8",
        "RESECURE_LOG_LEVEL": "error",
    }
    running = subprocess.Popen([sys.executable, "-m", "resecure", "worker"], env=environment, start_new_session=True)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def resecured(world: World, register: Register, application: Receiver) -> None:
    person, by = world.person(), world.administrator()
    register(logout_address=f"{application.address}/out").tokens(browser_of(world, person))
    world.resecured(person, by=by)


def told() -> list[str]:
    return list(Delivery.objects.filter(system=System.APPLICATION).values_list("state", flat=True))


def cut() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_what_a_killed_worker_had_in_hand_is_told_by_another_within_seconds(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    application.hold.clear()  # the application keeps whoever tells it waiting
    resecured(committed_world, register, application)
    with process() as first:
        until(lambda: application.got, seconds=30)
        start()
        until(lambda: Messenger.objects.count() == 2)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        killed = monotonic()
    application.hold.set()

    until(lambda: told() == [State.ACKNOWLEDGED], seconds=8)
    assert presence.GRACE.total_seconds() - 1 < monotonic() - killed < 8
    assert len(application.got) == 2  # at least once: whether the first was heard nobody can know
    assert Messenger.objects.count() == 1


def test_what_a_live_worker_has_in_hand_is_told_by_nobody_else_though_its_connections_are_cut(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    application.hold.clear()
    start()
    start()
    until(lambda: Messenger.objects.count() == 2)
    resecured(committed_world, register, application)
    until(lambda: application.got)

    for _each in range(4):
        cut()
        sleep(1)
    application.hold.set()

    until(lambda: told() == [State.ACKNOWLEDGED])
    assert len(application.got) == 1
    assert Delivery.objects.get(system=System.APPLICATION).attempts == 1


def test_a_worker_that_cannot_hold_its_number_gives_up_what_it_has_before_another_takes_it(
    committed_world: World, register: Register, application: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.hold.clear()
    alone = start()
    until(lambda: Messenger.objects.exists())
    resecured(committed_world, register, application)
    until(lambda: application.got)
    first = alone._messenger

    def unreachable() -> Any:
        raise psycopg.OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(presences, "own_connection", unreachable)
        cut()
        until(lambda: not first._under)
        assert first._presence.number() is None
        assert told() == [State.REQUESTED]
        assert outbox.claim(now=timezone.now(), system=System.APPLICATION, by=1) == [], "too early for another"
    application.hold.set()

    until(lambda: told() == [State.ACKNOWLEDGED])
    assert len(application.got) == 2


def test_a_number_is_held_by_one_alone_and_never_again_once_it_was_freed(committed_world: World) -> None:
    with own_connection() as one, own_connection() as two:
        assert presence.hold(one, 7, again=False)
        assert not presence.hold(two, 7, again=False)
        assert not presence.hold(two, 7, again=True)
        presence.free_those_of_the_dead(two)
        assert Messenger.objects.get().gone_since is None
    with own_connection() as third:
        presence.free_those_of_the_dead(third)
        assert Messenger.objects.get().gone_since is not None
        assert presence.hold(third, 7, again=True)  # back within the grace
        assert Messenger.objects.get().gone_since is None
    with own_connection() as fourth:
        Messenger.objects.update(gone_since=timezone.now() - timedelta(seconds=4))
        presence.free_those_of_the_dead(fourth)
        assert not Messenger.objects.exists()
        assert not presence.hold(fourth, 7, again=True)


def test_an_answer_of_one_who_lost_its_claim_says_that_it_was_taken_and_nothing_else(committed_world: World) -> None:
    now = timezone.now()
    row = Delivery.objects.create(
        system=System.APPLICATION,
        change="resecured",
        account=uuid4(),
        order=1,
        requested_at=now,
        next_attempt_at=now,
        claimed_until=now + timedelta(seconds=60),
        claimed_by=2,
    )
    late = Answer(delivery=row.pk, told_at=now, at=now, acknowledged=False, because="it broke off", by=1)
    telling.answer([late])
    row.refresh_from_db()
    assert (row.claimed_by, row.failed_because) == (2, "")
    assert row.claimed_until is not None

    telling.answer([Answer(delivery=row.pk, told_at=now, at=now, by=1)])
    row.refresh_from_db()
    assert row.state == State.ACKNOWLEDGED


def test_the_presence_of_a_worker_that_ends_is_gone_with_it(committed_world: World) -> None:
    from threading import Thread

    there = Presence()
    thread = Thread(target=there.run)
    thread.start()
    until(lambda: there.number() is not None)
    there.end()
    thread.join()
    assert not Messenger.objects.exists()
