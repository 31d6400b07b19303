"""What anybody may read: who to call, help, the policy, and the mailbox of the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from resecure.connectors import mail
from resecure.entrypoints.web.help.articles import ARTICLES
from resecure.entrypoints.web.help.policy_text import blocks
from resecure.identity.agreements import AupVersion
from resecure.identity.organisations import OF_THE_SERVICE, add
from resecure.policy.actions import BUTTONS
from resecure.policy.roles import ROLES
from tests.conftest import World
from tests.web.sign_in.browser import Browser, shown


def found(searched: str) -> str:
    return shown(Browser().get(reverse("organisations:find"), {"search": searched}))


def test_an_organisation_is_found_by_part_of_its_name_or_by_its_code(world: World) -> None:
    add(code="W95", name="Bron Feddyg Tŷ Coch", kind="practice")
    assert "Bron Feddyg" in found("ty COCH")
    assert "Bron Feddyg" in found("coch bron")
    assert "Bron Feddyg" in found("w95")
    assert "Hill Practice" not in found("w95")


def test_an_open_search_lists_nobody_and_no_more_than_fifty_organisations(world: World) -> None:
    person = world.person()
    for number in range(60):
        add(code=f"X{number}", name=f"Harbour Surgery {number}")
    with CaptureQueriesContext(connection) as asked:
        words = found("harbour")
    assert "The first 50 organisations" in words
    assert words.count("Harbour Surgery") == 50
    assert len(asked) <= 3
    assert "Nothing found" in found(person.family_name)


@pytest.mark.parametrize("odd", ["%", "_", "'; drop", "nu\x00ll", "x" * 10_000, "<script>", "\u202e", " ", ""])
def test_an_odd_search_is_answered(world: World, odd: str) -> None:
    response = Browser().get(reverse("organisations:find"), {"search": odd})
    assert response.status_code == 200
    assert "<script>" not in response.content.decode().partition("<main")[2]
    assert "Hill Practice" not in shown(response) or not odd.strip()


def test_the_page_of_an_organisation_says_how_to_call_and_names_no_person(world: World) -> None:
    administrator = world.administrator(given_name="Zebedee")
    words = shown(Browser().get(reverse("organisations:page", kwargs={"code": "PRA"})))
    assert "01632 960001" in words
    assert administrator.given_name not in words
    assert administrator.address not in words


def test_an_organisation_without_a_desk_shows_the_nearest_above_that_has_one(world: World) -> None:
    add(code="BRA", name="Branch Surgery", parent=world.practice)
    words = shown(Browser().get("/organisations/bra/"))
    assert "The one of Hill Practice helps its people" in words
    assert "01632 960001" in words


def test_an_organisation_that_nobody_answers_for_says_so(world: World) -> None:
    assert "No service desk is on record for Sea Practice" in shown(Browser().get("/organisations/ELS/"))


def test_the_organisation_of_the_service_itself_is_nobodys_to_call(world: World) -> None:
    assert "Nothing found" in found("resecure")
    for code in (OF_THE_SERVICE, OF_THE_SERVICE.lower()):
        assert Browser().get(f"/organisations/{code}/").status_code == 404


@pytest.mark.parametrize("code", ["NONE", "%00", "a b", "PRA'", "x" * 300, "..%2f"])
def test_a_code_of_no_organisation_is_not_found(world: World, code: str) -> None:
    assert Browser().get(f"/organisations/{code}/").status_code == 404


def test_every_article_can_be_read_by_anybody(world: World) -> None:
    assert len(ARTICLES) >= 5
    index = Browser().get(reverse("help:index")).content.decode()
    for slug in ARTICLES:
        assert Browser().get(reverse("help:article", args=[slug])).status_code == 200
        assert reverse("help:article", args=[slug]) in index
    assert Browser().get("/help/nothing/").status_code == 404


def test_the_article_for_administrators_names_every_button_role_and_reason(world: World) -> None:
    words = shown(Browser().get(reverse("help:article", args=["administrators"])))
    for label in BUTTONS.values():
        assert str(label) in words
    for name in ROLES:
        assert str(name.label) in words
    for reason in (
        "The person has not accepted the acceptable use policy.",
        "The account is Locked; only an Active or Active (Leaver) account can be resecured.",
        "The account was resecured already and the person has not finished.",
        "This is your own account.",
        "Your role does not allow this.",
        "This person holds an administrator role as high as yours, or higher.",
    ):
        assert reason in words


def test_the_policy_in_force_can_be_read_by_anybody_and_its_markup_is_text(world: World) -> None:
    newer = world.aup.published_at.replace(year=world.aup.published_at.year + 1)
    AupVersion.objects.create(version="2", text="# Rules\nBe <b>good</b>.\n\n- one\n- two", published_at=newer)
    page = Browser().get(reverse("help:aup")).content.decode()
    assert '<h2 class="nhsuk-heading-s">Rules</h2>' in page
    assert "<p>Be &lt;b&gt;good&lt;/b&gt;.</p>" in page
    assert "<li>one</li><li>two</li>" in page


def test_a_service_without_a_policy_says_so(db: None) -> None:
    assert "No policy has been published yet" in shown(Browser().get(reverse("help:aup")))


def test_lines_of_a_policy_become_headings_paragraphs_and_lists() -> None:
    made = blocks("# One\nfirst line\nsecond line\n\nnew paragraph\n- a\n- b\n#no heading")
    assert [(each.kind, each.text or each.items) for each in made] == [
        ("heading", "One"),
        ("paragraph", "first line second line"),
        ("paragraph", "new paragraph"),
        ("list", ["a", "b"]),
        ("paragraph", "#no heading"),
    ]


def _demonstration(settings: Any, folder: Path) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"state_directory": folder, "smtp_url": ""})


def test_the_mailbox_shows_what_would_have_been_sent_as_text(world: World, settings: Any, tmp_path: Path) -> None:
    _demonstration(settings, tmp_path)
    key = uuid4()
    for to, each in (("someone@example.org", key), ("other@example.org", uuid4())):
        made = mail.message(
            sender="Resecure <no-reply@resecure.invalid>",
            to=to,
            subject="Your <i>account</i>",
            text="Hello <script>alert(1)</script>\n\nGoodbye",
            key=each,
        )
        mail.keep(made, folder=tmp_path / "mailbox")
    index = shown(Browser().get(reverse("mailbox:index"), {"to": "SOMEONE"}))
    assert "someone@example.org" in index
    assert "other@example.org" not in index
    page = Browser().get(reverse("mailbox:message", args=[key])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<i>account</i>" not in page
    assert Browser().get(reverse("mailbox:message", args=[uuid4()])).status_code == 404


def test_there_is_no_mailbox_where_mail_is_really_sent(world: World, settings: Any) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"smtp_url": "smtp://mail.example.org"})
    assert Browser().get(reverse("mailbox:index")).status_code == 404
    assert Browser().get(reverse("mailbox:message", args=[uuid4()])).status_code == 404
    assert "Mailbox" not in Browser().get("/").content.decode()
