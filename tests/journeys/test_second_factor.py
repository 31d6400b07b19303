"""Passkeys in Chromium's own authenticator, codes by another library, and the detour in the middle of Confirm."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browsers import Window
from tests.journeys.stories import Story, account_path, fill_dialog, identify, is_in, is_out, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


def by_name(story: Story, account: Any = None) -> Window:
    """A browser that knows the service by its name: passkeys belong to no network address. With an authenticator in
    it that verifies its person."""
    made = story.window()
    made.url = story.service.url.replace("127.0.0.1", "localhost")
    if account is not None:
        made.context.add_cookies([{"name": story.cookie, "value": story.world.session(account), "url": made.url}])
    protocol = made.context.new_cdp_session(made.page)
    protocol.send("WebAuthn.enable")
    protocol.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return made


def test_a_passkey_is_added_signs_in_and_is_removed(story: Story) -> None:
    person = story.person(given_name="Pia", family_name="Keyes")
    other = story.window(person)
    theirs = by_name(story, person)
    theirs.go("/my-account/second-factor/")
    theirs.shows("You have none yet.")
    theirs.press("Add a passkey")
    theirs.fill("What will you call it?", "work laptop")
    theirs.press("Make a passkey")
    theirs.heading("Your recovery codes")
    codes = theirs.page.locator("#recovery-codes li").all_inner_texts()
    assert len(set(codes)) == 10
    story.service.secrets.update(codes)
    theirs.press("I have kept them")
    theirs.shows("It is added", "work laptop", "10 of your codes are unused.")
    is_out(other)

    # With the password, the passkey is the second step; then alone.
    theirs.press("Sign out")
    sign_in(theirs, person.address)
    theirs.at("/sign-in/second-factor/")
    assert theirs.gate() == 403
    theirs.press("Use a passkey")
    theirs.at("/")
    is_in(theirs)
    theirs.press("Sign out")
    theirs.press("Sign in with a passkey")
    theirs.at("/")
    is_in(theirs)
    theirs.go("/my-account/second-factor/")
    theirs.press("Remove work laptop")
    theirs.shows("It is removed", "You have none yet.")
    theirs.press("Sign out")
    sign_in(theirs, person.address)
    theirs.at("/")


def test_an_app_is_added_by_its_key_and_a_recovery_code_stands_in_for_it(story: Story) -> None:
    person = story.person()
    theirs = story.window(person)
    theirs.go("/my-account/second-factor/app/")
    expect(theirs.page.locator(".rs-qr svg")).to_be_visible()
    key = theirs.page.locator("#typed-key").inner_text().replace(" ", "")
    story.service.secrets.add(key)
    theirs.fill("The code that the app shows", "000000")
    theirs.press("Add the app")
    theirs.shows("There is a problem", "This is not the code that the app shows now")
    assert theirs.page.locator("#typed-key").inner_text().replace(" ", "") == key
    theirs.fill("The code that the app shows", pyotp.TOTP(key).now())
    theirs.press("Add the app")
    code = theirs.page.locator("#recovery-codes li").first.inner_text()
    again = story.window()
    sign_in(again, person.address)
    again.at("/sign-in/second-factor/")
    again.fill("Code", "12 34")
    again.press("Continue")
    again.shows("There is a problem", "This code is not right")
    again.fill("Code", code)
    again.press("Continue")
    is_in(again)


def test_a_lost_phone_is_reset_by_an_administrator(story: Story) -> None:
    person = story.person(given_name="Lena", family_name="Lost")
    story.world.app(person)
    theirs, desk = story.window(person), story.desk()
    desk.go(account_path(person))
    desk.press("Reset second factor")
    desk.heading("Reset the second factor of Lena Lost?")
    desk.press("Reset second factor")
    desk.shows("There is a problem", "Choose how you confirmed who they are")
    identify(desk)
    desk.press("Reset second factor")
    desk.shows("The second factor is reset")
    is_out(theirs)
    sign_in(theirs, person.address, PASSWORD)
    is_in(theirs)
    # The same administrator does not open the other half of the lock.
    desk.go(f"{account_path(person)}resecure/")
    fill_dialog(desk)
    desk.press("Ask a second person")  # so soon after the factor was changed
    desk.shows("The account was not resecured", "Ask another administrator to confirm who the person is")
