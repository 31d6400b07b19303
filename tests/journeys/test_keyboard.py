"""The administrator's part by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browsers import Window
from tests.journeys.stories import Story, account_path, back_to_work, shown_password, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
MOST_TABS = 80
# What the focused element is called, and whether one can see that it has the focus.
_FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0] : null;
  const style = getComputedStyle(at);
  const box = label && ['radio', 'checkbox'].includes(at.type) ? getComputedStyle(label, '::before') : style;
  const drawn = (s) => s.boxShadow !== 'none' || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0);
  const text = (label || at).innerText || at.getAttribute('aria-label') || '';
  return {name: text.trim().split('\\n')[0].trim(), tag: at.tagName, type: at.type || '',
          seen: drawn(style) || drawn(box), inDialog: !!at.closest('dialog')};
}"""


def focused(window: Window) -> dict[str, Any]:
    found: dict[str, Any] = window.page.evaluate(_FOCUSED)
    return found


def tab_to(window: Window, name: str) -> None:
    """Press Tab until what has this name has the focus; at each stop one can see where it is."""
    for _press in range(MOST_TABS):
        window.page.keyboard.press("Tab")
        at = focused(window)
        assert at["tag"] == "BODY" or at["seen"], f"the focus on {at['name']!r} cannot be seen"
        if at["name"] == name:
            return
    raise AssertionError(f"{name!r} cannot be reached by Tab")


def key_leads_on(window: Window, key: str) -> None:
    with window.page.expect_navigation():
        window.page.keyboard.press(key)
    window.arrived()


def test_an_administrator_needs_no_mouse(story: Story) -> None:
    person, desk = story.person(given_name="Kit", family_name="Keyboard"), story.window()
    administrator = story.administrator()
    keyboard = desk.page.keyboard
    desk.go("/sign-in/")
    tab_to(desk, "Email address")
    keyboard.type(administrator.address)
    tab_to(desk, "Password")
    keyboard.type(PASSWORD)
    key_leads_on(desk, "Enter")
    tab_to(desk, "User Management")
    key_leads_on(desk, "Enter")
    tab_to(desk, "Name or email address")
    keyboard.type(person.address)
    key_leads_on(desk, "Enter")
    tab_to(desk, person.name)
    key_leads_on(desk, "Enter")
    desk.at(account_path(person))

    dialog = desk.page.locator("dialog#resecure-dialog")
    for key in ("Enter", "Space"):
        if key == "Enter":
            tab_to(desk, "Resecure Account")
        keyboard.press(key)
        expect(dialog).to_be_visible()
        assert focused(desk)["inDialog"]
        keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert focused(desk)["name"] == "Resecure Account"
    keyboard.press("Enter")
    expect(dialog).to_be_visible()
    tab_to(desk, "They cannot remember their account secret")
    keyboard.press("Space")
    tab_to(desk, "In person, with photo ID")
    keyboard.press("Space")
    tab_to(desk, "Reference")
    keyboard.type("call 4711")
    tab_to(desk, "Confirm")
    key_leads_on(desk, "Space")
    desk.heading("Set temporary password")
    tab_to(desk, "Update")
    key_leads_on(desk, "Enter")
    password = shown_password(desk, story.service)
    tab_to(desk, f"Done: go to the account of {person.name}")
    key_leads_on(desk, "Enter")
    desk.at(account_path(person))
    theirs = story.window()
    sign_in(theirs, person.address, password)
    back_to_work(theirs)
