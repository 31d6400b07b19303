"""What people are told: every change has words, in full, and none holds anything to sign in with."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from resecure.connectors import mail
from resecure.entrypoints.worker.mails import MAILS, text_of
from resecure.propagation.models import Change

PAYLOAD = {
    "address": "someone@example.org",
    "name": "Siân O’Neill",
    "language": "en-gb",
    "organisation": "Hill Practice",
    "organisation_code": "PRA",
    "role": "local_administrator",
    "about_name": "Rhys {0}",
    "about_address": "rhys@example.org",
    "about": "5f0c5a3e-0000-4000-8000-000000000001",
}
AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


TO_THE_PERSON = [each for each, mail in MAILS.items() if not mail.to_anybody]


@pytest.mark.parametrize("change", TO_THE_PERSON)
def test_every_change_says_what_happened_when_and_where_to_call(change: Change) -> None:
    subject, text = text_of(change, PAYLOAD, "https://accounts.example.org", at=AT)

    assert "Hello Siân O’Neill," in text
    assert "When: 1 June 2026, 09:30 (BST)" in text
    assert "Organisation: Hill Practice" in text
    if MAILS[change].to_administrators:
        assert f"https://accounts.example.org/user-management/{PAYLOAD['about']}/" in text
        assert "Rhys {0} (rhys@example.org)" in text
    else:
        assert "https://accounts.example.org/organisations/PRA/" in text
    assert text.count("http") == 1
    assert "{" not in (subject + text).replace(PAYLOAD["about_name"], "")
    assert "!" not in subject
    assert PAYLOAD["name"] not in subject


def test_resecured_says_what_the_person_meets_next() -> None:
    _subject, text = text_of(Change.RESECURED, PAYLOAD, "https://accounts.example.org", at=AT)

    for step in ("temporary password", "new password", "acceptable use policy", "profile", "new account secret"):
        assert step in text


def test_no_change_is_without_words() -> None:
    # One session that ends by its person's own hand is told to applications, and to nobody by mail.
    assert set(MAILS) == set(Change) - {Change.SESSION_ENDED, Change.SPOKEN_CODE}


def test_a_name_with_braces_is_shown_and_not_read_as_a_pattern() -> None:
    _subject, text = text_of(Change.UNLOCKED, {**PAYLOAD, "name": "{when.__class__}"}, "http://x", at=AT)

    assert "Hello {when.__class__}," in text


def test_a_granted_role_is_named_as_on_the_screen() -> None:
    assert "Local Administrator" in text_of(Change.ROLE_GRANTED, PAYLOAD, "http://x", at=AT)[1]


def test_an_address_cannot_break_out_of_its_header() -> None:
    with pytest.raises(mail.NotTaken) as refused:
        mail.message(sender="d@example.org", to="a@b.org\r\nBcc: c@d.org", subject="s", text="t", key=uuid4())

    assert refused.value.for_good


def test_a_message_says_when_it_was_written_and_in_which_zone() -> None:
    made = mail.message(sender="a@example.org", to="b@example.org", subject="s", text="t", key=uuid4())

    assert str(made["Date"]).endswith(" +0000")
