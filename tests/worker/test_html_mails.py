"""The HTML of a mail says what its text says, loads nothing, and shows what people typed as they typed it."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest

from resecure.connectors import mail
from resecure.entrypoints.worker.html_mails import html_of
from resecure.entrypoints.worker.mails import MAILS, text_of
from resecure.entrypoints.worker.short_texts import CODES, HAPPENED, short_text_of
from resecure.propagation.models import Change
from tests.worker.test_mails import AT, PAYLOAD, TO_THE_PERSON

TOKEN = "rnm_a-token-that-stands-in-its-link-alone"
SERVICE = "https://accounts.example.org"
LINK = f"{SERVICE}/not-me/{TOKEN}/"


@pytest.mark.parametrize("change", TO_THE_PERSON)
def test_html_and_text_say_the_same_and_nothing_is_loaded(change: Change) -> None:
    subject, text = text_of(change, PAYLOAD, SERVICE, at=AT, sealed={"not_me": TOKEN})
    html = html_of(subject, text, language="en-gb")

    words = unescape(re.sub(r"<[^>]*>", "", html.partition("</h1>")[2]))
    assert words.split() == text.split()
    assert not re.search(r"<(img|link|script|style|iframe|form|object)|url\(|\bsrc=", html)
    assert set(re.findall(r'href="([^"]*)"', html)) <= {line for line in text.splitlines() if line.startswith("http")}
    assert text.count(TOKEN) == 1, "the token stands in its link and nowhere else"
    assert LINK in text


@pytest.mark.parametrize("change", HAPPENED)
def test_a_text_message_says_who_writes_what_happened_and_what_to_do(change: Change) -> None:
    said = short_text_of(change, PAYLOAD, SERVICE, sealed={"not_me": TOKEN})
    without = short_text_of(change, PAYLOAD, SERVICE)

    assert said.startswith("Resecure: ")
    assert said.endswith(LINK)
    assert without.endswith(f"{SERVICE}/organisations/PRA/")
    assert len(said) < 918, "the longest that the gateway takes"
    assert PAYLOAD["name"] not in said


def test_only_a_message_that_is_a_code_holds_one() -> None:
    sealed = {"code": "704431", "not_me": TOKEN}
    holding = {each for each in HAPPENED | CODES if "704431" in short_text_of(each, PAYLOAD, SERVICE, sealed=sealed)}
    mails = [each for each in MAILS if "704431" in text_of(each, PAYLOAD, SERVICE, at=AT, sealed=sealed)[1]]

    assert holding == {Change.SPOKEN_CODE, Change.CONTACT_CODE}
    assert mails == [Change.CONTACT_CODE]


def test_every_change_that_is_told_to_a_person_has_a_short_text() -> None:
    to_others = {each for each in Change if MAILS.get(each) is not None and MAILS[each].to_administrators}

    assert set(HAPPENED) | set(CODES) == set(Change) - to_others - {Change.SESSION_ENDED, Change.MANAGER_RESECURED}


def test_a_name_of_markup_is_shown_and_does_nothing() -> None:
    subject, text = text_of(Change.UNLOCKED, {**PAYLOAD, "name": "<b onclick='x'>&amp;"}, SERVICE, at=AT)

    html = html_of(subject, text, language="en-gb")
    assert "<b onclick" not in html
    assert "Hello &lt;b onclick=&#x27;x&#x27;&gt;&amp;amp;," in html


def test_nobody_is_offered_to_unsubscribe_and_the_message_says_why() -> None:
    subject, text = text_of(Change.RESECURED, PAYLOAD, SERVICE, at=AT)
    made = mail.message(
        sender="a@example.org",
        to="b@example.org",
        subject=subject,
        text=text,
        html=html_of(subject, text, language="en"),
        key=uuid4(),
    )

    assert made.get_content_type() == "multipart/alternative"
    assert made["List-Unsubscribe"] is None
    assert "You cannot unsubscribe" in text
