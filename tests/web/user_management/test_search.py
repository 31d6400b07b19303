"""Finding accounts: the search, its filters and edges, and those that wait for a temporary password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from resecure.entrypoints.web.user_management import search
from resecure.identity.resecurings import Resecuring
from tests.conftest import World
from tests.web.user_management.conftest import Browser, at, source_of, words_of


def test_a_search_shows_name_address_organisation_and_status(world: World, admin: Browser) -> None:
    world.person(given_name="Siân", family_name="O'Connor", address="sian@example.org", status="locked")
    shown = admin.get("search", text="connor")
    text = words_of(shown)
    for part in ("Siân O'Connor", "sian@example.org", "Hill Practice", "Locked", "Showing 1 account."):
        assert part in text


def test_a_search_keeps_what_was_typed_in_the_address_and_on_the_page(world: World, admin: Browser) -> None:
    world.person(family_name="Findable")
    shown = admin.get("search", text="findable", status=["active", "locked"])
    assert 'value="findable"' in source_of(shown)
    assert source_of(shown).count(" checked") == 2


def test_the_status_filter_leaves_others_out(world: World, admin: Browser) -> None:
    world.person(family_name="Samename", given_name="Open")
    world.person(family_name="Samename", given_name="Shut", status="disabled")
    text = words_of(admin.get("search", text="samename", status="disabled"))
    assert "Shut Samename" in text
    assert "Open Samename" not in text


def test_nobody_outside_the_scope_is_found(world: World, admin: Browser) -> None:
    world.person(family_name="Farawayson", organisation=world.elsewhere)
    assert "No account found" in words_of(admin.get("search", text="farawayson"))


def test_an_organisation_is_found_by_code_and_by_part_of_its_name(world: World) -> None:
    browser = Browser(world, world.administrator("global_administrator", organisation=world.region))
    world.person(family_name="Hillperson")
    for typed in ("pra", "hill prac"):
        assert "Hillperson" in words_of(browser.get("search", organisation=typed))


def test_several_organisations_of_one_name_are_offered_to_choose_from(world: World) -> None:
    from resecure.identity.organisations import add

    add(code="PRB", name="Hill Road Practice", parent=world.region)
    browser = Browser(world, world.administrator(organisation=world.region))
    shown = browser.get("search", organisation="hill", text="x")
    assert "Which organisation do you mean?" in words_of(shown)
    assert "organisation=PRB" in source_of(shown)
    assert "text=x" in source_of(shown)


def test_an_unknown_organisation_is_an_error_beside_its_field(admin: Browser) -> None:
    shown = admin.get("search", organisation="no such place")
    assert shown.status_code == 422
    assert "No organisation has this code or name" in words_of(shown)


def test_pages_follow_one_another_without_repeating_anyone(world: World, admin: Browser) -> None:
    for number in range(30):
        world.person(family_name=f"Many{number:02}", accepted=False, secret="")
    first = admin.get("search", text="many")
    found = source_of(first).split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = admin.client.get(found)
    names = [
        name for page in (first, second) for name in (f"Many{n:02}" for n in range(30)) if name in source_of(page)
    ]  # fmt: skip
    assert len(names) == len(set(names)) == 30
    assert "Showing 25 accounts. There are more." in words_of(first)
    assert "Back to the first page" in words_of(second)


@pytest.mark.parametrize("query", [{"cursor": "garbage"}, {"text": "\x00"}, {"text": "x" * 10_000}, {"status": "?"}])
def test_a_strange_search_is_never_an_error_of_ours(admin: Browser, query: dict[str, str]) -> None:
    assert admin.get("search", **query).status_code in {200, 422}


def test_the_account_that_waits_is_announced_listed_and_can_be_finished_by_another(
    world: World, admin: Browser
) -> None:
    first = world.administrator(given_name="Left", family_name="Early")
    person = world.person(given_name="Wanda", family_name="Waiting")
    world.resecured(person, by=first)
    assert "1 account awaits a temporary password." in words_of(admin.get("search"))
    shown = admin.get("awaiting")
    assert "Wanda Waiting" in words_of(shown)
    assert "resecured by Left Early" in words_of(shown)
    assert at("temporary_password", person.pk) in source_of(shown)
    admin.set_password(person)
    assert "Wanda Waiting" not in words_of(admin.get("awaiting"))


def test_those_who_wait_are_chosen_and_listed_by_what_is_shown_the_longest_first(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, now = world.administrator(), timezone.now()
    for name, days in (("Middle", 2), ("Longest", 9), ("Shortest", 1)):
        person = world.person(family_name=name)
        resecuring = world.resecured(person, by=by)
        Resecuring.objects.filter(pk=resecuring.pk).update(begun_at=now - timedelta(days=days))
        person.status_since = now - timedelta(days=100 - days)  # says nothing about how long it waits
        person.save(update_fields=["status_since"])
    shown = words_of(admin.get("awaiting"))
    assert shown.index("Longest") < shown.index("Middle") < shown.index("Shortest")
    monkeypatch.setattr(search, "MANY", 1)
    assert "Longest" in words_of(admin.get("awaiting")), "when there are too many it is the newest that are left out"


def test_the_list_of_the_waiting_ends_at_the_scope(world: World, admin: Browser) -> None:
    there = world.administrator(organisation=world.elsewhere)
    world.resecured(world.person(family_name="Distant", organisation=world.elsewhere), by=there)
    assert "Distant" not in words_of(admin.get("awaiting"))
    assert "Nobody is waiting." in words_of(admin.get("awaiting"))


def test_an_auditor_sees_accounts_but_no_button_to_create_one(world: World, admin: Browser) -> None:
    auditor = Browser(world, world.administrator("auditor"))
    assert "Create account" in words_of(admin.get("search"))
    assert "Create account" not in words_of(auditor.get("search"))


def test_a_person_without_a_role_is_kept_out(world: World) -> None:
    assert Browser(world, world.person()).get("search").status_code == 403


def test_an_address_breaks_before_its_signs_and_is_whole_in_the_source(world: World, admin: Browser) -> None:
    world.person(address="sian.o'connor@mail.example.org", given_name="Siân", family_name="O'Connor")
    source = source_of(admin.get("search", text="connor"))
    assert 'data-address="sian.o&#39;connor@mail.example.org"' in source
    assert "<span>sian<wbr>.o&#39;connor</span><span>@mail<wbr>.example<wbr>.org</span>" in source
