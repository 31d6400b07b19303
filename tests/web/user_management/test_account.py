"""The page of an account: its state, its Actions box, its history, and what is not shown to whom."""

from __future__ import annotations

from uuid import uuid4

import pytest

from resecure.identity.accounts import system_account
from resecure.policy.actions import BUTTONS
from tests.conftest import World
from tests.web.user_management.conftest import Browser, at, source_of, words_of

PAGES = [
    "account", "resecure", "temporary_password", "roles", "cannot_confirm", "unlock", "disable", "enable",
    "mark_as_leaver", "join", "delete", "restore", "end_all_sessions",
]  # fmt: skip


def test_the_page_says_how_the_account_stands(world: World, admin: Browser) -> None:
    person = world.person(given_name="Ewa", family_name="Nowak-O'Brien", job_title="Nurse")
    world.session(person)
    text = words_of(admin.get("account", person.pk))
    for part in (
        "Ewa Nowak-O'Brien", "Active", "Hill Practice (PRA)", "Nurse", "Version 1 accepted", "Live sessions 1",
        "Last sign-in Never", "Roles None",
    ):  # fmt: skip
        assert part in text


def test_every_action_is_there_and_a_refused_one_says_why_and_what_instead(world: World, admin: Browser) -> None:
    person = world.person(accepted=False)
    shown = admin.get("account", person.pk)
    text = words_of(shown)
    for label in BUTTONS.values():
        assert str(label) in text
    assert "I cannot confirm this person" in text
    assert "The person has not accepted the acceptable use policy." in text
    assert "Use Reset Password; they accept the policy when they sign in." in text
    assert "resecure-dialog" not in source_of(shown)


def test_a_permitted_resecure_opens_a_dialog_and_is_a_page_without_javascript(world: World, admin: Browser) -> None:
    person = world.person()
    source = source_of(admin.get("account", person.pk))
    assert 'data-dialog="resecure-dialog"' in source
    assert f'href="{at("resecure", person.pk)}"' in source
    assert "<dialog" in source


def test_more_than_a_hundred_sessions_are_not_counted_to_the_end(world: World, admin: Browser) -> None:
    person = world.person()
    for _number in range(101):
        world.session(person)
    assert "Live sessions more than 100" in words_of(admin.get("account", person.pk))


def test_a_withdrawn_acceptance_says_when_by_whom_and_why(world: World, admin: Browser) -> None:
    person = world.person()
    world.resecured(person, by=admin.account)
    text = words_of(admin.get("account", person.pk))
    assert "Not accepted: withdrawn" in text
    assert "by Ada Minister , because the account was resecured" in text or "because the account was resecured" in text
    assert "Account secret Not set" in text


def test_an_unfinished_resecuring_shows_its_effects_systems_and_the_button_to_go_on(
    world: World, admin: Browser
) -> None:
    person = world.person()
    made = world.resecured(person, by=admin.account)
    shown = admin.get("account", person.pk)
    text = words_of(shown)
    for part in ("Resecured, and not finished", "Password reset", "Account secret forgotten", "All sessions ended",
                 "Mail to the person", "What the person meets next", "Set temporary password"):  # fmt: skip
        assert part in text
    assert at("resecuring", made.pk) in source_of(shown)


def test_the_history_is_told_in_sentences_with_names(world: World, admin: Browser) -> None:
    person = world.person(given_name="Hedda", family_name="Storied")
    world.resecured(person, by=admin.account)
    text = words_of(admin.get("account", person.pk))
    assert "Ada Minister resecured Hedda Storied" in text
    assert "In person, with photo ID; reference call 4711" in text


def test_a_name_of_markup_is_shown_as_it_is_written(world: World, admin: Browser) -> None:
    person = world.person(given_name="<script>alert(1)</script>", family_name="{actor}")
    source = source_of(admin.get("account", person.pk))
    assert "<script>alert" not in source
    assert "&lt;script&gt;alert(1)" in source


@pytest.mark.parametrize("name", PAGES)
def test_an_account_out_of_scope_answers_as_an_unknown_one_does(world: World, admin: Browser, name: str) -> None:
    person = world.person(family_name="Elsewhere", organisation=world.elsewhere)
    there, nowhere = admin.get(name, person.pk), admin.get(name, uuid4())
    assert there.status_code == nowhere.status_code == 404
    assert words_of(there) == words_of(nowhere)
    posted, unknown = admin.post(name, person.pk), admin.post(name, uuid4())
    assert posted.status_code == unknown.status_code
    assert posted.status_code in {404, 405}
    assert world.records("operation_refused", person) >= 1


def test_ones_own_account_offers_nothing_but_reasons(world: World, admin: Browser) -> None:
    shown = admin.get("account", admin.account.pk)
    assert "This is your own account." in words_of(shown)
    assert at("disable", admin.account.pk) not in source_of(shown)


def test_no_word_in_the_address_becomes_a_message(world: World, admin: Browser) -> None:
    person = world.person()
    assert "The account is disabled. Nothing opens it." not in words_of(admin.get("account", person.pk, done="disable"))
    assert "Ring this number" not in source_of(admin.get("account", person.pk, done="Ring this number"))


def test_who_may_not_set_the_temporary_password_sees_no_button_for_it(world: World) -> None:
    equal, person = world.administrator(), world.administrator("local_helpdesk")
    resecuring = world.resecured(person, by=system_account())  # at the console, as by others it wants a second person
    link = at("temporary_password", person.pk)

    for account in (world.administrator("auditor"), equal):
        may = account is equal
        browser = Browser(world, account)
        panel = browser.get("account", person.pk).content.decode()
        assert ('id="panel-set-temporary-password"' in panel) is may
        assert (link in browser.get("resecuring", resecuring.pk).content.decode()) is may
        assert ("which another administrator must set" in panel) is not may
