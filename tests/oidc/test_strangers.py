"""What strangers send to the OpenID provider and to forward auth: a clear no, and nothing lost."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from resecure.entrypoints import database
from resecure.entrypoints.gate.gate import gate
from resecure.identity.applications import Kind
from resecure.identity.sessions import Session
from tests.conftest import World
from tests.oidc.party import Party, Register, answer_of, browser_of, userinfo

pytestmark = pytest.mark.database
FORM = "application/x-www-form-urlencoded"
HTTPS, HTTP = "https://rota.example.org", "http://127.0.0.1:9"


def behind_proxy(world: World, register: Register, person: Any, address: str = HTTPS) -> tuple[Party, str]:
    """Forward auth, the whole way in; and the pass that the browser then holds."""
    party = register(Kind.FORWARD, address=address, redirect_addresses=[], after_sign_out_addresses=[])
    at_the_application = Client()
    begun = at_the_application.get(f"/forward/{party.id}/begin")
    at_the_application.cookies.load(begun["Set-Cookie"])
    there = begun["Location"].removeprefix(settings.RESECURE.public_url)
    back = browser_of(world, person).get(there)["Location"]
    at_the_application.get(f"/forward/{party.id}/enter", {"code": parse_qs(urlsplit(back).query)["code"][0]})
    [found] = [each.value for each in at_the_application.cookies.values() if each.key.endswith("resecure-forward")]
    return party, found


def asked(path: str, cookie: str = "", **environ: str) -> int:
    said: list[str] = []
    gate({"PATH_INFO": path, "HTTP_COOKIE": cookie, **environ}, lambda status, _headers: said.append(status))
    return int(said[0].split()[0])


def test_which_application_asks_is_said_by_the_path_and_by_no_header(world_of: Any) -> None:
    world, register, person = world_of
    first, held = behind_proxy(world, register, person)
    second, _other = behind_proxy(world, register, person)
    cookie = f"__Host-resecure-forward={held}"

    assert asked(f"/gate/{first.id}", cookie) == 204
    assert asked(f"/gate/{second.id}", cookie) == 401
    assert asked(f"/gate/{second.id}", cookie, HTTP_X_RESECURE_APPLICATION=first.id) == 401
    assert asked("/gate", cookie, HTTP_X_RESECURE_APPLICATION=first.id) == 401


@pytest.mark.parametrize(("address", "right", "wrong"), [(HTTPS, "__Host-", ""), (HTTP, "", "__Host-")])
def test_only_the_cookie_that_the_applications_address_has_opens_it(
    world_of: Any, address: str, right: str, wrong: str
) -> None:
    world, register, person = world_of
    party, held = behind_proxy(world, register, person, address)

    assert asked(f"/gate/{party.id}", f"{right}resecure-forward={held}") == 204
    assert asked(f"/gate/{party.id}", f"{wrong}resecure-forward={held}") == 401
    assert asked(f"/gate/{party.id}", f"__Host-resecure-forward=dead; {wrong}resecure-forward={held}") == 401


@pytest.mark.parametrize("state", ["", "\0", "é", "short", "A" * 64])
def test_the_way_into_an_application_begins_nowhere_else(world_of: Any, state: str) -> None:
    world, register, person = world_of
    party = register(Kind.FORWARD, address=HTTPS, redirect_addresses=[], after_sign_out_addresses=[])

    assert browser_of(world, person).get(f"/forward/{party.id}/", {"state": state}).status_code == 400


def test_a_sign_out_that_is_posted_from_another_site_still_ends_the_session(world_of: Any) -> None:
    world, register, person = world_of
    party, browser = register(), browser_of(world, person)
    held = party.tokens(browser)
    form = {"id_token_hint": held["id_token"], "post_logout_redirect_uri": "https://rota.example.org/bye", "odd": "1"}

    led = Client().post("/oidc/end-session", form)  # a form of another site comes without our cookie

    assert led.status_code == 303
    assert "odd" not in led["Location"]
    assert not led.cookies
    assert browser.get(led["Location"])["Location"] == "https://rota.example.org/bye"
    assert userinfo(held["access_token"])[0] == 401
    assert Session.objects.get(account=person).ended_at is not None


def test_nobody_is_signed_out_by_a_link_or_form_that_ends_nothing(world_of: Any) -> None:
    world, _register, person = world_of
    browser, another = browser_of(world, person), browser_of(world, world.person())
    seal = parse_qs(urlsplit(_confirm_link(another)).query)["confirmed"][0]

    foreign = browser.get("/oidc/end-session", {"confirmed": seal})
    bare = Client().post("/oidc/end-session")
    without = Client().get("/oidc/end-session")

    assert foreign.status_code == 400
    assert settings.SESSION_COOKIE not in foreign.cookies
    assert not bare.cookies
    assert not without.cookies
    assert browser.get("/my-account/").status_code == 200


def _confirm_link(browser: Client) -> str:
    page = browser.get("/oidc/end-session").content.decode()
    return next(part for part in page.split('"') if "confirmed=" in part)


def test_a_refresh_that_asks_for_too_much_is_refused_and_costs_nothing(world_of: Any) -> None:
    world, register, person = world_of
    party = register()
    held = party.tokens(browser_of(world, person))

    for scope in ("openid admin", "x" * 700, "openid\0"):
        assert party.refresh(held["refresh_token"], scope=scope)[0] == 400
    status, said = party.refresh(held["refresh_token"], scope="openid openid email")

    assert status == 200
    assert said["scope"] == "openid email"
    assert userinfo(said["access_token"])[0] == 200


@pytest.mark.parametrize("path", ["/oidc/token", "/oidc/revoke"])
@pytest.mark.parametrize("value", [b64encode(b"\xfe\x00").decode(), "/zoA", "é", "a", ""])
def test_a_basic_header_that_is_no_text_is_a_bad_request(world_of: Any, path: str, value: str) -> None:
    form = "grant_type=client_credentials&token=x"

    answer = Client().post(path, form, FORM, headers={"Authorization": f"Basic {value}"})

    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256", "crit": 5},
        {"alg": "RS256", "crit": ["x"]},
        {"alg": "RS256", "kid": 5},
        {"alg": 5},
        {"alg": "none"},
        [],
        5,
    ],
)
def test_an_id_token_hint_of_any_shape_is_no_hint(world_of: Any, header: Any) -> None:
    world, register, person = world_of
    party, browser = register(), browser_of(world, person)
    hint = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + ".e30.eA"

    assert browser.get("/oidc/end-session", {"id_token_hint": hint}).status_code == 200
    assert answer_of(browser.get(party.question(id_token_hint=hint, prompt="none")))["error"] == "login_required"


def test_an_id_token_of_another_application_is_no_hint(world_of: Any) -> None:
    world, register, person = world_of
    party, other, browser = register(), register(), browser_of(world, person)
    theirs, own = other.tokens(browser)["id_token"], party.tokens(browser)["id_token"]

    assert answer_of(browser.get(party.question(id_token_hint=theirs, prompt="none")))["error"] == "login_required"
    assert "code" in answer_of(browser.get(party.question(id_token_hint=own, prompt="none")))


@pytest.mark.parametrize("name", ["nonce", "state", "login_hint", "acr_values"])
def test_a_value_that_is_no_text_is_refused_at_the_application(world_of: Any, name: str) -> None:
    world, register, person = world_of

    answer = answer_of(browser_of(world, person).get(register().question(**{name: "a\0b"})))

    assert answer["error"] == "invalid_request"


def test_a_request_too_long_to_be_kept_during_a_sign_in_is_refused_at_once(world_of: Any) -> None:
    world, register, person = world_of
    question = register().question(state="s" * 1900)

    assert answer_of(Client().get(question))["error"] == "invalid_request"
    assert "code" in answer_of(browser_of(world, person).get(question))


def test_a_browser_application_may_ask_userinfo_from_its_own_origin() -> None:
    from resecure.entrypoints.oidc.asking import asking

    said: list[Any] = []
    asking({"PATH_INFO": "/oidc/userinfo", "REQUEST_METHOD": "OPTIONS"}, lambda *each: said.extend(each))

    assert said[0] == "204 No Content"
    assert dict(said[1])["Access-Control-Allow-Headers"] == "Authorization"


def test_behind_a_pooler_no_statement_is_prepared(world_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    parameters = {**connections["default"].get_connection_params(), "prepare_threshold": None}
    monkeypatch.setattr(connections["default"], "get_connection_params", lambda: dict(parameters))
    monkeypatch.setattr(database, "_prepares", lambda: False)
    database.forget_connection()

    for _each in range(8):
        database.connection().execute("SELECT %s::int", [1])
        assert database.ask("SELECT %s::text", ("x",)) == ("x",)

    [prepared] = database.connection().execute("SELECT count(*) FROM pg_prepared_statements").fetchone() or (None,)
    assert prepared == 0
