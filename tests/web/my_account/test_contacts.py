"""The pages for a new address or number: asked for, confirmed, sent again, given up; and the same by the API."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.identity.accounts import Account
from tests.attacks.stories import contact_code
from tests.conftest import World
from tests.web.sign_in.browser import Browser

PROFILE = {"given_name": "Some", "family_name": "One", "job_title": "", "mobile": "07700 900555"}


@pytest.fixture
def person(world: World) -> Any:
    return world.person()


@pytest.fixture
def mine(person: Any) -> Browser:
    browser = Browser()
    browser.sign_in(person.address)
    return browser


def test_another_number_leads_to_its_code_and_is_shown_as_not_confirmed_until_then(mine: Browser, person: Any) -> None:
    saved = mine.post("/my-account/edit/", PROFILE)
    assert saved["Location"] == "/my-account/confirm/mobile/"
    assert "07700900555 (not confirmed yet)" in mine.get("/my-account/").content.decode()

    wrong = mine.post("/my-account/confirm/mobile/", {"code": "none"})
    assert "The code is wrong, too old or used up." in wrong.content.decode()
    done = mine.post("/my-account/confirm/mobile/", {"code": contact_code(person)})

    assert done["Location"] == "/my-account/?done=mobile"
    shown = mine.get("/my-account/?done=mobile").content.decode()
    assert "Your new mobile number is confirmed." in shown
    assert "not confirmed yet" not in shown


def test_the_profile_shows_the_number_that_waits_and_saving_it_again_changes_nothing(mine: Browser) -> None:
    mine.post("/my-account/edit/", PROFILE)
    assert "07700900555" in mine.get("/my-account/edit/").content.decode()

    assert mine.post("/my-account/edit/", PROFILE)["Location"] == "/my-account/?done=saved"


def test_another_address_is_asked_for_and_confirmed(mine: Browser, person: Any) -> None:
    assert "Enter an email address, like" in mine.post("/my-account/address/", {"address": "nobody"}).content.decode()
    assert (
        "This is the address" in mine.post("/my-account/address/", {"address": person.address.upper()}).content.decode()
    )
    asked = mine.post("/my-account/address/", {"address": "new@example.org"})
    assert asked["Location"] == "/my-account/confirm/address/"
    assert "new@example.org" in mine.get(asked["Location"]).content.decode()

    mine.post(asked["Location"], {"code": contact_code(person)})

    assert Account.objects.get(pk=person.pk).address == "new@example.org"


def test_codes_are_sent_again_until_it_is_too_often(mine: Browser) -> None:
    mine.post("/my-account/edit/", PROFILE)
    for _each in range(4):
        assert mine.post("/my-account/confirm/mobile/another/")["Location"].endswith("?done=sent")
    last = mine.post("/my-account/confirm/mobile/another/")["Location"]
    assert "Try again in an hour" in mine.get(last).content.decode()


def test_what_waits_can_be_given_up_and_a_page_for_nothing_leads_back(mine: Browser) -> None:
    mine.post("/my-account/edit/", PROFILE)
    assert mine.post("/my-account/confirm/mobile/withdraw/")["Location"] == "/my-account/?done=withdrawn"

    assert mine.get("/my-account/confirm/mobile/")["Location"] == "/my-account/"
    assert mine.post("/my-account/confirm/mobile/", {"code": "123456"})["Location"] == "/my-account/"
    assert mine.post("/my-account/confirm/mobile/another/")["Location"] == "/my-account/"
    assert mine.get("/my-account/confirm/pigeon/").status_code == 404
