"""The gate as a proxy calls it: whom it lets pass, and what it says to everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from resecure.entrypoints.gate import gate as module
from resecure.identity.accounts import Account
from resecure.identity.sessions import Session
from tests.attacks.stories import begun, temporary_password
from tests.conftest import World

pytestmark = pytest.mark.database
# What other applications put beside our cookie.
ODD = [
    'prefs={"x": [1,2]}; resecure={token}',
    "a[b]=1; resecure={token}",
    "x=a b; resecure={token}",
    'x="unterminated; resecure={token}',
    "a;b; resecure={token}",
    "näme=1; resecure={token}",
    "resecure={token}; other=%00",
]


@pytest.fixture(autouse=True)
def _own_connection() -> Iterator[None]:
    """The gate keeps a connection of its own, which must go before the tables are emptied."""
    module.forget_connection()
    yield
    module.forget_connection()


def asked(**environ: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the gate's answer."""
    said: list[Any] = []
    module.gate(environ, lambda status, headers: said.extend((status, dict(headers))))
    return int(said[0].split()[0]), said[1]


def bearer(token: str) -> int:
    return asked(HTTP_AUTHORIZATION=f"Bearer {token}")[0]


def cookie(token: str) -> int:
    return asked(HTTP_COOKIE=f"{settings.SESSION_COOKIE}={token}")[0]


def test_a_session_passes_by_header_and_by_cookie_and_its_account_is_named(committed_world: World) -> None:
    person = committed_world.person()
    token = committed_world.session(person)

    assert bearer(token) == cookie(token) == 204
    assert asked(HTTP_AUTHORIZATION=f"Bearer {token}")[1]["X-Resecure-Account"] == str(person.pk)


def test_nothing_and_nonsense_are_401_and_the_header_decides_alone(committed_world: World) -> None:
    token = committed_world.session(committed_world.person())

    for wrong in ({}, {"HTTP_COOKIE": ""}, {"HTTP_COOKIE": "resecure"}, {"HTTP_AUTHORIZATION": f"Basic {token}"}):
        status, headers = asked(**wrong)
        assert status == 401
        assert "WWW-Authenticate" in headers
    with_both = {"HTTP_AUTHORIZATION": "Bearer wrong", "HTTP_COOKIE": f"{settings.SESSION_COOKIE}={token}"}
    assert asked(**with_both)[0] == 401


@pytest.mark.parametrize("header", ODD)
def test_the_gate_reads_odd_cookies_as_the_pages_do(committed_world: World, header: str) -> None:
    token = committed_world.session(committed_world.person())
    sent = header.replace("resecure=", f"{settings.SESSION_COOKIE}=").replace("{token}", token)
    as_the_server_gives_it = sent.encode().decode("latin-1")

    page = Client().get("/my-account/", HTTP_COOKIE=as_the_server_gives_it).status_code

    assert (asked(HTTP_COOKIE=as_the_server_gives_it)[0], page) in {(204, 200), (401, 302)}
    if header != ODD[3]:  # an open quote may swallow what follows, for both
        assert page == 200


def test_an_expired_an_idle_and_an_ended_session_do_not_pass(committed_world: World) -> None:
    person, now = committed_world.person(), timezone.now()
    token = committed_world.session(person)
    long_ago = now - timedelta(minutes=settings.RESECURE.session_idle_minutes, seconds=1)

    for column, value in (("expires_at", now), ("last_seen_at", long_ago), ("ended_at", now)):
        before = Session.objects.values_list(column, flat=True).get()
        Session.objects.update(**{column: value})
        assert bearer(token) == 401, column
        Session.objects.update(**{column: before})
        assert bearer(token) == 204, column


@pytest.mark.parametrize("status", ["locked", "disabled", "deleted", "pending"])
def test_an_account_that_may_not_sign_in_does_not_pass(committed_world: World, status: str) -> None:
    person = committed_world.person()
    token = committed_world.session(person)
    Account.objects.filter(pk=person.pk).update(status=status)

    assert bearer(token) == 401


def test_a_sign_in_with_steps_owed_is_403_and_passes_nothing(committed_world: World) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    committed_world.resecured(person, by=by)
    handle = begun(person, temporary_password(person, by=by))

    assert asked(HTTP_AUTHORIZATION=f"SignIn {handle}")[0] == 403
    assert asked(HTTP_COOKIE=f"{settings.SIGN_IN_COOKIE}={handle}")[0] == 403


def test_a_connection_lost_meanwhile_is_replaced_once(committed_world: World) -> None:
    token = committed_world.session(committed_world.person())
    assert bearer(token) == 204
    lost = module.connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [lost.info.backend_pid])

    assert bearer(token) == 204
    assert module.connection() is not lost


def test_without_a_database_the_gate_refuses(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = committed_world.session(committed_world.person())

    def gone() -> Any:
        raise psycopg.OperationalError("no server")

    monkeypatch.setattr("resecure.entrypoints.database.connection", gone)
    status, headers = asked(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert status == 503
    assert headers["Retry-After"] == "5"
