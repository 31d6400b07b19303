"""What must not work at the sign-in pages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion
from resecure.identity.sessions import Session
from tests.conftest import PASSWORD, World
from tests.web.sign_in.browser import NEW, SECRET, Browser, half_way, leads_to, shown, temporary

STEPS = ["new_password", "aup", "profile", "account_secret"]
TYPED = {
    "new_password": {"password": "another lantern over seven rivers"},
    "aup": {"version": "1", "accepted": "on"},
    "profile": {"given_name": "Mallory", "family_name": "Else"},
    "account_secret": {"secret": "hailandsleet"},
}


@pytest.mark.parametrize("taken", range(4))
def test_a_step_out_of_its_turn_is_refused_and_leads_to_the_one_that_is_owed(world: World, taken: int) -> None:
    person = world.person()
    browser = half_way(world, person, *STEPS[:taken])
    before = Account.objects.values().get(pk=person.pk)
    for step in STEPS[:taken] + STEPS[taken + 1 :]:
        assert leads_to(browser.get(reverse(f"sign_in:{step}")), f"sign_in:{STEPS[taken]}")
        refused = browser.take(step, **TYPED[step])
        assert leads_to(refused, f"sign_in:{STEPS[taken]}")
        assert "was not this step" in shown(browser.get(refused["Location"]))
    assert Account.objects.values().get(pk=person.pk) == before
    assert not Session.objects.filter(account=person).exists()
    assert world.records("sign_in_step_refused", person) == 3  # what was sent, and not what was looked at


def test_a_finished_sign_in_cannot_be_replayed(world: World) -> None:
    browser = half_way(world, world.person(), "new_password", "aup", "profile")
    handle = browser.handle
    browser.take("account_secret", secret=SECRET)
    thief = Browser()
    thief.cookies[settings.SIGN_IN_COOKIE] = handle
    for step in STEPS:
        assert leads_to(thief.get(reverse(f"sign_in:{step}")), "sign_in:start")
        assert leads_to(thief.take(step, **TYPED[step]), "sign_in:start")
    assert not thief.has_session()


def test_a_double_click_on_the_last_step_leaves_the_person_signed_in(world: World) -> None:
    browser = half_way(world, world.person(), "new_password", "aup", "profile")
    handle = browser.handle
    browser.take("account_secret", secret=SECRET)
    second = Browser()
    second.cookies[settings.SIGN_IN_COOKIE] = handle
    late = second.take("account_secret", secret=SECRET)
    assert settings.SESSION_COOKIE not in late.cookies  # it takes back nothing that the first was given
    assert leads_to(browser.get(reverse("sign_in:account_secret")), "my_account:home")


def test_a_sign_in_of_another_browser_opens_nothing_here(world: World) -> None:
    victim, attacker = world.person(), world.person()
    theirs = half_way(world, victim, "new_password")
    mine = Browser()
    mine.sign_in(attacker.address)
    # The handle where a session belongs, a session where the handle belongs, and the handle in an address.
    mine.cookies[settings.SIGN_IN_COOKIE] = mine.token
    mine.cookies[settings.SESSION_COOKIE] = theirs.handle
    assert leads_to(mine.get(reverse("my_account:profile")), "sign_in:start")
    assert leads_to(mine.get(reverse("sign_in:aup")), "sign_in:start")
    nobody = Browser()
    assert leads_to(nobody.get(reverse("sign_in:aup"), {"sign_in": theirs.handle}), "sign_in:start")


def test_two_who_used_a_password_at_once_do_not_both_get_on(world: World) -> None:
    person = world.person()
    first = half_way(world, person, "new_password")
    second = Browser()
    second.sign_in(person.address, NEW)
    # Whoever changes the password next ends the sign-in of the other.
    Account.objects.filter(pk=person.pk).update(generation=person.generation + 9)
    for browser in (first, second):
        assert leads_to(browser.take("aup", version="1", accepted="on"), "sign_in:start")


def test_a_temporary_password_opens_one_sign_in_only(world: World) -> None:
    person = world.person()
    password = temporary(world, person)
    assert leads_to(Browser().sign_in(person.address, password), "sign_in:new_password")
    again = Browser().sign_in(person.address, password)
    assert again.status_code == 200
    assert "not right" in shown(again)


def test_a_temporary_password_is_refused_after_its_time(world: World) -> None:
    person = world.person()
    password = temporary(world, person)
    past = timezone.now() - timedelta(minutes=1)
    Account.objects.filter(pk=person.pk).update(temporary_password_expires_at=past)
    assert "not right" in shown(Browser().sign_in(person.address, password))


def test_a_temporary_password_cannot_be_kept(world: World) -> None:
    person = world.person()
    password = temporary(world, person)
    browser = Browser()
    browser.sign_in(person.address, password)
    page = browser.take("new_password", password=password)
    assert page.status_code == 200
    assert Account.objects.get(pk=person.pk).password_is_temporary
    assert password not in page.content.decode()


def _answer(address: str, password: str, kept: str) -> tuple[int, str]:
    response = Browser().sign_in(address, password)
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return response.status_code, page.replace(kept, "")


def test_unknown_wrong_locked_and_disabled_answer_alike(world: World) -> None:
    right = world.person()
    locked, disabled = world.person(status="locked"), world.person(status="disabled")
    answers = {
        _answer("nobody@example.org", PASSWORD, "nobody@example.org"),
        _answer(right.address, "not the password", right.address),
        _answer(locked.address, PASSWORD, locked.address),
        _answer(disabled.address, PASSWORD, disabled.address),
    }
    assert len(answers) == 1


def test_the_address_survives_a_wrong_password_and_the_password_does_not(world: World) -> None:
    page = Browser().sign_in(world.person().address, "my own secret phrase").content.decode()
    assert "someone.1@example.org" in page
    assert "my own secret phrase" not in page


def test_a_guesser_is_told_when_to_try_again_and_whom_to_call(world: World, settings: Any) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"throttle_per_account_and_network_per_hour": 2})
    for _ in range(2):
        Browser().sign_in("nobody@example.org", "wrong")
    page = Browser().sign_in("nobody@example.org", "wrong")
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert "Too many failed tries. Try again in 60 minutes" in shown(page)
    assert reverse("organisations:find") in page.content.decode()


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    " //evil.example",
    "\x00//evil.example",
    "https://testserver@evil.example/",
    "evil.example",
    "//evil.example",
    "/\t/evil.example",
    "/\n//evil.example",
    "/%09/evil.example",
    "/%2fevil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "/x\\..\\evil.example",
    "/" + "evil.example" * 200,
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(world: World, target: str) -> None:
    person = world.person()
    page = Browser().get(reverse("sign_in:start"), {"next": target}).content.decode()
    assert "evil.example" not in page
    assert "javascript:" not in page
    response = Browser().sign_in(person.address, next=target)
    assert response["Location"] == reverse("my_account:home")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_steps_lead_to_no_other_site(world: World, target: str) -> None:
    person = world.person(accepted=False)
    browser = Browser()
    browser.sign_in(person.address, next=target)
    assert browser.cookies[settings.NEXT_COOKIE].value == ""
    # The cookie is put there by somebody else, and the address of the last page too.
    browser.cookies[settings.NEXT_COOKIE] = quote(target)
    last = browser.take("aup", version="1", accepted="on")
    assert last["Location"] == reverse("my_account:home") + "?done=accepted"
    home = browser.get(reverse("my_account:home"), {"done": "accepted", "next": target})
    assert "evil.example" not in home.content.decode()
    assert "javascript:" not in home.content.decode()


def test_a_page_that_was_asked_for_is_offered_after_the_last_step(world: World) -> None:
    person = world.person(accepted=False, profile_checked_at=None)
    asked = "/my-account/sessions/?done=1&more=a%20b"
    browser = Browser()
    assert leads_to(browser.sign_in(person.address, next=asked), "sign_in:aup")
    browser.take("aup", version="1", accepted="on")
    last = browser.take("profile", given_name="Someone", family_name="Else")
    home = browser.get(last["Location"])
    assert "Your acceptance of the acceptable use policy is recorded" in shown(home)
    assert f'href="{escape(asked)}"' in home.content.decode()
    assert browser.cookies[settings.NEXT_COOKIE].value == ""
    assert "Go on to the page" not in shown(browser.get(reverse("my_account:home"), {"next": asked}))


def test_the_page_that_was_asked_for_in_one_sign_in_is_forgotten_in_the_next(world: World) -> None:
    first, second = world.person(accepted=False), world.person(accepted=False)
    browser = Browser()
    browser.sign_in(first.address, next="/my-account/sessions/")
    browser.sign_in(second.address)
    last = browser.take("aup", version="1", accepted="on")
    assert last["Location"] == reverse("my_account:home") + "?done=accepted"


def test_before_a_policy_is_published_the_page_says_whom_to_tell(world: World) -> None:
    person = world.person(accepted=False)
    AupVersion.objects.all().delete()
    page = Browser().sign_in(person.address)
    assert page.status_code == 503
    assert "Nobody can sign in yet" in shown(page)
    assert "Tell your administrator" in shown(page)
    assert Browser().sign_in(person.address, "wrong").status_code == 200


def test_signing_in_leads_back_to_the_page_that_was_asked_for(world: World) -> None:
    person = world.person()
    browser = Browser()
    asked = browser.get(reverse("my_account:sessions") + "?done=1")
    assert leads_to(asked, "sign_in:start")
    page = browser.get(asked["Location"])
    assert 'name="next" value="/my-account/sessions/?done=1"' in page.content.decode()
    response = browser.sign_in(person.address, next="/my-account/sessions/?done=1")
    assert response["Location"] == "/my-account/sessions/?done=1"


def test_a_session_that_ended_is_said_at_the_sign_in_page(world: World) -> None:
    person = world.person()
    browser = Browser()
    browser.sign_in(person.address)
    world.resecured(person, by=world.administrator())
    response = browser.get(reverse("my_account:profile"))
    assert "You are no longer signed in" in shown(browser.get(response["Location"]))


def test_no_secret_is_sent_back_to_the_browser(world: World) -> None:
    browser = half_way(world, world.person())
    typed = "Short-Phrase"
    assert typed not in browser.take("new_password", password=typed).content.decode()
    browser.take("new_password", password=NEW)
    browser.take("aup", version="1", accepted="on")
    browser.take("profile", given_name="Someone", family_name="Else")
    typed = "pudding1"
    page = browser.take("account_secret", secret=typed)
    assert "letters only" in shown(page)
    assert typed not in page.content.decode()


def test_every_step_is_kept_out_of_caches(world: World) -> None:
    browser = half_way(world, world.person())
    for response in (browser.get(reverse("sign_in:start")), browser.get(reverse("sign_in:new_password"))):
        assert response["Cache-Control"] == "no-store"


def test_a_form_from_another_site_signs_nobody_in_or_out(world: World) -> None:
    person = world.person()
    strict = Client(enforce_csrf_checks=True)
    for name in ("start", "cancel", "sign_out", "new_password"):
        response = strict.post(reverse(f"sign_in:{name}"), {"address": person.address, "password": PASSWORD})
        assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    assert not Session.objects.filter(account=person).exists()


ODD = [
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "\x07bell",
    "x" * 10_000,
    "null\x00byte",
    "=cmd|' /C calc'!A0",
    "{{ 7 * 7 }}",
    "\U0001f984",
    " ",
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_at_a_step_is_kept_as_given_or_refused_clearly(world: World, odd: str) -> None:
    person = world.person()
    browser = half_way(world, person, "new_password", "aup")
    response = browser.take("profile", given_name=odd, family_name=odd, job_title=odd, mobile=odd)
    assert response.status_code == 200  # the mobile is no number
    assert "<script>alert" not in response.content.decode()
    assert "There is a problem" in shown(response)
    response = browser.take("profile", given_name=odd, family_name=odd)
    stored = Account.objects.get(pk=person.pk)
    if response.status_code == 302:
        assert (stored.given_name, stored.family_name) == (odd, odd)
    else:
        assert stored.given_name == person.given_name
    assert Browser().sign_in(odd, odd).status_code == 200
    assert browser.take("account_secret", secret=odd).status_code in {200, 302}


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_in_headers_and_cookies_is_no_error(world: World, odd: str) -> None:
    person = world.person()
    odd = odd.encode().decode("latin-1")  # as a server hands over the bytes of a header
    browser = Browser(headers={"user-agent": odd})
    browser.cookies[settings.SIGN_IN_COOKIE] = "rsi_" + odd
    browser.cookies[settings.SESSION_COOKIE] = "rss_" + odd
    assert browser.get(reverse("sign_in:start")).status_code == 200
    assert leads_to(browser.get(reverse("sign_in:aup")), "sign_in:start")
    assert leads_to(browser.sign_in(person.address), "my_account:home")
    assert browser.get(reverse("my_account:sessions")).status_code == 200
