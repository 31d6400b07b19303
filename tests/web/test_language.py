"""A second language is a catalogue and a line in the settings: pages, answers of the API and mails come out of it."""

from __future__ import annotations

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

from resecure.entrypoints.worker.mails import text_of
from resecure.identity import sessions
from resecure.operations.disable import disable
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
