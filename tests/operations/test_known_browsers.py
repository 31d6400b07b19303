"""Throttling such that nobody can keep a person out for ever: the browser in which they signed in before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.identity.known_browsers import KnownBrowser
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import NotSignedIn, Throttled
from tests.attacks.stories import HERE, fresh
from tests.conftest import PASSWORD, World

STRANGER = Client(address="203.0.113.9", name="elsewhere")


def _browser(person: Any) -> Client:
    kept = sign_in(person.address, PASSWORD, client=HERE).browser
    assert kept is not None
    return replace(HERE, browser=kept)


def _let_in(person: Any, client: Client, password: str = PASSWORD) -> bool:
    try:
        return sign_in(person.address, password, client=client).session is not None
    except (NotSignedIn, Throttled):
        return False


def _guesses(person: Any, client: Client = STRANGER, number: int = 10) -> None:
    for _each in range(number):
        assert not _let_in(person, client, "wrong")


def test_a_stranger_locks_an_account_and_the_person_gets_in_where_they_signed_in_before(world: World) -> None:
    person = world.person()
    browser = _browser(person)
    _guesses(person)
    assert fresh(person).status == "locked"
    assert not _let_in(person, STRANGER), "the right password from elsewhere opens nothing"
    assert _let_in(person, browser)
    assert fresh(person).status == "active"
    assert world.records("account_reopened", person) == 1


def test_nobody_keeps_a_person_out_for_ever(world: World) -> None:
    person, now = world.person(), timezone.now()
    with time_machine.travel(now, tick=False):
        browser = _browser(person)
    for day in range(1, 4):
        with time_machine.travel(now + timedelta(days=2 * day), tick=False):
            _guesses(person)
            assert fresh(person).status == "locked"
            opened = sign_in(person.address, PASSWORD, client=browser)
            assert opened.session is not None
        with time_machine.travel(now + timedelta(days=2 * day, hours=2), tick=False):
            _guesses(person, number=15)
            assert fresh(person).status == "active", "for a day strangers are kept out without a lock"
            assert not _let_in(person, STRANGER)


def test_a_known_browser_has_as_many_tries_as_a_lock_takes_and_is_then_a_stranger(world: World) -> None:
    person = world.person()
    browser = _browser(person)
    _guesses(person, browser)
    assert fresh(person).status == "active"
    assert not KnownBrowser.objects.filter(account=person).exists()
    _guesses(person, browser)
    assert fresh(person).status == "locked"
    assert not _let_in(person, browser)


def test_a_known_browser_is_known_at_one_account(world: World) -> None:
    person, other = world.person(), world.person()
    browser = _browser(other)
    _guesses(person)
    assert not _let_in(person, browser)


def test_a_resecure_makes_every_browser_a_stranger(world: World) -> None:
    person = world.person()
    browser = _browser(person)
    world.resecured(person, by=world.administrator())
    assert not _let_in(person, browser)
    [kept] = KnownBrowser.objects.filter(account=person)
    assert kept.generation != fresh(person).generation


def test_a_place_that_is_throttled_does_not_throttle_a_known_browser_there(world: World) -> None:
    person, neighbour = world.person(), world.person()
    browser = _browser(person)
    _guesses(person, HERE, number=25)
    assert _let_in(person, browser)
    assert _let_in(neighbour, HERE)


def test_of_ipv6_a_whole_network_is_one_place(world: World) -> None:
    person = world.person(wrong_passwords=-100, wrong_passwords_since=timezone.now())  # no lock comes in between
    for number in range(20):
        assert not _let_in(person, Client(address=f"2001:db8::{number + 1:x}", name="elsewhere"), "wrong")
    with pytest.raises(Throttled):
        sign_in(person.address, PASSWORD, client=Client(address="2001:db8::ffff", name="elsewhere"))
    assert _let_in(person, Client(address="2001:db8:0:1::1", name="next door"))
