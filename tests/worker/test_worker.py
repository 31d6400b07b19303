"""The worker against a real mail server and a real database: what is announced arrives, in order, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from resecure.connectors import mail
from resecure.connectors.mail import Server
from resecure.entrypoints.worker.delivering import Post
from resecure.entrypoints.worker.worker import Worker
from resecure.operations.shared.telling import told
from resecure.propagation import gateways, outbox
from resecure.propagation.models import Change, Delivery, Pause, State
from tests.conftest import World
from tests.worker.conftest import until
from tests.worker.smtp import Behaviour

Start = Callable[..., Worker]
Smtp = tuple[Behaviour, Server]


def announce(person: Any, *changes: Change) -> None:
    with transaction.atomic():
        for change in changes or (Change.UNLOCKED,):
            outbox.announce(change, account=person.pk, at=timezone.now(), payload=told(person))


def of(person: Any) -> Delivery:
    return Delivery.objects.filter(account=person.pk).latest("order")


def test_a_message_arrives_soon_after_the_commit_and_never_before(
    committed_world: World, smtp: Smtp, start: Start
) -> None:
    person = committed_world.person()
    start()
    announce(committed_world.person())
    until(lambda: smtp[0].taken)

    with transaction.atomic():
        announce(person)
        assert smtp[0].subjects(person.address) == []
        committed = monotonic()
    until(lambda: smtp[0].subjects(person.address))

    assert monotonic() - committed < 0.5  # far under the second of the poll: the notice woke it
    until(lambda: of(person).state == State.ACKNOWLEDGED)
    assert of(person).attempts == 1


def test_messages_of_one_account_arrive_in_the_order_of_the_changes(
    committed_world: World, smtp: Smtp, start: Start
) -> None:
    person = committed_world.person()
    wanted = [Change.DISABLED, Change.ENABLED, Change.RESECURED, Change.PASSWORD_RESET, Change.BACK_AT_WORK]
    start()
    start()

    announce(person, *wanted)
    until(lambda: len(smtp[0].subjects(person.address)) == 5)

    assert smtp[0].subjects(person.address) == [
        "Your account is disabled",
        "Your account is enabled again",
        "Your account is ready to be taken back",
        "You have a temporary password",
        "You are back",
    ]


def test_a_refused_address_fails_for_good_and_the_next_person_is_not_affected(
    committed_world: World, smtp: Smtp, start: Start
) -> None:
    refused, other = committed_world.person(), committed_world.person()
    smtp[0].ways[refused.address] = "refuses"
    start()

    announce(refused)
    announce(other)
    until(lambda: of(refused).state == State.FAILED)
    until(lambda: of(other).state == State.ACKNOWLEDGED)

    assert of(refused).failed_because == "the mail server refused the address (550)"
    assert refused.address not in of(refused).failed_because


def test_a_message_whose_text_is_refused_fails_for_good(committed_world: World, smtp: Smtp, start: Start) -> None:
    person = committed_world.person()
    smtp[0].ways[person.address] = "refuses the text"
    start()

    announce(person)
    until(lambda: of(person).state == State.FAILED)

    assert of(person).failed_because == "the mail server refused the message (554)"


@pytest.mark.parametrize(
    ("way", "because"),
    [
        ("defers", "the mail server refused the address (451)"),
        ("dies", "the mail server broke off"),
        ("stalls", "the mail server did not answer in time"),
    ],
)
def test_what_may_work_later_is_tried_again_and_then_arrives(
    committed_world: World, smtp: Smtp, start: Start, monkeypatch: pytest.MonkeyPatch, way: str, because: str
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.5)
    person = committed_world.person()
    smtp[0].ways[person.address] = way
    start()

    announce(person)
    until(lambda: of(person).failed_because)
    first = of(person)
    assert first.failed_because == because
    assert first.state == State.REQUESTED
    assert first.next_attempt_at > first.requested_at
    smtp[0].ways.clear()
    outbox.retry([first.pk], now=timezone.now())
    until(lambda: of(person).state == State.ACKNOWLEDGED)

    assert len(smtp[0].subjects(person.address)) == 1
    assert of(person).failed_because == ""


def test_a_server_that_cannot_be_reached_is_named_as_the_fault(committed_world: World, tmp_path: Path) -> None:
    person = committed_world.person()
    nowhere = Post(
        server=Server(host="127.0.0.1", port=1), mailbox=tmp_path, sender="desk@example.org", public_url="http://x"
    )
    announce(person)

    assert Worker(post=nowhere).carry_one()

    assert of(person).failed_because == "the mail server cannot be reached (Connection refused)"


def test_a_stalled_message_does_not_hold_up_other_accounts(
    committed_world: World, smtp: Smtp, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 5)
    slow, others = committed_world.person(), [committed_world.person() for _each in range(10)]
    smtp[0].ways[slow.address] = "stalls"
    start(carriers=2)

    announce(slow)
    until(lambda: smtp[0].tried[slow.address] == 1)
    for other in others:
        announce(other)
    until(lambda: all(of(other).state == State.ACKNOWLEDGED for other in others), seconds=4)

    assert of(slow).state == State.REQUESTED


def test_two_workers_never_send_the_same_message(committed_world: World, smtp: Smtp, start: Start) -> None:
    people = [committed_world.person() for _each in range(30)]
    for person in people:
        announce(person)

    start()
    start()
    until(lambda: Delivery.objects.filter(state=State.ACKNOWLEDGED).count() == 30)

    assert len({each["Message-ID"] for each in smtp[0].taken}) == len(smtp[0].taken) == 30
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.database
def test_two_workers_that_claim_at_once_claim_different_rows(committed_world: World) -> None:
    for _each in range(20):
        announce(committed_world.person())
    together, got = Barrier(2), [[], []]  # type: ignore[var-annotated]

    def claim(which: int) -> None:
        together.wait()
        got[which] = [each.pk for each in outbox.claim(now=timezone.now(), limit=10)]
        connection.close()

    threads = [Thread(target=claim, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not set(got[0]) & set(got[1])
    assert len(got[0]) + len(got[1]) + len(outbox.claim(now=timezone.now(), limit=20)) == 20


@pytest.mark.fault
def test_a_worker_that_dies_after_sending_leads_to_a_repeat_under_the_same_message_id(
    committed_world: World, smtp: Smtp, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = committed_world.person()
    announce(person)

    class Killed(BaseException):
        pass

    def dies(*_given: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "acknowledge", dies)
        with pytest.raises(Killed):
            Worker(post=post).carry_one()
    assert not Worker(post=post).carry_one()  # the claim of the dead one still holds
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert Worker(post=post).carry_one()

    first, second = smtp[0].ids(person.address)
    assert first == second
    assert UUID(first[1:37]) == of(person).pk
    assert of(person).state == State.ACKNOWLEDGED


def test_a_payload_that_we_cannot_read_waits_and_says_so_without_its_content(
    committed_world: World, post: Post
) -> None:
    person = committed_world.person()
    announce(person)
    Delivery.objects.filter(account=person.pk).update(payload={"odd": "marmaladesky"})

    assert Worker(post=post).carry_one()

    assert of(person).state == State.REQUESTED
    assert of(person).failed_because == "a fault of this service (KeyError)"


def test_without_a_mail_server_messages_go_to_the_mailbox_of_the_demonstration(
    committed_world: World, tmp_path: Path
) -> None:
    person = committed_world.person()
    announce(person)

    Worker(post=Post(server=None, mailbox=tmp_path, sender="d@example.org", public_url="http://x")).carry_one()

    assert [each["Subject"] for each in mail.kept(folder=tmp_path, to=person.address)] == ["Your account is unlocked"]


@pytest.mark.fault
def test_a_lost_database_is_waited_for(committed_world: World, smtp: Smtp, start: Start) -> None:
    person = committed_world.person()
    start()
    announce(committed_world.person())
    until(lambda: smtp[0].taken)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    announce(person)
    until(lambda: of(person).state == State.ACKNOWLEDGED)

    assert smtp[0].subjects(person.address) == ["Your account is unlocked"]


@pytest.mark.fault
def test_sigterm_ends_the_worker_after_the_delivery_in_hand(committed_world: World, tmp_path: Path) -> None:
    person = committed_world.person()
    given = connection.settings_dict
    url = f"postgresql://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"
    environment = {
        **os.environ,
        "RESECURE_DATABASE_URL": url,
        "RESECURE_STATE_DIRECTORY": str(tmp_path),
        "RESECURE_LOG_LEVEL": "info",
    }
    command = [sys.executable, "-c", "from resecure.entrypoints.console.main import main; main()", "worker"]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        announce(person)
        until(lambda: of(person).state == State.ACKNOWLEDGED, seconds=30)
        running.send_signal(signal.SIGTERM)
        _out, log = running.communicate(timeout=15)
    finally:
        running.kill()
        running.wait()

    assert running.returncode == 0
    assert '"worker ended"' in log
    assert person.address not in log
    assert len(mail.kept(folder=tmp_path / "mailbox", to=person.address)) == 1


def _away(tmp_path: Path) -> Worker:
    return Worker(
        post=Post(
            server=Server(host="127.0.0.1", port=1), mailbox=tmp_path, sender="d@example.org", public_url="http://x"
        )
    )


def test_a_mail_server_that_is_away_for_a_week_fails_a_message_then_and_not_by_a_count_of_tries(
    committed_world: World, tmp_path: Path
) -> None:
    person, began = committed_world.person(), timezone.now()
    announce(person)
    Delivery.objects.filter(account=person.pk).update(attempts=5000)

    with time_machine.travel(began + timedelta(days=6, hours=23)):
        assert _away(tmp_path).carry_one()
        assert of(person).state == State.REQUESTED
    with time_machine.travel(began + timedelta(days=7, minutes=2)):
        assert _away(tmp_path).carry_one()
        assert of(person).state == State.FAILED
        assert of(person).failed_because == "the mail server cannot be reached (Connection refused)"


def test_what_failed_after_a_week_has_another_week_when_it_is_asked_for_by_hand(
    committed_world: World, tmp_path: Path
) -> None:
    person, began = committed_world.person(), timezone.now()
    announce(person)
    with time_machine.travel(began + timedelta(days=8)) as travel:
        _away(tmp_path).carry_one()
        assert of(person).state == State.FAILED
        outbox.retry([of(person).pk], now=timezone.now())
        travel.shift(timedelta(minutes=2))

        assert _away(tmp_path).carry_one()

        assert of(person).state == State.REQUESTED


def test_while_the_mail_server_is_away_one_message_asks_and_the_others_say_why_they_wait(
    committed_world: World, tmp_path: Path, smtp: Smtp, start: Start
) -> None:
    people = [committed_world.person() for _each in range(12)]
    for person in people:
        announce(person)
    away, began = _away(tmp_path), timezone.now()

    assert away.carry_one()
    assert not away.carry_one(), "it is paused"
    with time_machine.travel(began + timedelta(minutes=2)):
        assert away.carry_one(), "and one asks"
        assert not away.carry_one()
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 2
    reasons = set(Delivery.objects.values_list("failed_because", flat=True))
    assert reasons == {"the mail server cannot be reached (Connection refused)"}

    Pause.objects.update(until=timezone.now())
    start()
    until(lambda: all(smtp[0].subjects(each.address) for each in people), seconds=5)
    until(lambda: not Delivery.objects.filter(state=State.REQUESTED).exists())
    assert not Pause.objects.exists()
    assert len(smtp[0].taken) == 12


@pytest.mark.fault
def test_when_the_one_that_asks_dies_another_asks_after_its_claim(committed_world: World, tmp_path: Path) -> None:
    announce(committed_world.person())
    announce(committed_world.person())
    _away(tmp_path).carry_one()
    now = timezone.now() + timedelta(minutes=2)
    (dying,) = outbox.claim(now=now, limit=1)
    assert gateways.turn_of(dying, now=now) is gateways.Turn.ASK

    assert not outbox.claim(now=now + timedelta(seconds=59), limit=1)
    (next_one,) = outbox.claim(now=now + timedelta(seconds=61), limit=1)

    assert gateways.turn_of(next_one, now=now + timedelta(seconds=61)) is gateways.Turn.ASK


def test_a_mail_server_that_refuses_one_address_pauses_nobody_else(
    committed_world: World, smtp: Smtp, post: Post
) -> None:
    deferred, other = committed_world.person(), committed_world.person()
    smtp[0].ways[deferred.address] = "defers"
    announce(deferred)
    announce(other)
    worker = Worker(post=post)

    assert worker.carry_one()
    assert worker.carry_one()

    assert not Pause.objects.exists()
    assert smtp[0].subjects(other.address)
