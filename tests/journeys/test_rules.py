"""The rules of a password and of a secret, marked while one types: as the service will judge them."""

from __future__ import annotations

import pytest

from resecure.identity.agreements import current_aup
from resecure.policy.passwords import faults_of_password
from resecure.policy.secrets import faults_of_secret
from tests.journeys.browsers import Window
from tests.journeys.stories import NEW, Story, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
NAMES = {"given_name": "Siân", "family_name": "Østergård-O’Brien"}


def unmet(window: Window, typed: str, *, into: str) -> list[str]:
    """Which rules are shown as not met, once this is typed."""
    window.fill(into, typed)
    found = window.page.locator("[data-rule][data-met=no]").all_inner_texts()
    return [text.partition("(not met")[0].strip() for text in found]


@pytest.mark.parametrize("phone", [True, False])
def test_every_rule_that_the_page_can_judge_is_marked_as_the_service_judges_it(story: Story, phone: bool) -> None:
    person = story.person(**NAMES)
    window = story.window(phone=phone)
    sign_in(window, person.address, story.temporary(person))
    person.refresh_from_db()

    named = "without your name, your organisation's name or the name of this service"
    for typed in (
        "wheel SIAN barrow moss",
        "otter o s t e r g a r d moss",
        "moss ØSTERGÅRD otter",
        "plum re-secure fern",
    ):
        assert unmet(window, typed, into="New password") == [named]
        assert any("your name" in fault for fault in faults_of_password(typed, person))
    assert unmet(window, "short", into="New password") == ["at least 15 characters: a few random words do well"]
    assert unmet(window, NEW, into="New password") == []
    assert faults_of_password(NEW, person) == []
    window.shows("Checked when you save", "not common, and not known from a breach")

    window.press("Save and go on")
    window.choose(f"I have read and accept version {current_aup().version}")  # another journey may publish one
    window.press("Accept and go on")
    window.press("Save and go on")
    for typed, rule in (
        ("osterGARDobrien", "not your name and not your organisation's name"),
        ("abcabcabcabc", "at least 4 different letters"),
        ("marmalade sky", "letters only: no spaces, digits or signs"),
        ("marmalad", "at least 9 letters"),
    ):
        assert unmet(window, typed, into="Account secret") == [rule]
        assert len(faults_of_secret(typed, person)) == 1
    assert unmet(window, "marmaladesky", into="Account secret") == []


def test_without_scripts_the_rules_are_a_plain_list_and_the_answer_names_the_broken_ones(story: Story) -> None:
    person = story.person(**NAMES)
    window = story.window(scripts=False, phone=True)
    sign_in(window, person.address, story.temporary(person))
    window.shows("Rules for your new password", "at least 15 characters", "Checked when you save")
    window.fill("New password", "short")
    window.press("Save and go on")
    window.shows("There is a problem", "Choose a password of at least 15 characters")
    assert window.page.title().startswith("Error: ")
    assert window.page.locator("#id_password").input_value() == ""
