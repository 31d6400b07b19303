"""Authenticate User in the browser: three boxes, yes or no, and back to the form with nothing lost."""

from __future__ import annotations

import re
from typing import Any

from resecure.identity.authentications import Authentication
from resecure.identity.resecurings import Resecuring
from tests.attacks.stories import letters_at
from tests.conftest import World
from tests.web.user_management.conftest import Browser, source_of, words_of


def _fields(page: Any) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)"[^>]*? value="([^"]*)"', source_of(page)))


def _answered(admin: Browser, person: Any, page: Any, *, right: bool) -> Any:
    positions = [int(each) for each in re.findall(r"(\d+)(?:st|nd|rd|th) letter", words_of(page))][:3]
    letters = letters_at(positions, right=right)
    typed = {f"letter{number}": letter for number, letter in enumerate(letters, start=1)}
    return admin.post("authenticate", person.pk, **{**_fields(page), **typed})


def test_three_boxes_are_labelled_by_position_and_keep_nothing(world: World, admin: Browser) -> None:
    person = world.person()
    page = admin.post("authenticate", person.pk, purpose="reset_password")
    source = source_of(page)
    assert source.count('maxlength="1"') == 3
    assert len(re.findall(r"\d+(?:st|nd|rd|th) letter", words_of(page))) >= 3
    half = admin.post("authenticate", person.pk, **{**_fields(page), "letter1": "x", "letter2": "", "letter3": ""})
    assert half.status_code == 422
    assert 'value="x"' not in source_of(half)
    assert Authentication.objects.get(account=person).failures == 0


def test_account_secret_on_the_dialog_leads_through_the_letters_and_back_with_nothing_lost(
    world: World, admin: Browser
) -> None:
    person = world.person()
    page = admin.resecure(person, method="account_secret", because="forgotten_answers", reference="call 99")
    yes = _answered(admin, person, page, right=True)
    assert "Yes: the letters are right" in words_of(yes)
    fields = _fields(yes)
    assert (fields["because"], fields["reference"]) == ("forgotten_answers", "call 99")
    assert admin.post("resecure", person.pk, **fields).status_code == 302
    made = Resecuring.objects.get(account=person)
    assert (made.method, made.reference) == ("account_secret", "call 99")


def test_after_a_no_the_page_says_what_to_do_next(world: World, admin: Browser) -> None:
    person = world.person()
    no = _answered(admin, person, admin.post("authenticate", person.pk, purpose="reset_password"), right=False)
    assert "No: the letters are wrong" in words_of(no)
    assert "because=failed_authentication" in source_of(no)
    assert "I cannot confirm this person" in words_of(no)
    for _each in range(2):
        page = admin.post("authenticate", person.pk, purpose="reset_password")
        no = _answered(admin, person, page, right=False)
    assert "disabled for this account until" in words_of(no)
    assert "Authenticate User is disabled until" in words_of(admin.get("authenticate", person.pk))
