"""Authlib's client over HTTP: discovery, PKCE, the ID token, refresh, introspection, revocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.journeys.stories import Story

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
CALLBACK = "https://rota.example.org/callback"


def test_authlibs_client_signs_in_refreshes_and_is_out_with_the_resecure(
    story: Story, register: Callable[..., tuple[Any, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the service of the journeys speaks plain HTTP
    application, secret = register("Rota by Authlib", redirect_addresses=[CALLBACK], asks_each_time=True)
    person, by = story.person(given_name="Piet", family_name="Maas"), story.administrator()
    found = requests.get(f"{story.service.url}/.well-known/openid-configuration", timeout=10).json()
    client = OAuth2Session(
        str(application.pk),
        secret,
        scope="openid profile email",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = client.create_authorization_url(
        found["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    cookies = {story.cookie: story.world.session(person)}
    answer = requests.get(address, cookies=cookies, allow_redirects=False, timeout=10)
    back = answer.headers["Location"]
    assert back.startswith(CALLBACK)
    assert parse_qs(urlsplit(back).query)["iss"] == [found["issuer"]]

    token = client.fetch_token(
        found["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=10).json())
    made = jwt.decode(token["id_token"], keys, ["RS256"])
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": found["issuer"]},
        aud={"essential": True, "value": str(application.pk)},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True, "value": str(person.pk)},
    ).validate(made.claims)
    assert client.get(found["userinfo_endpoint"]).json()["email"] == person.address
    refreshed = client.refresh_token(found["token_endpoint"])
    assert refreshed["access_token"] != token["access_token"]
    assert client.introspect_token(found["introspection_endpoint"], token=refreshed["access_token"]).json()["active"]

    story.world.resecured(person, by=by)

    assert client.introspect_token(found["introspection_endpoint"], token=refreshed["access_token"]).json() == {
        "active": False
    }
    assert client.get(found["userinfo_endpoint"]).status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token(found["token_endpoint"])
    assert client.revoke_token(found["revocation_endpoint"], refreshed["refresh_token"]).status_code == 200
