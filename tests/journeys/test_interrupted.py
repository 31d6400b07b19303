"""People who leave half-way, come back, or act at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, expect

from resecure.identity.accounts import system_account
from resecure.identity.resecurings import Resecuring
from resecure.operations.publish_aup import publish_aup
from tests.journeys.browsers import Window
from tests.journeys.stories import (
    NEW,
    STEPS,
    Story,
    accept,
    account_path,
    back_to_work,
    check_profile,
    choose_password,
    fill_dialog,
    is_in,
    resecure,
    set_secret,
    sign_in,
    update,
)

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
REFUSED = "The address or the password is not right, or the account cannot be used just now"
TAKE: list[Callable[[Window], None]] = [choose_password, accept, check_profile, set_secret]


def test_an_administrator_leaves_after_confirm_and_another_finishes(story: Story) -> None:
    person, first, second = story.person(given_name="Wilf", family_name="Waiting"), story.desk(), story.desk()
    theirs = story.window(person)
    resecure(first, person)
    first.context.close()
    story.windows.remove(first)
    assert theirs.gate() == 401
    second.go("/user-management/")
    second.follow("See who is waiting")
    second.at("/user-management/awaiting/")
    second.shows("Wilf Waiting", "resecured")
    second.press(re.compile("Set temporary password for Wilf Waiting"), role="link")
    password = update(second, story.service)
    sign_in(theirs, person.address, password)
    back_to_work(theirs)
    second.go("/user-management/awaiting/")
    second.hides("Wilf Waiting")


@pytest.mark.parametrize("how", ["back", "reload"])
def test_the_password_does_not_come_back(story: Story, how: str) -> None:
    person, desk = story.person(), story.desk()
    resecure(desk, person)
    password = update(desk, story.service)
    if how == "back":
        desk.press(re.compile("^Done: go to the account of"), role="link")
        # The browser kept nothing, and asks before it sends the form again.
        with pytest.raises(Error, match="ERR_CACHE_MISS"):
            desk.page.go_back()
    else:
        desk.page.reload()  # sends the form again
        desk.shows("The password was already shown, and is shown once only.")
    expect(desk.page.locator("body")).not_to_contain_text(password)
    theirs = story.window()
    sign_in(theirs, person.address, password)
    theirs.at(STEPS[0])


def test_a_lost_temporary_password_is_replaced_and_the_first_is_dead(story: Story) -> None:
    person, desk, theirs, late = story.person(), story.desk(), story.window(), story.window()
    resecure(desk, person)
    lost = update(desk, story.service)
    sign_in(theirs, person.address, lost)
    theirs.at(STEPS[0])
    desk.press(re.compile("^Done: go to the account of"), role="link")
    desk.press("Reset Password")
    desk.shows("A temporary password was set already.")
    fresh = update(desk, story.service)
    assert fresh != lost
    # The half-finished sign-in of whoever heard the first one is dead, and so is the password.
    theirs.fill("New password", NEW)
    theirs.press(re.compile("^Save and "))
    theirs.at("/sign-in/")
    assert theirs.gate() == 401
    sign_in(late, person.address, lost)
    late.shows(REFUSED)
    sign_in(theirs, person.address, fresh)
    back_to_work(theirs)


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_who_stops_at_a_step_goes_on_there_in_the_same_browser(story: Story, done: int) -> None:
    person = story.person()
    theirs = story.window()
    sign_in(theirs, person.address, story.temporary(person))
    for take in TAKE[:done]:
        take(theirs)
    theirs.page.close()
    theirs.page = theirs.context.new_page()
    assert theirs.gate() == 403
    theirs.go("/my-account/")
    theirs.at(re.compile("/sign-in/.*"))
    theirs.go("/sign-in/")
    theirs.at(STEPS[done])
    for take in TAKE[done:]:
        take(theirs)
    theirs.shows("Your acceptance of the acceptable use policy is recorded")
    is_in(theirs)


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_who_stops_at_a_step_and_comes_with_a_new_browser_owes_what_is_not_final(story: Story, done: int) -> None:
    person = story.person()
    left, fresh = story.window(), story.window()
    password = story.temporary(person)
    sign_in(left, person.address, password)
    for take in TAKE[:done]:
        take(left)
    left.page.close()
    left.page = left.context.new_page()
    sign_in(fresh, person.address, password)
    fresh.shows(REFUSED)  # it opens one sign-in
    if done == 0:
        return
    sign_in(fresh, person.address, NEW)
    # Consent counts only once the last step is saved: the new browser reads the policy again.
    accept(fresh)
    if fresh.path == STEPS[2]:
        check_profile(fresh)
    set_secret(fresh)
    is_in(fresh)


def test_two_administrators_confirm_at_once_and_the_second_sees_what_happened(story: Story) -> None:
    person, first, second = story.person(), story.desk(), story.desk()
    for desk in (first, second):
        desk.go(account_path(person))
        desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
        fill_dialog(desk, reference="a ticket of mine")
    first.press("Confirm")
    first.heading("Set temporary password")
    second.press("Confirm")
    second.shows("The account was resecured already and the person has not finished.")
    expect(second.page.get_by_label("Reference", exact=True)).to_have_value("a ticket of mine")
    assert Resecuring.objects.filter(account=person).count() == 1
    update(first, story.service)


def test_a_double_click_on_confirm_resecures_once(story: Story) -> None:
    person, desk = story.person(), story.desk()
    desk.go(account_path(person))
    desk.page.get_by_role("button", name="Resecure Account", exact=True).click()
    fill_dialog(desk)
    with desk.page.expect_navigation():
        desk.page.get_by_role("button", name="Confirm", exact=True).dblclick()
    desk.at(f"{account_path(person)}temporary-password/")
    assert Resecuring.objects.filter(account=person).count() == 1


def test_a_policy_that_changes_while_it_is_read_is_read_anew(story: Story) -> None:
    person, theirs = story.person(), story.window()
    sign_in(theirs, person.address, story.temporary(person))
    choose_password(theirs)
    theirs.at(STEPS[1])
    before = story.world.aup.version
    story.world.aup = publish_aup(version="1.1", text="Be careful, and lock your screen.", by=system_account())
    theirs.choose(f"I have read and accept version {before}")
    theirs.press("Accept and go on")
    theirs.at(STEPS[1])
    theirs.shows("The policy changed after you opened it.", "lock your screen")
    expect(theirs.page.get_by_role("checkbox")).not_to_be_checked()
    accept(theirs)
    check_profile(theirs)
    set_secret(theirs)
    theirs.shows("version 1.1")
    is_in(theirs)
