"""The person's way back: sign in, the steps in their order, the portal."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion, acceptance_of
from resecure.identity.resecurings import unfinished
from tests.conftest import World
from tests.web.sign_in.browser import NEW, SECRET, Browser, half_way, leads_to, shown, temporary


def test_a_resecured_person_comes_back_by_the_pages(world: World) -> None:
    person, other = world.person(), world.person()
    theirs = world.session(other)
    browser = Browser()

    assert leads_to(browser.sign_in(person.address, temporary(world, person)), "sign_in:new_password")
    assert "Step 1 of 4 Choose a new password" in shown(browser.get(reverse("sign_in:new_password")))
    assert leads_to(browser.take("new_password", password=NEW), "sign_in:aup")
    page = shown(browser.get(reverse("sign_in:aup")))
    assert "Step 2 of 4" in page
    assert "Be careful." in page
    assert leads_to(browser.take("aup", version="1", accepted="on"), "sign_in:profile")
    assert "Step 3 of 4" in shown(browser.get(reverse("sign_in:profile")))
    profile = {"given_name": "Siân", "family_name": "O’Brien-Jones", "mobile": "07700 900982"}
    assert leads_to(browser.take("profile", **profile), "sign_in:account_secret")
    assert acceptance_of(person.pk) is None
    assert "Step 4 of 4" in shown(browser.get(reverse("sign_in:account_secret")))
    last = browser.take("account_secret", secret=SECRET)
    assert leads_to(last, "my_account:home")

    assert "Your acceptance of the acceptable use policy is recorded: version 1" in shown(browser.get(last["Location"]))
    assert browser.has_session()
    assert browser.handle == ""
    acceptance = acceptance_of(person.pk)
    assert acceptance is not None
    assert acceptance.version.version == "1"
    assert unfinished(person.pk) is None
    stored = Account.objects.get(pk=person.pk)
    assert (stored.given_name, stored.family_name, stored.mobile) == ("Siân", "O’Brien-Jones", person.mobile)
    assert "07700900982 (not confirmed yet)" in shown(browser.get(reverse("my_account:profile")))
    assert world.passes(theirs)


def test_whoever_closes_the_tab_is_led_to_the_step_where_they_stopped(world: World) -> None:
    browser = half_way(world, world.person(), "new_password", "aup")
    assert leads_to(browser.get(reverse("sign_in:start")), "sign_in:profile")


def test_whoever_lost_the_browser_goes_on_with_the_new_password(world: World) -> None:
    person = world.person()
    half_way(world, person, "new_password")
    again = Browser()
    assert leads_to(again.sign_in(person.address, NEW), "sign_in:aup")
    assert "Step 1 of 3" in shown(again.get(reverse("sign_in:aup")))


def test_a_person_who_owes_nothing_goes_straight_in(world: World) -> None:
    person = world.person()
    browser = Browser()
    assert leads_to(browser.sign_in(person.address.upper()), "my_account:home")
    assert browser.has_session()


def test_signing_out_ends_the_session_and_empties_the_browser(world: World) -> None:
    person = world.person()
    browser = Browser()
    browser.sign_in(person.address)
    token = browser.token
    response = browser.post(reverse("sign_in:sign_out"))
    assert "You have signed out" in shown(browser.get(response["Location"]))
    assert browser.token == ""
    assert not world.passes(token)
    assert leads_to(browser.post(reverse("sign_in:sign_out")), "sign_in:start")


def test_stopping_half_way_empties_the_browser(world: World) -> None:
    person = world.person()
    browser = half_way(world, person, "new_password")
    kept = Browser()
    kept.cookies[settings.SIGN_IN_COOKIE] = browser.handle
    response = browser.post(reverse("sign_in:cancel"))
    assert browser.handle == ""
    assert leads_to(kept.get(reverse("sign_in:aup")), "sign_in:start"), "a copy of the handle is dead too"
    assert world.records("sign_in_stopped", person) == 1
    assert "You stopped before the last step" in shown(browser.get(response["Location"]))
    assert leads_to(browser.get(reverse("sign_in:aup")), "sign_in:start")
    assert leads_to(browser.post(reverse("sign_in:cancel")), "sign_in:start"), "a second time too"


def test_somebody_else_who_signs_in_on_the_same_browser_ends_the_session_that_was_there(world: World) -> None:
    first, second = world.person(), world.person()
    browser = Browser()
    browser.sign_in(first.address)
    left = browser.token
    browser.sign_in(second.address)
    assert not world.passes(left)
    assert second.name in browser.get(reverse("my_account:home")).content.decode()


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    person = world.person()
    browser = Browser()
    browser.sign_in(person.address)
    session = browser.cookies[settings.SESSION_COOKIE]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert session["path"] == "/"
    assert not session["max-age"]
    other = Browser()
    other.sign_in(person.address, "not the password")
    assert other.token == ""


def test_the_cookies_are_marked_secure_where_the_service_is_reached_by_https(world: World, settings: object) -> None:
    settings.HTTPS = True  # type: ignore[attr-defined]
    browser = Browser()
    browser.sign_in(world.person().address)
    assert browser.cookies[settings.SESSION_COOKIE]["secure"]  # type: ignore[attr-defined]


def test_a_policy_that_changes_while_it_is_read_is_shown_again_and_not_accepted(world: World) -> None:
    person = world.person()
    browser = half_way(world, person, "new_password")
    newer = world.aup.published_at.replace(year=world.aup.published_at.year + 1)
    AupVersion.objects.create(version="2", text="Be very careful.", published_at=newer)

    page = browser.take("aup", version="1", accepted="on")

    assert page.status_code == 200
    words = shown(page)
    assert "The policy changed after you opened it" in words
    assert "Be very careful." in words
    assert "I have read and accept version 2" in words
    assert leads_to(browser.get(reverse("sign_in:profile")), "sign_in:aup")
    assert leads_to(browser.take("aup", version="2", accepted="on"), "sign_in:profile")


def test_a_policy_that_changes_after_it_was_accepted_half_way_is_owed_again(world: World) -> None:
    person = world.person()
    browser = half_way(world, person, "new_password", "aup", "profile")
    newer = world.aup.published_at.replace(year=world.aup.published_at.year + 1)
    AupVersion.objects.create(version="2", text="Be very careful.", published_at=newer)

    response = browser.take("account_secret", secret=SECRET)

    assert leads_to(response, "sign_in:aup")
    assert not Account.objects.get(pk=person.pk).has_secret
    assert "The policy changed" in shown(browser.get(response["Location"]))
    assert leads_to(browser.take("aup", version="2", accepted="on"), "sign_in:account_secret")
    browser.take("account_secret", secret=SECRET)
    accepted = acceptance_of(person.pk)
    assert accepted is not None
    assert accepted.version.version == "2"


def test_a_refused_sign_in_says_what_to_do_in_the_same_words_for_every_reason(world: World) -> None:
    person, locked = world.person(), world.person(status="locked")
    said = {
        shown(Browser().sign_in(address, "not the password at all"))
        for address in (person.address, locked.address, "nobody@example.org")
    }
    assert len(said) == 1
    assert "Check the address and the password, then try again" in said.pop()


def test_a_single_step_is_not_counted(world: World) -> None:
    person = world.person(secret=None)
    browser = Browser()
    assert leads_to(browser.sign_in(person.address), "sign_in:account_secret")
    page = shown(browser.get(reverse("sign_in:account_secret")))
    assert "Set your account secret" in page
    assert "Step 1 of 1" not in page
