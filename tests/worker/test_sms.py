"""Text messages against a gateway that is a process of its own: taken in order, once, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from resecure.connectors import sms
from resecure.connectors.fault import NotTaken
from resecure.entrypoints.worker.delivering import Post
from resecure.entrypoints.worker.worker import Worker
from resecure.operations.shared.telling import send_code
from resecure.propagation.models import Delivery, State
from tests.conftest import World
from tests.worker.conftest import until
from tests.worker.sms_gateway import Running, sms_gateway

Start = Callable[..., Worker]
NUMBER = "07700900982"


@pytest.fixture
def gateway() -> Iterator[Running]:
    with sms_gateway() as running:
        yield running


@pytest.fixture
def both(post: Post, gateway: Running) -> Post:
    return replace(post, gateway=gateway.gateway)


def code(person: Any, code: str = "704431", *, minutes: int = 10) -> None:
    now = timezone.now()
    with transaction.atomic():
        send_code(person, code, mobile=person.mobile, at=now, until=now + timedelta(minutes=minutes))


def of(person: Any) -> Delivery:
    return Delivery.objects.filter(account=person.pk).latest("order")


def send(gateway: sms.Gateway) -> None:
    """As the worker does it, in a thread: that of the tests may have a loop running, the browser's."""
    with ThreadPoolExecutor(1) as carrier:
        carrier.submit(lambda: sms.send(to=NUMBER, text="t", key=uuid4(), gateway=gateway)).result()


def said(gateway: Running, way: str) -> NotTaken:
    gateway.ways(every=way)
    with pytest.raises(NotTaken) as fault:
        send(gateway.gateway)
    return fault.value


def test_a_code_arrives_and_stands_nowhere_in_the_database(
    committed_world: World, gateway: Running, both: Post, start: Start
) -> None:
    person = committed_world.person(mobile=NUMBER)
    start(post=both)
    code(person)
    waiting = str(of(person).payload)
    until(lambda: gateway.taken(NUMBER))

    (taken,) = gateway.taken(NUMBER)
    assert taken["text"].startswith("Your code is 704431. Read it to the administrator")
    assert taken["reference"] == str(of(person).pk)
    assert "704431" not in waiting
    until(lambda: of(person).state == State.ACKNOWLEDGED)
    assert "sealed" not in of(person).payload, "what was handed over is kept no longer"


def test_messages_of_one_person_arrive_in_order_though_the_first_is_refused_for_a_while(
    committed_world: World, gateway: Running, both: Post, start: Start
) -> None:
    person, other = committed_world.person(mobile=NUMBER), committed_world.person(mobile="07700900111")
    gateway.ways(**{NUMBER: "busy"})
    start(post=both)
    for each in ("111111", "222222", "333333"):
        code(person, each)
    code(other)
    until(lambda: gateway.taken("07700900111"))
    assert gateway.taken(NUMBER) == []

    gateway.ways()
    until(lambda: len(gateway.taken(NUMBER)) == 3)

    assert [each["text"][13:19] for each in gateway.taken(NUMBER)] == ["111111", "222222", "333333"]


def test_a_gateway_that_dies_is_waited_for_and_nothing_is_lost(
    committed_world: World, gateway: Running, both: Post, start: Start
) -> None:
    person = committed_world.person(mobile=NUMBER)
    gateway.stop()
    start(post=both)
    code(person)
    until(lambda: "cannot be reached" in of(person).failed_because)

    gateway.start()
    until(lambda: gateway.taken(NUMBER))

    until(lambda: of(person).state == State.ACKNOWLEDGED)


def test_a_message_that_was_taken_and_whose_answer_was_lost_goes_out_once(
    committed_world: World, gateway: Running, both: Post, start: Start
) -> None:
    person = committed_world.person(mobile=NUMBER)
    gateway.ways(every="takes and breaks off")
    start(post=both)
    code(person)
    until(lambda: of(person).failed_because)
    gateway.ways()

    until(lambda: of(person).state == State.ACKNOWLEDGED)

    assert len(gateway.taken(NUMBER)) == 1
    assert gateway.asked() == [str(of(person).pk)]


def test_a_gateway_that_stalls_keeps_no_mail_waiting(
    committed_world: World, gateway: Running, both: Post, start: Start, smtp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resecure.operations.shared.telling import told
    from resecure.propagation import outbox
    from resecure.propagation.models import Change, System

    monkeypatch.setattr(sms, "ALTOGETHER", 1.5)
    gateway.ways(every="stalls")
    people = [committed_world.person(mobile=f"0770090010{each}") for each in range(8)]
    start(post=both)
    for each in people:
        code(each)
    until(lambda: Delivery.objects.filter(claimed_until__isnull=False).count() >= 4)
    with transaction.atomic():
        payload = told(people[0])
        outbox.announce(
            Change.UNLOCKED, account=people[0].pk, at=timezone.now(), payload=payload, systems=[System.MAIL]
        )

    until(lambda: smtp[0].subjects(people[0].address), seconds=1)
    until(lambda: Delivery.objects.filter(failed_because="the SMS gateway did not answer in time").exists())


def test_a_code_whose_time_is_over_is_not_sent(
    committed_world: World, gateway: Running, both: Post, start: Start
) -> None:
    person = committed_world.person(mobile=NUMBER)
    with time_machine.travel(timezone.now() - timedelta(hours=24), tick=True):
        code(person)
    start(post=both)

    until(lambda: of(person).state == State.FAILED)

    assert gateway.taken() == []


def test_a_number_that_is_refused_is_refused_for_good_and_the_gateways_words_are_not_repeated(
    gateway: Running,
) -> None:
    fault = said(gateway, "refuses")
    assert fault.for_good
    assert str(fault) == "the SMS gateway refused the number (400)"
    assert said(gateway, "too long").for_good


@pytest.mark.parametrize("way", ["on trial", "busy", "broken", "redirects", "takes and breaks off"])
def test_what_an_operator_or_time_puts_right_is_tried_again(gateway: Running, way: str) -> None:
    assert not said(gateway, way).for_good


def test_a_redirect_is_not_followed(gateway: Running) -> None:
    assert str(said(gateway, "redirects")) == "the SMS gateway did not take the message (307)"


def test_a_wrong_key_is_an_operators_to_put_right(gateway: Running) -> None:
    with pytest.raises(NotTaken) as fault:
        send(replace(gateway.gateway, key="another-key-of-fourteen-and-more"))

    assert not fault.value.for_good
    assert str(fault.value) == "the SMS gateway refused our key (403)"


def test_without_a_gateway_text_messages_go_to_the_mailbox_of_the_demonstration(
    committed_world: World, post: Post, start: Start
) -> None:
    from resecure.connectors import mail

    person = committed_world.person(mobile=NUMBER)
    start(post=post)
    code(person)
    until(lambda: mail.kept(folder=post.mailbox))

    (kept,) = mail.kept(folder=post.mailbox, to=NUMBER)
    assert sms.is_kept_sms(kept)
    assert "704431" in kept.get_content()
