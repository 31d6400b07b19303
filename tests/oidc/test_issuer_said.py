"""Whoever gets an answer is told who gave it, in errors too (RFC 9207), and a code is good for one application,
one address and one question."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.oidc.party import CALLBACK, answer_of, browser_of

pytestmark = pytest.mark.database
REFUSED: dict[str, tuple[bool, dict[str, str | None]]] = {
    "login_required": (False, {"prompt": "none"}),
    "invalid_request": (True, {"code_challenge": None}),
    "unsupported_response_type": (True, {"response_type": "token"}),
    "invalid_scope": (True, {"scope": "profile"}),
    "request_not_supported": (True, {"request": "a.b.c"}),
    "request_uri_not_supported": (True, {"request_uri": "https://rota.example.org/request"}),
}


@pytest.mark.parametrize("error", REFUSED)
def test_an_error_says_who_answers(world_of: Any, error: str) -> None:
    world, register, person = world_of
    signed_in, changes = REFUSED[error]
    browser = browser_of(world, person) if signed_in else Client()
    party = register()

    answer = answer_of(browser.get(party.question(**changes)))

    assert answer == {**answer, "error": error, "iss": settings.RESECURE.public_url, "state": party.state}


def test_a_no_on_the_page_that_asks_who_it_is_says_who_answers(world_of: Any) -> None:
    world, register, person = world_of
    page = browser_of(world, person).get(register().question(prompt="consent")).content.decode()
    link = next(part for part in page.split('"') if "error=access_denied" in part)

    assert f"iss={settings.RESECURE.public_url.replace(':', '%3A').replace('/', '%2F')}" in link


def test_discovery_says_that_answers_name_the_issuer() -> None:
    found = Client().get("/.well-known/openid-configuration").json()

    assert found["authorization_response_iss_parameter_supported"] is True


def test_a_code_is_refused_to_another_application_at_another_address_and_for_another_question(world_of: Any) -> None:
    world, register, person = world_of
    second = "https://rota.example.org/second"
    party, other = register(redirect_addresses=[CALLBACK, second]), register()
    browser = browser_of(world, person)

    for who, changes in (
        (other, {"code_verifier": party.verifier}),
        (party, {"redirect_uri": second}),
        (party, {"redirect_uri": None}),
        (party, {"code_verifier": other.verifier}),
        (party, {"code_verifier": None}),
    ):
        status, said = who.exchange(party.code(browser), **changes)
        assert status == 400
        assert said["error"] in {"invalid_grant", "invalid_request"}, changes
        assert "access_token" not in said
