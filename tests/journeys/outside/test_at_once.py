"""Requests of one application that arrive at once at a running server, and a resecure in the middle of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.journeys.stories import Story

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
CALLBACK = "https://rota.example.org/callback"
ROUNDS = 50
RESECURES = 10


class Peer:
    """An application that sends plain HTTP. ``cookie`` is the session of the person who signs in to it."""

    def __init__(self, story: Story, application: Any, secret: str, cookie: str) -> None:
        self.found = requests.get(f"{story.service.url}/.well-known/openid-configuration", timeout=10).json()
        self.credentials = (str(application.pk), secret)
        self.cookies = {story.cookie: cookie}

    def code(self) -> dict[str, str]:
        """What an exchange of a new code sends."""
        verifier = generate_token(48)
        asked = {
            "response_type": "code",
            "client_id": self.credentials[0],
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": generate_token(20),
            "nonce": generate_token(20),
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        address = f"{self.found['authorization_endpoint']}?{urlencode(asked)}"
        back = requests.get(address, cookies=self.cookies, allow_redirects=False, timeout=10).headers["Location"]
        [code] = parse_qs(urlsplit(back).query)["code"]
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        }

    def sends(self, form: dict[str, str]) -> requests.Response:
        return requests.post(self.found["token_endpoint"], data=form, auth=self.credentials, timeout=20)

    def refreshes(self, token: dict[str, Any]) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}

    def is_out(self, token: dict[str, Any]) -> None:
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        assert requests.get(self.found["userinfo_endpoint"], headers=bearer, timeout=10).status_code == 401
        assert self.sends(self.refreshes(token)).status_code == 400

    def one_wins(self, form: dict[str, str]) -> dict[str, Any]:
        """Sends it twice at once. What the one that won got."""
        together = Barrier(2)

        def sent(_which: int) -> requests.Response:
            together.wait(timeout=20)
            return self.sends(form)

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(sent, range(2)), key=lambda answer: answer.status_code)
        assert [each.status_code for each in answers] == [200, 400]
        assert answers[1].json()["error"] == "invalid_grant"
        return answers[0].json()


def peer_of(story: Story, register: Callable[..., tuple[Any, str]], name: str) -> tuple[Peer, Any]:
    application, secret = register(name, redirect_addresses=[CALLBACK], asks_each_time=True)
    person = story.person(given_name="Piet", family_name="Maas")
    return Peer(story, application, secret, story.world.session(person)), person


def test_of_two_exchanges_of_one_code_at_once_a_running_server_grants_one_and_ends_what_it_got(
    story: Story, register: Callable[..., tuple[Any, str]]
) -> None:
    peer, _ = peer_of(story, register, "Rota of two exchanges")
    for _round in range(ROUNDS):
        peer.is_out(peer.one_wins(peer.code()))


def test_of_two_refreshes_at_once_a_running_server_grants_one_and_ends_what_it_got(
    story: Story, register: Callable[..., tuple[Any, str]]
) -> None:
    peer, _ = peer_of(story, register, "Rota of two refreshes")
    for _round in range(ROUNDS):
        first = peer.sends(peer.code()).json()
        peer.is_out(peer.one_wins(peer.refreshes(first)))
        peer.is_out(first)


def test_no_token_of_an_exchange_works_after_a_resecure_in_the_middle_of_it_has_returned(
    story: Story, register: Callable[..., tuple[Any, str]]
) -> None:
    peer, _ = peer_of(story, register, "Rota of a resecure")
    by = story.administrator()
    for _round in range(RESECURES):
        person = story.person(given_name="Piet", family_name="Maas")
        peer.cookies = {story.cookie: story.world.session(person)}
        forms = [peer.code() for _each in range(4)]
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(peer.sends, form) for form in forms]
            story.world.resecured(person, by=by)
            answers = [each.result() for each in sent]
        assert {each.status_code for each in answers} <= {200, 400}
        for each in answers:
            if each.status_code == 200:
                peer.is_out(each.json())
