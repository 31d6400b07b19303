"""The other actions of an administrator, and what a person does alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from resecure.identity.accounts import Account
from resecure.identity.resecurings import Resecuring
from tests.conftest import PASSWORD
from tests.journeys.stories import (
    NEW,
    STEPS,
    Story,
    accept,
    account_path,
    back_to_work,
    choose_password,
    identify,
    is_in,
    is_out,
    mail_comes,
    set_secret,
    sign_in,
    update,
)

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
REFUSED = "The address or the password is not right, or the account cannot be used just now"


def test_reset_password_asks_who_it_is_and_keeps_secret_and_consent(story: Story) -> None:
    person, desk = story.person(), story.desk()
    theirs = story.window(person)
    desk.go(account_path(person))
    desk.press("Reset Password")
    desk.press("Update")
    desk.shows("Choose how you confirmed who they are", "Enter a reference")
    assert theirs.gate() == 204
    identify(desk)
    password = update(desk, story.service)
    is_out(theirs)
    sign_in(theirs, person.address, password)
    choose_password(theirs)
    theirs.at("/")  # nothing else is owed
    is_in(theirs)


def test_ten_wrong_passwords_lock_and_unlock_lets_in_with_the_password_they_had(story: Story) -> None:
    person, desk = story.person(), story.desk()
    theirs = story.window()
    for number in range(10):
        sign_in(theirs, person.address, f"wrong password number {number}")
        theirs.shows(REFUSED)
    sign_in(theirs, person.address)
    theirs.shows(REFUSED)
    desk.go(account_path(person))
    desk.shows("Locked", "Unlock the account or reset its password first.")
    expect(desk.page.get_by_role("button", name="Resecure Account")).to_have_attribute("aria-disabled", "true")
    desk.press("Unlock")
    desk.shows("What will happen:")
    identify(desk)
    desk.press("Unlock")
    desk.shows("The account is unlocked.")
    sign_in(theirs, person.address)
    is_in(theirs)


def test_disable_shuts_at_once_and_enable_brings_no_session_back(story: Story) -> None:
    person, desk = story.person(), story.desk()
    theirs = story.window(person)
    desk.go(account_path(person))
    desk.press("Disable")
    desk.press("Disable")
    desk.shows("The account is disabled. Nothing opens it.")
    is_out(theirs)
    sign_in(theirs, person.address)
    theirs.shows(REFUSED)
    desk.press("Enable")
    desk.press("Enable")
    desk.shows("The account is enabled.")
    assert theirs.gate() == 401
    sign_in(theirs, person.address)
    is_in(theirs)
    mail_comes(desk, person.address, "Your account is enabled again")


def test_a_leaver_loses_the_role_and_joins_elsewhere(story: Story) -> None:
    leaver = story.administrator("local_helpdesk", given_name="Lea", family_name="Leaver")
    desk = story.window(story.administrator("global_administrator", organisation=story.world.region))
    theirs = story.window(leaver)
    theirs.go("/user-management/")
    theirs.heading("User Management")
    desk.go(account_path(leaver))
    desk.press("Mark as Leaver")
    desk.press("Mark as Leaver")
    desk.shows("The person is marked as a leaver, and every administrator role has ended.", "Active (Leaver)")
    is_out(theirs)
    sign_in(theirs, leaver.address)
    assert theirs.status_of("/user-management/")[0] == 403
    desk.press("Join to an organisation")
    desk.fill("Organisation code", "NOSUCH")
    desk.press("Join to an organisation")
    desk.shows("There is a problem")
    desk.fill("Organisation code", "REG")
    desk.press("Join to an organisation")
    desk.shows("The account has joined the organisation and is Active.", "North Region")
    is_out(theirs)


def test_delete_and_restore(story: Story) -> None:
    person, desk = story.person(), story.desk()
    theirs = story.window(person)
    desk.go(account_path(person))
    desk.press("Delete")
    desk.shows("It can be restored for")
    desk.press("Delete")
    desk.shows("The account is deleted.")
    is_out(theirs)
    desk.press("Restore")
    desk.press("Restore")
    desk.shows("The account is restored and Active.")
    assert theirs.gate() == 401


def test_end_all_sessions_leaves_the_password_as_it_is(story: Story) -> None:
    person, desk = story.person(), story.desk()
    first, second = story.window(person), story.window(person)
    desk.go(account_path(person))
    desk.press("End all sessions")
    desk.press("End all sessions")
    desk.shows("Every session of the account is over.")
    is_out(first)
    is_out(second)
    sign_in(first, person.address)
    is_in(first)


def test_an_account_is_created_and_its_person_signs_in_for_the_first_time(story: Story) -> None:
    desk, theirs = story.desk("primary_local_administrator"), story.window()
    desk.go("/user-management/")
    desk.press("Create account")
    desk.press("Create account")
    desk.shows("There is a problem")
    address = f"nia.newcomer.{story.world.made}@journeys.example.org"
    for label, text in (("Given name", "Nia"), ("Family name", "Newcomer"), ("Email address", address)):
        desk.fill(label, text)
    desk.fill("Organisation code", "PRA")
    desk.press("Create account")
    made = Account.objects.get(address=address)
    desk.shows("Nia Newcomer")
    desk.go(account_path(made))
    desk.press("Set temporary password")
    password = update(desk, story.service)
    sign_in(theirs, address, password)
    back_to_work(theirs)
    is_in(theirs)
    desk.go(account_path(made))
    desk.shows("Active")
    mail_comes(desk, address, "An account was made for you")


def test_a_role_is_granted_and_withdrawn(story: Story) -> None:
    person, desk = story.person(given_name="Rhys", family_name="Role"), story.desk("primary_local_administrator")
    theirs = story.window(person)
    desk.go(f"{account_path(person)}roles/")
    desk.shows("None: an ordinary account.")
    desk.press("Grant")
    desk.shows("Choose a role")
    desk.choose("Local Helpdesk")
    desk.fill("Organisation code", "PRA")
    desk.press("Grant")
    desk.shows("The role is granted.")
    is_out(theirs)
    sign_in(theirs, person.address)
    theirs.go("/user-management/")
    theirs.heading("User Management")
    desk.go(f"{account_path(person)}roles/")
    again = desk.page.get_by_label("Withdraw it all the same")
    if again.count():
        again.check()
    desk.press(re.compile("^Withdraw"))
    desk.shows("The role is withdrawn, at once.")
    assert theirs.status_of("/user-management/")[0] != 200


def test_who_cannot_confirm_the_person_stops_and_nothing_changes(story: Story) -> None:
    person, desk = story.person(), story.desk()
    theirs = story.window(person)
    desk.go(account_path(person))
    desk.press("I cannot confirm this person")
    desk.page.get_by_label(re.compile("What was said")).fill("They gave a birth date and were in a hurry.")
    desk.press("Stop and record")
    desk.shows("It is on record that you could not confirm this person.", "End the call politely.", "01632 960001")
    is_in(theirs)
    assert not Resecuring.objects.filter(account=person).exists()
    desk.follow(re.compile("^Go to the account of"))
    desk.shows("They gave a birth date and were in a hurry.")


def test_a_person_ends_another_session_of_their_own(story: Story) -> None:
    person = story.person()
    here, there, elsewhere = (story.window(person) for _browser in range(3))
    here.go("/my-account/sessions/")
    expect(here.page.get_by_role("heading", level=2)).to_have_count(3)
    here.press(re.compile("^End this session"))
    expect(here.page.get_by_role("heading", level=2)).to_have_count(2)
    assert sorted([there.gate(), elsewhere.gate()]) == [204, 401]
    here.press("End all other sessions")
    assert (there.gate(), elsewhere.gate(), here.gate()) == (401, 401, 204)
    here.go("/my-account/")
    here.press("Sign out")
    here.shows("You have signed out.")
    assert here.gate() == 401


def test_a_person_changes_profile_and_password(story: Story) -> None:
    person = story.person()
    here, there = story.window(person), story.window(person)
    here.go("/my-account/edit/")
    here.fill("Given name", "Renée")
    here.press("Save")
    here.shows("Your profile is saved.", "Renée")
    here.go("/my-account/password/")
    here.page.locator("#id_old").fill("not the password it is")
    here.page.locator("#id_password").fill(NEW)
    here.press("Change password")
    here.shows("There is a problem")
    here.page.locator("#id_old").fill(PASSWORD)
    here.page.locator("#id_password").fill(NEW)
    here.press("Change password")
    is_in(here)
    is_out(there)
    sign_in(there, person.address)
    there.shows(REFUSED)
    sign_in(there, person.address, NEW)
    is_in(there)


def test_the_pages_for_who_cannot_sign_in_need_no_sign_in(story: Story) -> None:
    anyone = story.window()
    anyone.go("/")
    anyone.heading("Your account, and the people who look after it")
    anyone.follow("Who to call")
    anyone.page.get_by_role("searchbox").or_(anyone.page.locator("main input[type=text]")).first.fill("Hill")
    anyone.press("Search")
    anyone.follow("Hill Practice")
    anyone.shows("01632 960001", "Before you call")
    anyone.go("/help/")
    links = anyone.page.locator("main a").evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    for link in links:
        anyone.go(link)
        expect(anyone.page.locator("h1")).to_have_count(1)
    anyone.go("/no-such-page/")
    anyone.heading("Page not found")
    signed_in = story.window(story.person())
    for path in ("/", "/my-account/acceptable-use-policy/", "/my-account/sessions/"):
        signed_in.go(path)
        signed_in.at(path)


def test_a_policy_that_is_new_is_accepted_and_nothing_else_is_asked(story: Story) -> None:
    person, theirs = story.person(accepted=False, secret=""), story.window()
    sign_in(theirs, person.address)
    assert theirs.path == STEPS[1]
    accept(theirs)
    set_secret(theirs)
    is_in(theirs)
