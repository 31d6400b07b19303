"""What a person sees and does of their own account."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from resecure.entrypoints.web.my_account.browsers import in_words
from resecure.identity.accounts import Account
from resecure.identity.sessions import Session
from tests.attacks.stories import contact_code
from tests.conftest import PASSWORD, World
from tests.web.sign_in.browser import NEW, Browser, leads_to, shown

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"


def signed_in(person: object, **more: object) -> Browser:
    browser = Browser(**more)  # type: ignore[arg-type]
    browser.sign_in(person.address)  # type: ignore[attr-defined]
    return browser


def test_the_home_page_is_the_way_in_for_whoever_is_not_signed_in(world: World) -> None:
    page = Browser().get(reverse("my_account:home")).content.decode()
    assert reverse("sign_in:start") in page
    assert reverse("organisations:find") in page


def test_the_home_page_offers_user_management_to_administrators_alone(world: World) -> None:
    assert "User Management" in shown(signed_in(world.administrator()).get("/"))
    assert "User Management" not in shown(signed_in(world.person()).get("/"))


def test_a_link_cannot_make_the_home_page_say_what_is_not_true(world: World) -> None:
    person = world.person()
    browser = signed_in(person)
    person.acceptances.update(withdrawn_at=person.created_at, withdrawn_because="resecured")
    assert "is recorded" not in shown(browser.get("/?done=accepted"))


def test_the_profile_shows_what_is_held_and_the_roles_with_their_sentence(world: World) -> None:
    words = shown(signed_in(world.administrator(given_name="Siân")).get(reverse("my_account:profile")))
    assert "Siân" in words
    assert "Looks after the accounts of the organisation, and resecures them." in words
    assert "marmaladesky" not in words


def test_a_person_changes_their_profile_and_nobody_elses(world: World) -> None:
    person, other = world.person(), world.person()
    browser = signed_in(person)
    typed = {"given_name": "Ffion", "family_name": "Ap-Rhys", "job_title": "Nurse", "mobile": "+44 7700 900982"}
    response = browser.post(reverse("my_account:edit"), {**typed, "address": "mallory@example.org", "id": other.pk})
    assert "We sent a code of six digits to +447700900982" in shown(browser.get(response["Location"]))
    browser.post(response["Location"], {"code": contact_code(person)})
    stored = Account.objects.get(pk=person.pk)
    assert (stored.name, stored.job_title, stored.mobile) == ("Ffion Ap-Rhys", "Nurse", "+447700900982")
    assert stored.address == person.address
    assert Account.objects.get(pk=other.pk).name == other.name


def test_what_was_typed_survives_an_error(world: World) -> None:
    person = world.person()
    page = signed_in(person).post(
        reverse("my_account:edit"), {"given_name": "Ffion", "family_name": "", "mobile": "abc"}
    )
    words = page.content.decode()
    assert 'value="Ffion"' in words
    assert 'value="abc"' in words
    assert "Enter your family name" in words
    assert Account.objects.get(pk=person.pk).name == person.name


@pytest.mark.parametrize("odd", ["<b>x</b>", "\u202eevil", "x" * 10_000, "nu\x00ll", "\x1b[31m", "=1+1"])
def test_an_odd_name_is_shown_escaped_or_refused_clearly(world: World, odd: str) -> None:
    person = world.person()
    browser = signed_in(person)
    response = browser.post(reverse("my_account:edit"), {"given_name": odd, "family_name": "Else"})
    assert response.status_code in {200, 302}
    stored = Account.objects.get(pk=person.pk)
    assert stored.given_name == (odd if response.status_code == 302 else person.given_name)
    for name in ("home", "profile", "edit", "sessions", "password"):
        page = browser.get(reverse(f"my_account:{name}"))
        assert page.status_code == 200
        assert "<b>x</b>" not in page.content.decode()


def test_the_sessions_page_marks_this_one_and_names_browsers_in_plain_words(world: World) -> None:
    person = world.person()
    world.session(person)
    words = shown(signed_in(person, headers={"user-agent": FIREFOX}).get(reverse("my_account:sessions")))
    assert "Firefox on Windows This session" in words
    assert words.count("This session") == 1
    assert "A program or an unknown browser" in words
    assert "192.0.2.7" in words


def test_a_person_ends_another_session_of_theirs(world: World) -> None:
    person = world.person()
    lost = world.session(person)
    browser = signed_in(person)
    session = Session.objects.filter(account=person).order_by("started_at")[0]
    response = browser.post(reverse("my_account:end", args=[session.pk]))
    assert "That session is over" in shown(browser.get(response["Location"]))
    assert not world.passes(lost)
    assert browser.has_session()


def test_nobody_ends_a_session_of_somebody_else(world: World) -> None:
    person, other = world.person(), world.person()
    theirs = world.session(other)
    browser = signed_in(person)
    session = Session.objects.get(account=other)
    answers = [browser.post(reverse("my_account:end", args=[each])) for each in (session.pk, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert shown(answers[0]) == shown(answers[1])
    assert world.passes(theirs)


def test_ending_all_others_leaves_this_one_and_those_of_other_people(world: World) -> None:
    person, other = world.person(), world.person()
    mine, theirs = [world.session(person), world.session(person)], world.session(other)
    browser = signed_in(person)
    browser.post(reverse("my_account:end_others"))
    assert [world.passes(token) for token in mine] == [False, False]
    assert world.passes(theirs)
    assert browser.has_session()


def test_changing_the_password_ends_every_other_session_and_keeps_this_browser_in(world: World) -> None:
    person = world.person()
    lost = world.session(person)
    browser = signed_in(person)
    before = browser.token
    response = browser.post(reverse("my_account:password"), {"old": PASSWORD, "password": NEW})
    assert "every other session is over" in shown(browser.get(response["Location"]))
    assert browser.token != before
    assert not world.passes(before)
    assert not world.passes(lost)
    assert browser.cookies[settings.SESSION_COOKIE]["httponly"]
    assert leads_to(Browser().sign_in(person.address, NEW), "my_account:home")


def test_a_found_computer_is_not_enough_to_change_the_password(world: World) -> None:
    person = world.person()
    page = signed_in(person).post(reverse("my_account:password"), {"old": "a guess of mine", "password": NEW})
    assert "This is not your present password" in shown(page)
    assert "a guess of mine" not in page.content.decode()
    assert NEW not in page.content.decode()
    assert Account.objects.get(pk=person.pk).password == person.password


def test_the_policy_page_shows_the_accepted_version_and_when(world: World) -> None:
    words = shown(signed_in(world.person()).get(reverse("my_account:aup")))
    assert "You accepted version 1 on" in words
    assert "Be careful." in words


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Microsoft Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1 Version/18.0 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605.1 Version/18.0 Safari/605.1", "Safari on a Mac"),
        ("curl/8.1", "A program or an unknown browser"),
        ("<script>", "A program or an unknown browser"),
        ("", "A program or an unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_plain_words(header: str, words: str) -> None:
    assert in_words(header) == words


def test_every_mistake_of_a_profile_is_said_at_once(world: World) -> None:
    person = world.person()
    typed = {"given_name": "", "family_name": "Banks", "job_title": "Nurse", "mobile": "banana"}
    words = shown(signed_in(person).post(reverse("my_account:edit"), typed))
    assert "Enter your given name" in words
    assert "Enter a mobile number, like 07700 900982" in words
