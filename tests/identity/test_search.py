"""Search: what it finds, in which order, and what it never shows."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from resecure.identity import search as module
from resecure.identity.accounts import Status
from resecure.identity.search import Page, search

pytestmark = [pytest.mark.django_db, pytest.mark.database]
EVERYWHERE = [("REG.", True), ("ELS.", True)]


def names(page: Page) -> list[str]:
    return [each.name for each in page.items]


def every_page(limit: int, **question: Any) -> list[str]:
    """The addresses on all pages, one after the other."""
    found: list[str] = []
    cursor = ""
    for _ in range(200):
        page = search(scope=EVERYWHERE, limit=limit, cursor=cursor, **question)
        found += [each.address for each in page.items]
        cursor = page.next
        if not cursor:
            return found
    raise AssertionError("the pages never end")


@pytest.fixture(params=["read whole", "walked", "by trigrams"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of finding must give the same; the small numbers of a test choose it."""
    if request.param != "read whole":
        monkeypatch.setattr(module, "SMALL", 0)
    if request.param == "by trigrams":
        monkeypatch.setattr(module, "_walk_groups", lambda _asked: module.Rows(places=[], whole=False))
    return str(request.param)


@pytest.fixture
def people(world: Any) -> Any:
    for number, (given, family) in enumerate(
        [("Siân", "Llŷr"), ("Seán", "O'Brien"), ("Ann", "Smith"), ("Smitha", "Ann"), ("Bob", "Blacksmith")]
    ):
        address = f"p{number}.{family[:2].lower()}@example.org"
        world.person(given_name=given, family_name=family, address=address, secret="")
    return world


def test_case_and_accents_do_not_matter(people: Any, way: str) -> None:
    for text in ("sian llyr", "SIÂN", "llyr", "Llŷ", "llŷr siân"):
        assert names(search(scope=EVERYWHERE, text=text)) == ["Siân Llŷr"]
    assert names(search(scope=EVERYWHERE, text="o’brien")) == ["Seán O'Brien"]


def test_family_names_come_first_then_given_names_then_the_middle(people: Any, way: str) -> None:
    assert names(search(scope=EVERYWHERE, text="smith")) == ["Ann Smith", "Smitha Ann", "Bob Blacksmith"]


def test_all_of_several_words_must_match(people: Any, way: str) -> None:
    assert set(names(search(scope=EVERYWHERE, text="ann smith"))) == {"Ann Smith", "Smitha Ann"}
    assert names(search(scope=EVERYWHERE, text="bob llyr")) == []


def test_the_local_part_of_an_address_is_found_and_an_at_sign_means_the_whole_address(people: Any) -> None:
    assert names(search(scope=EVERYWHERE, text="p4.bl")) == ["Bob Blacksmith"]
    assert names(search(scope=EVERYWHERE, text="P4.bl@exa")) == ["Bob Blacksmith"]
    assert names(search(scope=EVERYWHERE, text="bl@example.org")) == []


def test_the_name_or_code_of_an_organisation_finds_its_accounts_once(people: Any) -> None:
    people.person(organisation=people.elsewhere, given_name="Pat", family_name="Seaman", secret="")
    assert names(search(scope=EVERYWHERE, text="sea")) == ["Pat Seaman", "Seán O'Brien"]
    assert names(search(scope=EVERYWHERE, text="els")) == ["Pat Seaman"]
    assert names(search(scope=EVERYWHERE, text="sea practice")) == ["Pat Seaman"]


def test_nobody_outside_the_scope_is_found(people: Any, way: str) -> None:
    people.person(organisation=people.elsewhere, given_name="Ann", family_name="Smith", secret="")
    people.person(organisation=people.region, given_name="Ann", family_name="Smith", secret="")
    for scope, organisations in {
        (("REG.PRA.", True),): ["PRA"],
        (("REG.", False),): ["REG"],
        (("REG.", True),): ["REG", "PRA"],
        (("REG.", True), ("REG.PRA.", False)): ["REG", "PRA"],
        (("RE", False),): [],
        (): [],
    }.items():
        found = search(scope=scope, text="ann smith")
        assert sorted({each.organisation_code for each in found.items}) == sorted(organisations)
    assert search(scope=[("REG.", True)], text="sea practice").items == []


def test_an_organisation_filter_narrows_the_scope_and_never_widens_it(people: Any) -> None:
    assert len(search(scope=EVERYWHERE, organisation_path="REG.PRA.").items) == 5
    assert search(scope=EVERYWHERE, organisation_path="ELS.").items == []
    assert search(scope=[("ELS.", True)], organisation_path="REG.").items == []


def test_only_the_statuses_asked_for_are_found(people: Any, way: str) -> None:
    people.person(given_name="Lou", family_name="Smith", status=Status.LOCKED, secret="")
    assert names(search(scope=EVERYWHERE, text="smith", statuses=["locked"])) == ["Lou Smith"]
    assert names(search(scope=EVERYWHERE, text="lou", statuses=["locked", "active"])) == ["Lou Smith"]
    assert names(search(scope=EVERYWHERE, text="lou", statuses=["active"])) == []
    assert names(search(scope=EVERYWHERE, statuses=["locked"])) == ["Lou Smith"]
    assert search(scope=EVERYWHERE, statuses=["no such status"]).items == []


@pytest.mark.parametrize("question", [{}, {"text": "ann"}, {"text": "hill"}, {"text": "a"}, {"text": "n@"}])
def test_pages_have_no_gaps_and_no_repeats(world: Any, way: str, question: dict[str, Any]) -> None:
    for number in range(23):
        given, family = ("Ann", "Hill") if number % 3 else ("Joanna", "Annan" if number % 2 else "Dann")
        place = world.practice if number % 4 else world.elsewhere
        world.person(
            given_name=given, family_name=family, address=f"n@{number}.org", organisation=place, secret="",
            status="locked" if number == 5 else "active",
        )  # fmt: skip
    if way == "by trigrams" and question.get("text") in {"a"}:
        return  # two letters have no trigram, so that way is never taken
    whole = every_page(100, **question)
    assert len(whole) == len(set(whole)) > 10
    for limit in (1, 2, 7):
        assert every_page(limit, **question) == whole


def test_wildcards_stand_for_themselves(people: Any, way: str) -> None:
    people.person(given_name="Per_cent", family_name="Ten%", secret="")
    assert names(search(scope=EVERYWHERE, text="ten%")) == ["Per_cent Ten%"]
    assert names(search(scope=EVERYWHERE, text="per_c")) == ["Per_cent Ten%"]
    assert names(search(scope=EVERYWHERE, text="s%h")) == names(search(scope=EVERYWHERE, text="sm_th")) == []


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud800", "\x1b[2J", "\\", "'", "%" * 900, "a " * 400, "@", "\x00@"]
)
def test_nothing_typed_raises(people: Any, text: str) -> None:
    search(scope=EVERYWHERE, text=text)
    search(scope=EVERYWHERE, text=text, organisation_path=text, cursor=text, statuses=[text])


def test_a_tampered_cursor_begins_anew(people: Any) -> None:
    first = names(search(scope=EVERYWHERE, limit=2))
    for made in ([], [3], [3, ["a"]], [3, [1, 2, 3, 4]], [3, ["\x00", "", "", "no uuid"]], [9, []], ["3", {}], None):
        cursor = base64.urlsafe_b64encode(json.dumps(made).encode()).decode()
        assert names(search(scope=EVERYWHERE, limit=2, cursor=cursor)) == first
    assert names(search(scope=EVERYWHERE, limit=2, cursor="é" * 5000)) == first


def test_the_services_own_account_is_never_found(people: Any) -> None:
    for question in ({}, {"text": "service"}, {"text": "service@"}, {"text": "resecure"}):
        assert search(scope=[("RESECURE.", True)], **question).items == []


def test_many_outside_the_scope_do_not_hide_the_few_within(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index knows nothing of scopes: it may hand out its fill of others."""
    for _each in range(12):
        world.person(given_name="Dai", family_name="Williams", organisation=world.elsewhere, secret="")
    world.person(given_name="Dawn", family_name="Williams", organisation=world.practice, secret="")
    for name, number in (("SMALL", 0), ("WALK", 3), ("RARE", 5)):
        monkeypatch.setattr(module, name, number)

    assert names(search(scope=[("REG.", True)], text="da wil")) == ["Dawn Williams"]
    assert names(search(scope=[("REG.", True)], text="dawn williams")) == ["Dawn Williams"]


def test_a_word_of_which_only_the_ends_are_met_by_many_is_found_by_the_whole(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for middle in ("aaa", "bbb", "ccc", "ddd", "eee", "fff"):
        world.person(given_name="Sam", family_name=f"Will{middle}iams", organisation=world.practice, secret="")
    for name, number in (("SMALL", 0), ("WALK", 2), ("LONG_WALK", 2), ("RARE", 5)):
        monkeypatch.setattr(module, name, number)

    found = search(scope=EVERYWHERE, text="illcccia")
    assert names(found) == ["Sam Willccciams"]
    assert not found.too_many
