"""Answers that are not what the issuer said to this browser, carried to real clients (RFC 9207; RFC 9700, 4.4, 4.5).

None of them lets anybody in. What each client checks by itself is stated here as it is, and in docs/applications.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from tests.journeys.outside.visitor import (  # noqa: F401 - old_node is asked by name
    Peer,
    Visitor,
    carried,
    changed,
    old_node,
    peer_of,
)
from tests.journeys.stories import Story

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
ANOTHER = "https://accounts.attacker.example"
CALLBACK = "https://rota.example.org/callback"
NPM = pytest.mark.skipif("old_node()", reason="these clients need Node 20 or newer")
CLIENTS = ["apache", pytest.param("express", marks=NPM), pytest.param("openid-client", marks=NPM)]
# What comes back at the application instead of what we answered.
FORGED: dict[str, dict[str, str | None]] = {
    "another issuer's name": {"iss": ANOTHER},
    "a code that we never gave": {"code": "A" * 43},
    "another issuer's code and name": {"code": "A" * 43, "iss": ANOTHER},
    "an answer to no question of this browser": {"state": "A" * 43},
    "an error in another issuer's name": {"code": None, "error": "access_denied", "iss": ANOTHER},
}

Register = Callable[..., tuple[Any, str]]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_lets_nobody_in_by_an_answer_that_is_not_its_issuers(
    story: Story, register: Register, tmp_path: Path, client: str
) -> None:
    with peer_of(story, register, tmp_path, client=client) as peer:
        for what, changes in FORGED.items():
            visitor = somebody(story, peer)
            visitor.arrives(changed(visitor.begins(), **changes))
            assert not visitor.is_in(), what
        somebody(story, peer).signs_in()  # and the answer as it was given


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_sees_another_issuer_never_sends_the_code_on(
    story: Story, register: Register, tmp_path: Path, client: str
) -> None:
    with peer_of(story, register, tmp_path, client=client) as peer:
        visitor = somebody(story, peer)
        mine = visitor.begins()
        visitor.arrives(changed(mine, iss=ANOTHER))
        assert not has_been_used(carried(mine, "code"))


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_without_an_issuer_is_taken_by_apache_alone(
    story: Story, register: Register, tmp_path: Path, client: str
) -> None:
    with peer_of(story, register, tmp_path, client=client) as peer:
        visitor = somebody(story, peer)
        visitor.arrives(changed(visitor.begins(), iss=None))
        assert visitor.is_in() is (client == "apache")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_code_of_somebody_else_or_of_another_application_lets_nobody_in(
    story: Story, register: Register, tmp_path: Path, client: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with (
        peer_of(story, register, tmp_path, client=client) as peer,
        peer_of(story, register, other, client="apache") as elsewhere,
    ):
        for source in (peer, elsewhere):
            victim, attacker = somebody(story, source), somebody(story, peer)
            stolen = victim.begins()
            attacker.arrives(changed(attacker.begins(), code=carried(stolen, "code")))
            assert not attacker.is_in(), source.client


def test_authlibs_session_looks_at_no_issuer_and_is_stopped_by_the_token_endpoint(
    story: Story, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the answer in another issuer's name and sends the code to the only token endpoint that it was told."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    application, secret = register("Rota by Authlib, mixed up", redirect_addresses=[CALLBACK], asks_each_time=True)
    other, others = register("Another by Authlib", redirect_addresses=[CALLBACK], asks_each_time=True)
    found = requests.get(f"{story.service.url}/.well-known/openid-configuration", timeout=10).json()
    assert found["authorization_response_iss_parameter_supported"] is True
    cookies = {story.cookie: story.world.session(story.person(given_name="Piet", family_name="Maas"))}

    def begun(client_id: Any, secret: str) -> tuple[Any, dict[str, str], str]:
        session = OAuth2Session(
            str(client_id), secret, scope="openid", redirect_uri=CALLBACK, code_challenge_method="S256"
        )
        verifier = generate_token(48)
        address, state = session.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier)
        answer = requests.get(address, cookies=cookies, allow_redirects=False, timeout=10).headers["Location"]
        return session, {"state": state, "code_verifier": verifier}, answer

    for client_id, its_secret in ((application.pk, secret), (other.pk, others)):
        _theirs, _way, stolen = begun(client_id, its_secret)
        session, way, answer = begun(application.pk, secret)
        forged = changed(answer, code=carried(stolen, "code"), iss=ANOTHER)
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.fetch_token(found["token_endpoint"], authorization_response=forged, **way)

    session, way, answer = begun(application.pk, secret)
    taken = session.fetch_token(found["token_endpoint"], authorization_response=changed(answer, iss=ANOTHER), **way)
    assert taken["access_token"], "the name in the answer is not looked at"


def somebody(story: Story, peer: Peer) -> Visitor:
    return Visitor(story, peer, story.person(given_name="Ines", family_name="Arkady"))


def has_been_used(code: str) -> bool:
    """Whether the code has been to our token endpoint: right or wrong, it is good for one use."""
    from resecure.identity.application_tokens import ApplicationToken, TokenKind
    from resecure.identity.tokens import digest

    return ApplicationToken.objects.get(kind=TokenKind.CODE, digest=digest(code)).used_at is not None
