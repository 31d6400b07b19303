"""A second language is a catalogue and a line in the settings: pages, answers of the API and mails come out of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.conf import settings as configured
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from resecure.entrypoints.worker.mails import MAILS, text_of
from resecure.entrypoints.worker.short_texts import short_text_of
from resecure.identity import sessions
from resecure.operations.disable import disable
from resecure.operations.shared.telling import told
from resecure.propagation.models import Change, State, System
from resecure.propagation.outbox import Progress
from tests.conftest import World

WELSH = {
    "Skip to main content": "Neidio i’r prif gynnwys",
    "Page not found": "Heb ganfod y dudalen",
    "The service is not available right now": "Nid yw’r gwasanaeth ar gael ar hyn o bryd",
    "This is your own account.": "Eich cyfrif chi yw hwn.",
    "That was not done": "Ni wnaed hynny",
    "This is missing.": "Mae hwn ar goll.",
    "Looks after the accounts of the organisation, and resecures them.": "Yn gofalu am gyfrifon y sefydliad.",
    "{actor} disabled {target}": "Analluogwyd {target} gan {actor}",
    "the mail server refused the address": "gwrthododd y gweinydd post y cyfeiriad",
    "Your account is disabled": "Mae eich cyfrif wedi’i analluogi",
    "Hello {name},": "Helo {name},",
}
AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def catalogue(tmp_path: Path, settings: Any) -> None:
    """A catalogue of Welsh where Django looks for one; the language is not offered yet."""
    made = Catalog(locale="cy", charset="utf-8")
    for english, welsh in WELSH.items():
        made.add(english, welsh)
    folder = tmp_path / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, made)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en-gb", "English")]
    settings.LANGUAGE_ROOMS = {}


@pytest.fixture
def welsh(catalogue: None, settings: Any) -> None:
    """Welsh is offered."""
    settings.LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]


def browser(*, reads: str, session: str = "") -> Client:
    client = Client(raise_request_exception=False, headers={"accept-language": reads})
    if session:
        client.cookies[configured.SESSION_COOKIE] = session
    return client


def payload(language: str) -> dict[str, str]:
    return {
        "address": "someone@example.org",
        "name": "Siân O’Neill",
        "language": language,
        "organisation": "Hill Practice",
        "organisation_code": "PRA",
    }


def test_the_catalogue_is_looked_for_beside_the_code() -> None:
    assert [path.name for path in configured.LOCALE_PATHS] == ["locale"]
    assert (configured.LOCALE_PATHS[0] / "resecure.pot").exists()


def test_a_page_is_in_the_language_of_the_browser(welsh: None, db: None) -> None:
    page = browser(reads="cy, en;q=0.5").get(reverse("sign_in:start"))

    assert '<html class="nhsuk-template" lang="cy">' in page.text
    assert "Neidio i’r prif gynnwys" in page.text
    assert page.headers["Content-Language"] == "cy"


def test_a_browser_that_reads_english_gets_the_same_page_in_english(welsh: None, db: None) -> None:
    page = browser(reads="en").get(reverse("sign_in:start"))

    assert 'lang="en"' in page.text
    assert "Skip to main content" in page.text


def test_a_language_is_not_offered_before_it_is_in_the_settings(catalogue: None, db: None) -> None:
    page = browser(reads="cy").get(reverse("sign_in:start"))
    subject, text = text_of(Change.DISABLED, payload("cy"), "https://accounts.example.org", at=AT)

    assert 'lang="en"' in page.text
    assert "Skip to main content" in page.text
    assert subject == "Your account is disabled"
    assert "When: 1 June 2026" in text


def test_who_has_a_language_of_their_own_reads_it_in_any_browser(welsh: None, world: World) -> None:
    admin = world.administrator(language="cy")

    page = browser(reads="en", session=world.session(admin)).get(reverse("my_account:profile"))

    assert 'lang="cy"' in page.text
    assert "Yn gofalu am gyfrifon y sefydliad." in page.text


def test_the_language_that_accounts_begin_with_does_not_overrule_the_browser(welsh: None, world: World) -> None:
    page = browser(reads="cy", session=world.session(world.person())).get(reverse("my_account:profile"))

    assert 'lang="cy"' in page.text


def test_the_record_is_told_in_the_language_of_who_reads_it(welsh: None, world: World) -> None:
    person, admin = world.person(given_name="Nia", family_name="Penry"), world.administrator(language="cy")
    disable(person.pk, by=admin)

    page = browser(reads="en", session=world.session(admin)).get(reverse("user_management:account", args=[person.pk]))

    assert f"Analluogwyd Nia Penry gan {admin.given_name} {admin.family_name}" in page.text


def test_why_a_mail_failed_is_told_in_the_language_of_who_reads_it(welsh: None) -> None:
    failed = Progress(
        delivery=uuid4(),
        system=System.MAIL,
        change=Change.RESECURED,
        state=State.FAILED,
        requested_at=AT,
        acknowledged_at=None,
        confirmed_at=None,
        failed_because="the mail server refused the address (550)",
        attempts=1,
    )

    with translation.override("cy"):
        assert failed.because == "gwrthododd y gweinydd post y cyfeiriad (550)"
    with translation.override("en-gb"):
        assert failed.because == "the mail server refused the address (550)"


def test_a_page_without_the_database_is_in_the_language_of_the_browser(
    welsh: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_args: Any, **_more: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(sessions, "check", lost)
    page = browser(reads="cy", session="anything").get(reverse("sign_in:start"))

    assert page.status_code == 503
    assert 'lang="cy"' in page.text
    assert "Nid yw’r gwasanaeth ar gael ar hyn o bryd" in page.text


def test_a_refusal_by_api_is_in_the_language_that_is_asked_for(welsh: None, world: World) -> None:
    admin = world.administrator()
    head = {"authorization": f"Bearer {world.session(admin)}", "accept-language": "cy"}

    answer = Client(headers=head).post(f"/api/v1/accounts/{admin.pk}/disable", data="", content_type="application/json")

    assert answer.status_code == 409
    assert answer.json()["title"] == "Ni wnaed hynny"
    told = {each["code"]: each["text"] for each in answer.json()["reasons"]}
    assert told["own_account"] == "Eich cyfrif chi yw hwn."


def test_a_wrong_request_by_api_is_told_so_in_the_language_that_is_asked_for(welsh: None, db: None) -> None:
    answer = Client(headers={"accept-language": "cy"}).post(
        "/api/v1/sign-in", data={"address": "someone@example.org"}, content_type="application/json"
    )

    assert answer.status_code == 422
    assert answer.json()["errors"] == {"password": ["Mae hwn ar goll."]}


def test_a_mail_is_in_the_language_of_the_account(welsh: None) -> None:
    subject, text = text_of(Change.DISABLED, payload("cy"), "https://accounts.example.org", at=AT)

    assert subject == "Mae eich cyfrif wedi’i analluogi"
    assert text.startswith("Helo Siân O’Neill,")
    assert "1 Mehefin 2026" in text


def test_a_person_chooses_welsh_on_the_profile_and_pages_and_messages_follow(world: World) -> None:
    person = world.person()
    mine = browser(reads="en", session=world.session(person))
    typed = {"given_name": "Siân", "family_name": "Penry", "job_title": "", "mobile": person.mobile}

    saved = mine.post(reverse("my_account:edit"), {**typed, "language": "cy"})

    page = mine.get(saved["Location"])
    assert 'lang="cy"' in page.text
    assert "Mae eich proffil wedi’i gadw." in page.text
    person.refresh_from_db()
    assert text_of(Change.PASSWORD_CHANGED, told(person), "https://x", at=AT)[0] == "Newidiwyd eich cyfrinair"
    assert short_text_of(Change.PASSWORD_CHANGED, told(person), "https://x").startswith("Resecure: Newidiwyd cyfrinair")
    mine.post(reverse("my_account:edit"), {**typed, "language": "en"})
    assert 'lang="en"' in browser(reads="cy", session=world.session(person)).get(reverse("my_account:profile")).text


def test_the_form_begins_with_the_language_of_the_page_and_knows_no_other_than_those_offered(world: World) -> None:
    person = world.person()
    mine = browser(reads="cy", session=world.session(person))

    page = mine.get(reverse("my_account:edit")).text
    assert re.search(r'value="cy"[^>]* checked', page)
    wrong = {"given_name": "A", "family_name": "B", "mobile": person.mobile, "language": "xx"}
    assert mine.post(reverse("my_account:edit"), wrong).status_code == 200
    person.refresh_from_db()
    assert person.language == "en-gb"


def test_a_page_that_is_not_whole_in_welsh_is_english_and_says_so(world: World) -> None:
    admin = world.administrator(language="cy")
    mine = browser(reads="cy", session=world.session(admin))

    for path in ("/user-management/", "/help/", "/audit/"):
        page = mine.get(path)
        assert 'lang="cy"' not in page.text
        assert "Mewngofnodi" not in page.text


@pytest.mark.parametrize("change", MAILS)
def test_no_mail_in_welsh_holds_a_sentence_in_english(change: Change) -> None:
    about = {"about_name": "Rhys", "about_address": "r@x.org", "about": "1"}
    told_of = {**payload("cy"), "role": "local_administrator", **about}
    sealed = {"code": "704431", "not_me": "rnm_token"}
    english, welsh = (
        text_of(change, {**told_of, "language": each}, "https://x", at=AT, sealed=sealed) for each in ("en", "cy")
    )

    same = {line for line in english[1].splitlines() if line in welsh[1].splitlines()}
    assert {line for line in same if line and not line.startswith("http")} == set()
    assert english[0] != welsh[0]
