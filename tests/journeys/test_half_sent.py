"""Requests of which the head comes and the body does not: they stop nobody, and do nothing when it comes at last."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from resecure.entrypoints.threads import threads_for
from resecure.identity.accounts import Account
from resecure.operations.end_all_sessions import end_all_sessions
from tests.conftest import PASSWORD, World
from tests.journeys.service import Service

SECONDS = 10


@pytest.fixture(autouse=True)
def _commits(django_db_blocker: Any) -> Iterator[None]:
    """What a test writes, the server sees."""
    with django_db_blocker.unblock():
        yield


@contextmanager
def half_sent(service: Service, path: str, body: bytes, *, method: str = "POST", token: str = "") -> Iterator[Any]:
    """The head and three bytes are sent. Gives a function that sends the rest and returns the status."""
    at = urlsplit(service.url)
    assert at.hostname
    assert at.port
    head = f"{method} {path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n"
    with socket.create_connection((at.hostname, at.port), timeout=SECONDS) as line:
        line.sendall(head.encode() + body[:3])

        def rest() -> int:
            line.sendall(body[3:])
            return int(line.makefile("rb").readline().split()[1])

        yield rest


def status_of(service: Service, path: str, body: bytes = b"") -> int:
    at = urlsplit(service.url)
    connection = HTTPConnection(at.netloc, timeout=SECONDS)
    method, headers = ("POST", {"Content-Type": "application/json"}) if body else ("GET", {})
    connection.request(method, path, body or None, headers)
    return connection.getresponse().status


def test_half_sent_requests_of_a_stranger_stop_neither_gate_nor_probe_nor_page(
    service: Service, journeys_world: World
) -> None:
    person = journeys_world.person()
    sign_in = json.dumps({"address": person.address, "password": PASSWORD}).encode()
    lines = [half_sent(service, "/api/v1/sign-in", sign_in) for _each in range(2 * threads_for(1))]
    sent = [line.__enter__() for line in lines]
    try:
        assert status_of(service, "/gate") == 401
        assert status_of(service, "/healthz") == 200
        assert status_of(service, "/sign-in/") == 200
        assert status_of(service, "/api/v1/sign-in", sign_in) == 503
        assert sent[0]() == 200  # one of them was honest and slow
    finally:
        for line in lines:
            line.__exit__(None, None, None)
    assert status_of(service, "/api/v1/sign-in", sign_in) == 200


def test_a_stolen_session_cannot_hold_a_request_back_until_after_its_end(
    service: Service, journeys_world: World
) -> None:
    thief, admin = journeys_world.person(), journeys_world.administrator()
    body = json.dumps({"mobile": "07700 900456"}).encode()
    with half_sent(service, "/api/v1/me", body, method="PATCH", token=journeys_world.session(thief)) as rest:
        end_all_sessions(thief.pk, by=admin)
        assert rest() == 401
    assert Account.objects.get(pk=thief.pk).mobile == thief.mobile
