"""A link that somebody wrote makes no page say that something was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from resecure.entrypoints.web.applications.views import DONE as OF_APPLICATIONS
from resecure.entrypoints.web.user_management.shared import DONE as OF_ACCOUNTS
from resecure.identity.accounts import system_account
from resecure.identity.applications import Kind
from resecure.operations.register_application import register_application
from resecure.operations.shared.application_frame import Registration
from tests.conftest import World
from tests.web.sign_in.browser import Browser, shown, temporary

MINE = [
    ("my_account:home", "accepted", "is recorded"),
    ("my_account:home", "steps", "All steps are done"),
    ("my_account:profile", "saved", "Your profile is saved"),
    ("my_account:sessions", "ended", "That session is over"),
    ("my_account:sessions", "others", "Every other session is over"),
    ("my_account:sessions", "password", "Your password is changed"),
    ("my_account:applications", "left", "You are signed out of that application"),
]


def browser_of(world: World, account: Any) -> Browser:
    browser = Browser()
    browser.cookies[settings.SESSION_COOKIE] = world.session(account)
    return browser


def words(browser: Browser, path: str, **query: str) -> str:
    answer = browser.get(path, query)
    assert answer.status_code == 200
    return shown(answer)


@pytest.mark.parametrize(("name", "done", "said"), MINE)
def test_a_link_makes_no_page_of_ones_own_account_say_what_was_not_done(
    world: World, name: str, done: str, said: str
) -> None:
    browser = browser_of(world, world.person())

    assert said not in words(browser, reverse(name), done=done)


@pytest.mark.parametrize("done", OF_ACCOUNTS)
@pytest.mark.parametrize("name", ["account", "temporary_password", "resecure", "resecuring"])
def test_a_link_makes_no_page_about_an_account_say_what_was_not_done(world: World, name: str, done: str) -> None:
    by, person = world.administrator(), world.person()
    of = world.resecured(person, by=by).pk if name == "resecuring" else person.pk
    path = reverse(f"user_management:{name}", args=[of])

    assert str(OF_ACCOUNTS[done]) not in words(browser_of(world, by), path, done=done)


@pytest.mark.parametrize("done", OF_APPLICATIONS)
def test_a_link_makes_no_page_about_applications_say_what_was_not_done(world: World, done: str) -> None:
    typed = Registration(
        name="Rota", redirect_addresses=["https://r.example/c"], asks_each_time=True, organisations=[world.region.code]
    )
    made, _secret = register_application(typed, kind=Kind.WEB, by=system_account())
    browser = browser_of(world, world.administrator("global_administrator"))

    for path in (reverse("applications:index"), reverse("applications:application", args=[made.pk])):
        assert str(OF_APPLICATIONS[done]) not in words(browser, path, done=done)


def test_a_link_makes_no_policy_say_that_it_is_saved(world: World) -> None:
    browser = browser_of(world, world.administrator("primary_local_administrator"))

    assert "is saved" not in words(browser, reverse("organisations:policy", args=[world.practice.code]), done="set")


def test_a_link_does_not_say_that_a_caller_could_not_be_confirmed(world: World) -> None:
    by, other, person = world.administrator(), world.administrator(), world.person()
    here = reverse("user_management:cannot_confirm", args=[person.pk])
    browser, another = browser_of(world, by), browser_of(world, other)

    assert "It is on record" not in words(browser, here, recorded="1")
    led = browser.post(here, {"said": "Did not know the ward."})["Location"]

    assert "It is on record" in shown(browser.get(led))
    assert "It is on record" not in shown(another.get(led)), "and not to somebody who was sure"
    assert "It is on record" not in words(
        browser, reverse("user_management:cannot_confirm", args=[world.person().pk]), recorded="1"
    )


@pytest.mark.parametrize("query", ["signed_out", "stopped", "ended", "anew", "not_this_step"])
def test_a_link_makes_the_sign_in_page_say_nothing(world: World, query: str) -> None:
    start = reverse("sign_in:start")
    as_ever = words(Browser(), start)

    for asked in ({query: "1"}, {"done": query}, {"done": query, query: "1"}):
        assert words(Browser(), start, **asked) == as_ever
        # With ``anew`` the page opens to somebody who is signed in: never may it say that they are not.
        told = words(browser_of(world, world.person()), start, **{**asked, "anew": "1"})
        assert "You have signed out" not in told
        assert "You stopped" not in told


def test_a_link_makes_no_step_say_that_something_else_was_sent(world: World) -> None:
    person = world.person()
    browser = Browser()
    browser.sign_in(person.address, temporary(world, person))
    here = reverse("sign_in:new_password")

    for asked in ({"not_this_step": "1"}, {"done": "not_this_step"}):
        assert "What you sent was not this step" not in words(browser, here, **asked)
    led = browser.take("profile", given_name="A", family_name="B")["Location"]
    assert "What you sent was not this step" in shown(browser.get(led))


def test_who_signs_out_or_stops_is_told_so_once_it_has_happened(world: World) -> None:
    person = world.person()
    browser = browser_of(world, person)
    led = browser.post(reverse("sign_in:sign_out"))["Location"]
    assert "You have signed out" in shown(browser.get(led))

    half = Browser()
    half.sign_in(person.address, temporary(world, person))
    led = half.post(reverse("sign_in:cancel"))["Location"]
    assert "You stopped before the last step" in shown(half.get(led))


def test_what_was_done_is_told_on_its_own_page_to_its_own_person_and_not_for_ever(world: World) -> None:
    person, other = world.person(), world.person()
    by = world.administrator()
    browser = browser_of(world, by)
    typed = {"method": "in_person", "reference": "call 1"}
    led = browser.post(reverse("user_management:disable", args=[person.pk]), typed)["Location"]
    said = str(OF_ACCOUNTS["disable"])
    mark = browser.cookies[settings.DONE_COOKIE]

    assert said in shown(browser.get(led))
    assert said in shown(browser.get(led)), "again, when the page is read again"
    elsewhere = f"{reverse('user_management:account', args=[other.pk])}?{urlsplit(led).query}"
    assert said not in shown(browser.get(elsewhere))
    assert str(OF_ACCOUNTS["enable"]) not in words(browser, urlsplit(led).path, done="enable")
    colleague = browser_of(world, world.administrator())
    colleague.cookies[settings.DONE_COOKIE] = mark.value
    assert said not in shown(colleague.get(led))
    for forged in (mark.value[:-1], "A" * 43, ""):
        browser.cookies[settings.DONE_COOKIE] = forged
        assert said not in shown(browser.get(led))

    browser.cookies[settings.DONE_COOKIE] = mark.value
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert said not in shown(browser.get(led))
    assert mark["httponly"]
    assert str(person.pk) not in mark.value


def test_a_link_does_not_say_that_an_account_is_shut(world: World) -> None:
    """A forged message would lead a victim there, who then believes that nothing more need be done."""
    here = reverse("not_me:done")
    for browser in (Browser(), browser_of(world, world.person())):
        for asked in ({}, {"done": "shut"}):
            assert "The account is shut" not in words(browser, here, **asked)
