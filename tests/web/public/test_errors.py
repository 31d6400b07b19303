"""What is shown when something fails, and when the database does."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError
from django.urls import reverse

from resecure.identity import sessions
from tests.conftest import World
from tests.web.sign_in.browser import Browser, shown


def test_a_database_that_does_not_answer_is_a_refusal_in_plain_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser()
    browser.sign_in(world.person().address)

    def gone(*_args: object, **_more: object) -> None:
        raise OperationalError("the database is gone at 192.0.2.99")

    monkeypatch.setattr(sessions, "check", gone)
    for name in ("my_account:home", "my_account:profile", "sign_in:start"):
        response = browser.get(reverse(name))
        assert response.status_code == 503
        assert "Nothing was changed" in shown(response)
        assert "192.0.2.99" not in response.content.decode()
    sent = browser.post(reverse("my_account:edit"), {"given_name": "A", "family_name": "B"})
    assert sent.status_code == 503
    assert "done whole or not at all" in shown(sent), "the answer to a COMMIT may be what was lost"


def test_a_session_cookie_that_does_not_pass_is_answered_as_none_and_left_alone(world: World) -> None:
    browser = Browser()
    browser.cookies[settings.SESSION_COOKIE] = "rss_made-up"
    response = browser.get("/")
    assert response.status_code == 200
    assert settings.SESSION_COOKIE not in response.cookies


def test_an_unknown_page_answers_alike_signed_in_or_not(world: World) -> None:
    browser = Browser()
    browser.sign_in(world.person().address)
    for each in (browser, Browser()):
        response = each.get("/nothing/here/")
        assert response.status_code == 404
        assert "Page not found" in shown(response)
