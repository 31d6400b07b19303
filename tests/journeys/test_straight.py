"""The whole article, straight through: an administrator takes an account back, and the person returns."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.stories import (
    NEW,
    Story,
    accept,
    account_path,
    back_to_work,
    check_profile,
    choose_password,
    fill_dialog,
    is_in,
    is_out,
    mail_comes,
    resecure,
    set_secret,
    shown_password,
    sign_in,
    update,
)

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]


def test_an_account_is_taken_back_and_its_person_returns(story: Story) -> None:
    person = story.person(given_name="Zoë", family_name="Ångström-Penhale")
    first, second = story.window(person), story.window(person)
    is_in(first)
    is_in(second)

    # The administrator finds the person by a part of the name.
    desk, service = story.window(), story.service
    desk.go("/user-management/")
    desk.at("/sign-in/")
    sign_in(desk, story.administrator(given_name="Ada", family_name="Minister").address)
    desk.at("/user-management/")
    desk.fill("Name or email address", "ångström-pen")
    desk.press("Search")
    desk.follow("Zoë Ångström-Penhale")
    desk.at(account_path(person))

    # The dialog; without evidence no Confirm.
    desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
    dialog = desk.page.locator("dialog#resecure-dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("The password opens nothing any more.")
    expect(dialog).to_contain_text("Every session ends, here and in every connected application.")
    desk.arrived()
    desk.choose("They cannot remember their account secret")
    desk.press("Confirm")
    desk.shows("There is a problem", "Choose how you confirmed who they are", "Enter a reference")
    expect(desk.page.get_by_label("They cannot remember their account secret")).to_be_checked()
    is_in(first)
    fill_dialog(desk)
    desk.press("Confirm")
    desk.at(f"{account_path(person)}temporary-password/")
    desk.heading("Set temporary password")

    # Everything the person had open is shut before anything new opens it.
    is_out(first)
    is_out(second)
    sign_in(first, person.address)
    first.shows("The address or the password is not right, or the account cannot be used just now")

    # The password, once.
    expect(desk.page.get_by_label("Require Password Change at Next logon")).to_be_checked()
    password = update(desk, service)
    desk.shows("It is shown once.", "Chooses a new password", "Sets a new account secret", "The four effects")
    desk.shows("Mail to the person: account resecured")
    desk.follow("Follow this resecuring")
    desk.shows("Not complete.", "The person has taken every step")
    following = desk.path
    desk.hides(password)

    # What happened reaches the person by mail, without the password.
    mail = story.window()
    mail_comes(mail, person.address, "Your account is ready to be taken back")
    mail.follow("Your account is ready to be taken back")
    mail.shows("Hello Zoë", "An administrator resecured your account")
    mail.hides(password)

    # The person returns.
    sign_in(first, person.address, password)
    first.at("/sign-in/new-password/")
    assert first.gate() == 403
    first.fill("New password", "too short")
    first.press(re.compile("^Save and "))
    first.shows("There is a problem")
    first.at("/sign-in/new-password/")
    choose_password(first)
    first.press(re.compile("^Accept and "))
    first.shows("Tick the box to accept the policy")
    accept(first)
    first.page.get_by_label("Given name", exact=True).fill("")
    first.press(re.compile("^Save and "))
    first.shows("There is a problem")
    first.page.get_by_label("Given name", exact=True).fill("Zoë")
    check_profile(first)
    first.fill("Account secret", "short")
    first.press(re.compile("^Save and "))
    first.shows("There is a problem")
    assert first.gate() == 403
    set_secret(first)
    first.at("/")
    first.shows("Your acceptance of the acceptable use policy is recorded", "Hello, Zoë")
    assert first.gate() == 204

    # The old and the temporary password are over; there is one session.
    for dead in (PASSWORD, password):
        sign_in(second, person.address, dead)
        second.shows("The address or the password is not right")
    first.go("/my-account/sessions/")
    expect(first.page.get_by_role("heading", level=2)).to_have_count(1)
    first.shows("This session")

    # The administrator's page has followed without being asked.
    desk.at(following)
    desk.shows("Complete.", "The person is back at work, and every connected system knows.")
    mail_comes(mail, person.address, "You are back")


@pytest.mark.parametrize("phone", [False, True], ids=["no scripts", "phone"])
def test_the_same_without_scripts_and_on_a_phone(story: Story, *, phone: bool) -> None:
    person, service = story.person(), story.service
    desk = story.desk(scripts=False)
    theirs = story.window(phone=phone, scripts=phone)
    desk.go("/user-management/")
    desk.fill("Name or email address", person.address)
    desk.press("Search")
    desk.follow(person.name)
    resecure(desk, person)
    password = update(desk, service)
    sign_in(theirs, person.address, password)
    back_to_work(theirs)
    is_in(theirs)
    desk.go(account_path(person))
    desk.hides("Resecured, and not finished")


def test_an_administrator_may_type_the_password_and_the_rules_answer(story: Story) -> None:
    person, desk = story.person(), story.desk()
    resecure(desk, person)
    desk.choose("Type one")
    desk.fill("Type a temporary password", "too short")
    desk.press("Update")
    desk.shows("There is a problem", "at least 15 characters")
    typed = "seven quiet lanterns over water"
    desk.choose("Type one")
    desk.fill("Type a temporary password", typed)
    desk.press("Update")
    assert shown_password(desk, story.service) == typed
    theirs = story.window()
    sign_in(theirs, person.address, typed)
    theirs.fill("New password", typed)
    theirs.press(re.compile("^Save and "))
    theirs.shows("There is a problem")
    choose_password(theirs, NEW)
