"""An application signs a person in through us; a resecure ends all of it; nothing comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.applications import Kind
from resecure.identity.sessions import Session
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Client as From
from resecure.operations.sign_in import sign_in
from tests.conftest import World
from tests.oidc.party import CALLBACK, Party, Register, answer_of, browser_of, userinfo


def checked_by_another_library(token: str, *, kind: str = "JWT") -> dict[str, Any]:
    """The claims, the signature checked against the published keys by a second JOSE library."""
    keys = JWKSet.from_json(Client().get("/oidc/jwks").content.decode())
    made = JWT(jwt=token, key=keys, algs=["RS256"])
    assert json.loads(made.header)["typ"] == kind
    return dict(json.loads(made.claims))


def test_a_person_signs_in_to_an_application_and_it_learns_who_they_are(
    committed_world: World, register: Register
) -> None:
    person, party = committed_world.person(given_name="Ada", family_name="Lund"), register()
    browser = browser_of(committed_world, person)

    answer = answer_of(browser.get(party.question()))
    assert answer["iss"] == settings.RESECURE.public_url
    assert answer["state"] == party.state
    status, said = party.exchange(answer["code"])

    assert status == 200
    session = ApplicationSession.objects.get()
    claims = checked_by_another_library(said["id_token"])
    assert claims["sub"] == str(person.pk)
    assert claims["aud"] == party.id
    assert claims["nonce"] == party.nonce
    assert claims["sid"] == str(session.pk)
    assert claims["auth_time"] == int(session.session.started_at.timestamp())
    assert userinfo(said["access_token"]) == (
        200,
        {
            "sub": str(person.pk),
            "name": "Ada Lund",
            "given_name": "Ada",
            "family_name": "Lund",
            "email": person.address,
            "organisation": committed_world.practice.code,
            "organisation_name": committed_world.practice.name,
        },
    )
    told = party.introspect(said["access_token"])
    assert told["active"]
    assert told["sub"] == str(person.pk)
    assert told["client_id"] == party.id


@pytest.mark.parametrize(
    ("kind", "by_password", "acr", "amr"),
    [
        ("", True, "urn:resecure:acr:password", ["pwd"]),
        ("totp", True, "urn:resecure:acr:second-factor", ["pwd", "otp", "mfa"]),
        ("recovery_code", True, "urn:resecure:acr:second-factor", ["pwd", "mfa"]),
        ("passkey", True, "phr", ["pwd", "pop", "user", "mfa"]),
        ("passkey", False, "phr", ["pop", "user", "mfa"]),
    ],
)
def test_the_application_learns_how_the_person_signed_in(
    committed_world: World, register: Register, kind: str, by_password: bool, acr: str, amr: list[str]
) -> None:
    person, party = committed_world.person(), register()
    browser = browser_of(committed_world, person)
    given_at = timezone.now() if kind else None
    Session.objects.filter(account=person).update(
        second_factor_kind=kind, second_factor_at=given_at, by_password=by_password
    )

    _status, said = party.exchange(answer_of(browser.get(party.question()))["code"])

    claims = checked_by_another_library(said["id_token"])
    assert (claims["acr"], claims["amr"]) == (acr, amr)
    assert party.introspect(said["access_token"])["acr"] == acr


def test_after_a_resecure_nothing_that_any_application_held_counts(committed_world: World, register: Register) -> None:
    person, by, other = committed_world.person(), committed_world.administrator(), committed_world.person()
    party, bystander = register(), register()
    browser, bystanders = browser_of(committed_world, person), browser_of(committed_world, other)
    held, theirs = party.tokens(browser), bystander.tokens(bystanders)
    unused = party.code(browser)

    committed_world.resecured(person, by=by)

    assert userinfo(held["access_token"])[0] == 401
    assert party.introspect(held["access_token"]) == {"active": False}
    assert party.refresh(held["refresh_token"]) == (400, {"error": "invalid_grant"})
    assert party.exchange(unused)[1]["error"] == "invalid_grant"
    assert answer_of(browser.get(party.question(prompt="none")))["error"] == "login_required"
    assert userinfo(theirs["access_token"])[0] == 200
    assert bystander.refresh(theirs["refresh_token"])[0] == 200


def test_with_steps_owed_nothing_is_issued_and_authorize_leads_through_them(
    committed_world: World, register: Register
) -> None:
    person, by, party = committed_world.person(), committed_world.administrator(), register()
    committed_world.resecured(person, by=by)
    temporary = set_temporary_password(person.pk, by=by)
    begun = sign_in(person.address, temporary.password or "", client=From(address="192.0.2.1", name="test"))
    browser = Client()
    browser.cookies[settings.SIGN_IN_COOKIE] = begun.handle

    assert answer_of(browser.get(party.question(prompt="none")))["error"] == "interaction_required"
    led = browser.get(party.question(), follow=True)
    assert led.redirect_chain[-1][0] == "/sign-in/new-password/"
    assert not ApplicationSession.objects.exists()
    assert "/oidc/authorize" in browser.cookies[settings.NEXT_COOKIE].value


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_uri_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
    ],
)
def test_what_is_not_offered_is_refused_at_the_application(
    committed_world: World, register: Register, changes: dict[str, str | None], error: str
) -> None:
    browser = browser_of(committed_world, committed_world.person())
    answer = answer_of(browser.get(register().question(**changes)))
    assert answer["error"] == error
    assert answer["iss"] == settings.RESECURE.public_url
    assert "code" not in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": CALLBACK + "x"},
        {"redirect_uri": CALLBACK + "#part"},
        {"redirect_uri": CALLBACK.replace("https", "http")},
        {"redirect_uri": "https://rota.example.org.evil.example/callback"},
        {"redirect_uri": None},
        {"client_id": "00000000-0000-4000-8000-000000000000"},
        {"client_id": "no uuid"},
        {"client_id": None},
    ],
)
def test_nothing_is_sent_to_an_address_that_is_not_registered(
    committed_world: World, register: Register, changes: dict[str, str | None]
) -> None:
    response = browser_of(committed_world, committed_world.person()).get(register().question(**changes))
    assert response.status_code == 400
    assert "Location" not in response


def test_a_code_counts_once_and_its_second_use_ends_all_that_the_first_led_to(
    committed_world: World, register: Register
) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    code = party.code(browser)
    status, held = party.exchange(code)
    assert status == 200

    assert party.exchange(code)[1]["error"] == "invalid_grant"
    assert userinfo(held["access_token"])[0] == 401
    assert party.refresh(held["refresh_token"])[0] == 400


def test_a_refresh_token_counts_once_and_its_second_use_ends_the_application_session(
    committed_world: World, register: Register
) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    first = party.tokens(browser)
    status, second = party.refresh(first["refresh_token"])
    assert status == 200
    assert userinfo(second["access_token"])[0] == 200

    assert party.refresh(first["refresh_token"]) == (400, {"error": "invalid_grant"})
    assert party.refresh(second["refresh_token"])[0] == 400
    assert userinfo(second["access_token"])[0] == 401


def test_a_code_is_for_its_application_its_address_and_its_verifier(committed_world: World, register: Register) -> None:
    party, other, browser = register(), register(), browser_of(committed_world, committed_world.person())

    stolen = party.code(browser)
    assert other.exchange(stolen, code_verifier=party.verifier)[1]["error"] == "invalid_grant"
    assert party.exchange(stolen)[0] == 200, "whoever found it must not be able to use it up"
    assert party.exchange(party.code(browser), redirect_uri="https://elsewhere.example")[1]["error"] == "invalid_grant"
    assert party.exchange(party.code(browser), code_verifier="x" * 50)[1]["error"] == "invalid_grant"
    assert party.exchange(party.code(browser), code_verifier=None)[1]["error"] == "invalid_request"


def test_each_kind_of_token_opens_only_what_it_is_for(committed_world: World, register: Register) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    code, held = party.code(browser), party.tokens(browser)
    session = browser.cookies[settings.SESSION_COOKIE].value

    for wrong in (code, held["refresh_token"], held["id_token"], session):
        assert userinfo(wrong)[0] == 401
        assert party.introspect(wrong) == {"active": False}
    for wrong in (held["access_token"], held["refresh_token"], held["id_token"], session):
        assert party.exchange(wrong)[1]["error"] == "invalid_grant"
    for wrong in (held["access_token"], code, held["id_token"], session):
        assert party.refresh(wrong)[1]["error"] == "invalid_grant"
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {held['access_token']}"}).status_code == 401


def test_no_password_and_no_implicit_grant(committed_world: World, register: Register) -> None:
    party = register()
    person = committed_world.person()
    form = {"grant_type": "password", "username": person.address, "password": "correct horse battery staple"}
    assert party.post("/oidc/token", form)[1]["error"] == "unsupported_grant_type"
    assert party.post("/oidc/token", {"grant_type": "client_credentials"})[1]["error"] == "unauthorized_client"


def test_a_machine_signs_in_for_itself_and_may_ask_about_the_tokens_of_others(
    committed_world: World, register: Register
) -> None:
    machine, party, other = register(Kind.MACHINE), register(), register()
    held = party.tokens(browser_of(committed_world, committed_world.person()))
    status, said = machine.post("/oidc/token", {"grant_type": "client_credentials"})

    assert status == 200
    assert "refresh_token" not in said
    assert machine.introspect(said["access_token"])["client_id"] == machine.id
    assert "sub" not in machine.introspect(said["access_token"])
    assert userinfo(said["access_token"])[0] == 401
    assert machine.introspect(held["access_token"])["active"]
    assert other.introspect(held["access_token"]) == {"active": False}


def test_an_application_without_a_secret_signs_in_by_its_verifier_alone(
    committed_world: World, register: Register
) -> None:
    party = register(Kind.PUBLIC)
    browser = browser_of(committed_world, committed_world.person())
    held = party.tokens(browser)
    assert party.refresh(held["refresh_token"])[0] == 200
    confidential = register()
    nameless = Party(confidential.application, "")
    assert nameless.exchange(confidential.code(browser))[1]["error"] == "invalid_client"


def test_a_person_of_another_organisation_may_not_use_it(committed_world: World, register: Register) -> None:
    stranger = committed_world.person(organisation=committed_world.elsewhere)
    party, browser = register(), browser_of(committed_world, stranger)
    assert answer_of(browser.get(party.question(prompt="none")))["error"] == "access_denied"
    page = browser.get(party.question())
    assert page.status_code == 409
    assert "Your organisation does not use" in page.content.decode()


def test_prompt_login_and_max_age_ask_for_a_new_sign_in(committed_world: World, register: Register) -> None:
    from datetime import timedelta

    from resecure.identity.sessions import Session

    party, browser = register(), browser_of(committed_world, committed_world.person())
    assert "code" in answer_of(browser.get(party.question(max_age="60")))
    Session.objects.update(started_at=Session.objects.get().started_at - timedelta(minutes=5))
    for changes in ({"prompt": "login"}, {"max_age": "60"}):
        sent = browser.get(party.question(**changes))
        assert sent["Location"].startswith("/sign-in/?next=%2Foidc%2Fauthorize")
    assert answer_of(browser.get(party.question(max_age="60", prompt="none")))["error"] == "login_required"
    assert "code" in answer_of(browser.get(party.question(max_age="600")))


def test_revoking_the_refresh_token_ends_the_application_session(committed_world: World, register: Register) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    held = party.tokens(browser)
    assert party.post("/oidc/revoke", {"token": held["refresh_token"]})[0] == 200
    assert userinfo(held["access_token"])[0] == 401
    assert party.post("/oidc/revoke", {"token": "rrt_unknown"})[0] == 200
    again = party.tokens(browser)
    other = register()
    assert other.post("/oidc/revoke", {"token": again["refresh_token"]})[0] == 200
    assert userinfo(again["access_token"])[0] == 200


def test_signing_out_at_an_application_signs_out_of_the_portal_and_of_the_others(
    committed_world: World, register: Register
) -> None:
    party, other, browser = register(), register(), browser_of(committed_world, committed_world.person())
    held, beside_it = party.tokens(browser), other.tokens(browser)
    query = {
        "id_token_hint": held["id_token"],
        "post_logout_redirect_uri": "https://rota.example.org/bye",
        "state": "s",
    }

    asked = browser.get("/oidc/end-session", {"post_logout_redirect_uri": "https://rota.example.org/bye"})
    assert asked.status_code == 400, "nobody says which application asks"
    assert browser.get("/oidc/end-session").status_code == 200, "without an ID token, the person is asked"
    assert userinfo(held["access_token"])[0] == 200
    sent = browser.get("/oidc/end-session", query)

    assert sent["Location"] == "https://rota.example.org/bye?state=s"
    assert userinfo(held["access_token"])[0] == 401
    assert userinfo(beside_it["access_token"])[0] == 401


def test_the_discovery_document_says_what_is_so(committed_world: World) -> None:
    found = Client().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == settings.RESECURE.public_url
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert "password" not in found["grant_types_supported"]
    assert found["authorization_response_iss_parameter_supported"]
    assert found["backchannel_logout_session_supported"]
