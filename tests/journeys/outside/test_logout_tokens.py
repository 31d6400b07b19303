"""Logout tokens at the places where real clients take them (OpenID Connect Back-Channel Logout 1.0, 2.6 and 2.7).

A good one ends the session there; a forged or wrong one does not. What a client does not check is stated here as
it is, and in docs/applications.md with why it opens nothing.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import RSAKey

from resecure.entrypoints.worker.logout_tokens import EVENT
from tests.journeys.outside.visitor import (  # noqa: F401 - old_node is asked by name
    Peer,
    Visitor,
    old_node,
    peer_of,
)
from tests.journeys.stories import Story

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
CLIENTS = [
    "apache",
    pytest.param("express", marks=pytest.mark.skipif("old_node()", reason="this client needs Node 20 or newer")),
]
TAKEN = {"apache": 200, "express": 204}
LONG_AGO = {"iat": int(time()) - 3720, "exp": int(time()) - 3600}
# By its claims, signed with the issuer's own key. Both refuse each.
WRONG: dict[str, dict[str, Any]] = {
    "for another application": {"aud": str(uuid4())},
    "of another issuer": {"iss": "https://accounts.attacker.example"},
    "expired": LONG_AGO,
    "with a nonce": {"nonce": "as in an ID token"},
    "without the event": {"events": None},
    "with another event": {"events": {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": {}}},
}
# What one takes and the other does not, and what both take: the state afterwards is "in" where True.
NOT_CHECKED: dict[str, tuple[dict[str, Any], dict[str, bool]]] = {
    # Apache answers 200 and keeps the session: so an answer is no more than *acknowledged*.
    "without a session": ({"sid": None}, {"apache": True, "express": False}),
    "without a jti": ({"jti": None}, {"apache": False, "express": False}),
    "without an end": ({"exp": None}, {"apache": False, "express": False}),
    "for another person": ({"sub": str(uuid4())}, {"apache": False, "express": False}),
}


@dataclass
class Told:
    """One person in one session at the application, and what may be said about it."""

    visitor: Visitor
    claims: dict[str, Any]

    def token(self, *, typ: str = "logout+jwt", **changes: Any) -> str:
        from resecure.identity import signing_keys

        said = {name: value for name, value in {**self.claims, **changes}.items() if value is not None}
        return signing_keys.signed(said, typ=typ, now=timezone.now())

    def says(self, token: str) -> int:
        peer = self.visitor.peer
        return requests.post(peer.logout, data={"logout_token": token}, timeout=20).status_code


Begin = Callable[[], Told]


def beginning(story: Story, peer: Peer) -> Begin:
    """Signs somebody in each time, and knows the session by its ``sid``."""
    from resecure.identity.application_sessions import ApplicationSession

    def begun() -> Told:
        person = story.person(given_name="Ines", family_name="Arkady")
        visitor = Visitor(story, peer, person)
        visitor.signs_in()
        session = ApplicationSession.objects.get(account=person, application=peer.application)
        now = int(time())
        return Told(
            visitor,
            {
                "iss": story.service.url,
                "sub": str(person.pk),
                "aud": str(peer.application.pk),
                "iat": now,
                "exp": now + 120,
                "jti": str(uuid4()),
                "sid": str(session.pk),
                "events": {EVENT: {}},
            },
        )

    return begun


@pytest.fixture
def running_peer(
    story: Story, register: Callable[..., tuple[Any, str]], tmp_path: Path, request: pytest.FixtureRequest
) -> Any:
    with peer_of(story, register, tmp_path, client=request.param) as peer:
        yield peer.client, beginning(story, peer)


at_each = pytest.mark.parametrize("running_peer", CLIENTS, indirect=True)


@at_each
def test_a_good_logout_token_ends_the_session_at_a_real_client(running_peer: tuple[str, Begin]) -> None:
    client, begin = running_peer
    one, another = begin(), begin()

    assert one.says(one.token()) == TAKEN[client]

    assert not one.visitor.is_in()
    assert another.visitor.is_in()


@at_each
def test_a_logout_token_with_a_wrong_claim_ends_nothing_at_a_real_client(running_peer: tuple[str, Begin]) -> None:
    _client, begin = running_peer
    told = begin()
    for what, changes in WRONG.items():
        assert told.says(told.token(**changes)) == 400, what
        assert told.visitor.is_in(), what


@at_each
def test_what_the_issuer_did_not_sign_ends_nothing_at_a_real_client(running_peer: tuple[str, Begin]) -> None:
    from resecure.identity import signing_keys

    _client, begin = running_peer
    told = begin()
    good = told.token()
    stranger = RSAKey.generate_key(2048)
    for kid in (signing_keys.published()[-1]["kid"], "a key of my own"):
        header = {"alg": "RS256", "typ": "logout+jwt", "kid": kid}
        assert told.says(jwt.encode(header, told.claims, stranger, ["RS256"])) == 400, kid
    assert told.says(unsigned(told.claims)) == 400
    head, body, signature = good.split(".")
    assert told.says(f"{head}.{body}.{signature[:-8]}AAAAAAAA") == 400
    assert told.says("nonsense") == 400
    assert told.says("") == 400
    assert told.visitor.is_in()


@at_each
def test_an_id_token_is_no_logout_token_at_a_real_client(running_peer: tuple[str, Begin]) -> None:
    _client, begin = running_peer
    told = begin()
    id_token = told.token(typ="JWT", events=None, nonce="of the sign-in", auth_time=told.claims["iat"])

    assert told.says(id_token) == 400

    assert told.visitor.is_in()


@at_each
def test_no_real_client_looks_at_the_type_so_that_the_event_alone_tells_a_logout_token(
    running_peer: tuple[str, Begin],
) -> None:
    """We sign the event into logout tokens and into nothing else."""
    client, begin = running_peer
    for typ in ("JWT", "at+jwt", "session-question+jwt"):
        told = begin()
        assert told.says(told.token(typ=typ)) == TAKEN[client]
        assert not told.visitor.is_in()


@at_each
def test_what_a_real_client_takes_though_we_never_send_it(running_peer: tuple[str, Begin]) -> None:
    client, begin = running_peer
    for what, (changes, stays_in) in NOT_CHECKED.items():
        told = begin()
        assert told.says(told.token(**changes)) == TAKEN[client], what
        assert told.visitor.is_in() is stays_in[client], what


@at_each
def test_a_logout_token_of_long_ago_that_never_ends_is_refused_by_apache_alone(running_peer: tuple[str, Begin]) -> None:
    client, begin = running_peer
    told = begin()

    answer = told.says(told.token(iat=LONG_AGO["iat"]))

    assert (answer, told.visitor.is_in()) == {"apache": (400, True), "express": (204, False)}[client]


@at_each
def test_a_logout_token_sent_again_is_refused_by_apache_and_ends_the_next_session_at_express(
    running_peer: tuple[str, Begin],
) -> None:
    """Express notes the person as well as the session. Who copied a token can for two minutes sign that person out
    there, and nothing else."""
    client, begin = running_peer
    told = begin()
    copied = told.token()
    assert told.says(copied) == TAKEN[client]
    told.visitor.signs_in()

    again = told.says(copied)

    assert (again, told.visitor.is_in()) == {"apache": (400, True), "express": (204, False)}[client]
    if not told.visitor.is_in():
        told.visitor.signs_in()
    late = told.token(**LONG_AGO, jti=told.claims["jti"])
    assert told.says(late) == 400
    assert told.visitor.is_in(), "and not even that once its two minutes are over"


def unsigned(claims: dict[str, Any]) -> str:
    """The claims under ``alg: none``."""
    parts = (json.dumps(each).encode() for each in ({"alg": "none", "typ": "logout+jwt"}, claims))
    return ".".join(urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."
