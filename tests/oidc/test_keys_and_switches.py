"""Signing keys come and go without anybody noticing; a switch of RFC 9700 that is off is noticed at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from jwcrypto.jwt import JWTMissingKey

from resecure.entrypoints.console.doctor import _problems_of_provider
from resecure.entrypoints.oidc import server as module
from resecure.entrypoints.oidc.switches import switched_off
from resecure.identity import signing_keys
from resecure.identity.accounts import system_account
from resecure.identity.signing_keys import SigningKey
from resecure.operations.rotate_signing_key import rotate_signing_key
from tests.conftest import World
from tests.oidc.party import Register, browser_of
from tests.oidc.test_provider import checked_by_another_library


def published() -> list[str]:
    return [each["kid"] for each in Client().get("/oidc/jwks").json()["keys"]]


def test_the_next_key_is_published_before_it_signs_and_the_last_one_stays_a_while(world: World) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        first = rotate_signing_key(by=system_account())
        assert first is not None
        assert rotate_signing_key(by=system_account()) is None
        clock.shift(timedelta(days=89, minutes=1))
        second = rotate_signing_key(by=system_account())
        assert second is not None
        assert published() == [str(first.pk), str(second.pk)]
        assert signing_keys.signing(now=timezone.now()).pk == first.pk
        clock.shift(timedelta(days=1))
        assert signing_keys.signing(now=timezone.now()).pk == second.pk
        rotate_signing_key(by=system_account())
        assert published() == [str(first.pk), str(second.pk)]
        clock.shift(timedelta(days=2))
        rotate_signing_key(by=system_account())
        assert published() == [str(second.pk)]
        assert bytes(SigningKey.objects.get(pk=first.pk).private) == b""


def test_a_key_that_leaked_is_off_the_list_at_once(committed_world: World, register: Register) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    old = party.tokens(browser)["id_token"]
    before = published()
    made = rotate_signing_key(by=system_account(), at_once=True)

    assert made is not None
    assert published() == [str(made.pk)] != before
    checked_by_another_library(party.tokens(browser)["id_token"])
    with pytest.raises(JWTMissingKey):
        checked_by_another_library(old)


def test_no_private_half_is_stored_in_clear_or_published(world: World) -> None:
    rotate_signing_key(by=system_account())
    (found,) = SigningKey.objects.all()
    assert b"PRIVATE" not in bytes(found.private)
    assert set(Client().get("/oidc/jwks").json()["keys"][0]) == {"kty", "n", "e", "kid", "use", "alg"}


def test_every_switch_is_on() -> None:
    assert switched_off() == {}
    assert _problems_of_provider() == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("codes_only", lambda m: m.server()._authorization_grants.append((object, None))),
        ("no_password_grant", lambda m: m.server()._token_grants.append((object, None))),
        ("no_password_grant", lambda m: m.GRANTS.__setitem__("web", {"password"})),
        ("pkce", lambda m: m.S256.SUPPORTED_CODE_CHALLENGE_METHOD.append("plain")),
        ("pkce", lambda m: setattr(m.server()._authorization_grants[0][1][0], "required", False)),
        ("exact_redirect_address", lambda m: setattr(m.Client, "check_redirect_uri", lambda *_given: True)),
        ("secrets_needed", lambda m: setattr(m.Client, "check_endpoint_auth_method", lambda *_given: True)),
    ],
)
def test_a_switch_that_is_off_stops_the_doctor(name: str, change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for holder, attribute in (
        (module.Client, "check_redirect_uri"),
        (module.Client, "check_endpoint_auth_method"),
        (module.S256, "SUPPORTED_CODE_CHALLENGE_METHOD"),
    ):
        value = getattr(holder, attribute)
        monkeypatch.setattr(holder, attribute, list(value) if isinstance(value, list) else value)
    monkeypatch.setattr(module, "GRANTS", module.GRANTS)
    kept = dict(module.GRANTS)
    module.server.cache_clear()
    try:
        change(module)
        assert name in switched_off()
        assert f"oauth_{name}" in [each.code for each in _problems_of_provider() if each.weight == "error"]
    finally:
        module.GRANTS.update(kept)
        module.server.cache_clear()
