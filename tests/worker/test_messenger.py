"""Applications are told that a session is over, once each, and what they say is what the page says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from resecure.connectors.applications import is_internal
from resecure.entrypoints.worker.worker import Worker
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.applications import Kind
from resecure.identity.sessions import Session
from resecure.operations.leave_application import leave_application
from resecure.propagation import outbox
from resecure.propagation.models import Delivery, Pause, State, System
from tests.conftest import World
from tests.oidc.party import Register, browser_of, userinfo
from tests.worker.conftest import until
from tests.worker.receiver import Receiver, receiver

Start = Callable[..., Worker]


@pytest.fixture
def application() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture(autouse=True)
def _may_tell_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(settings, "RESECURE", settings.RESECURE.model_copy(update={"application_networks": networks}))


def claims_of(token: str) -> dict[str, Any]:
    """The claims, by a second JOSE library; the type must be that of a logout token."""
    keys = JWKSet.from_json(Client().get("/oidc/jwks").content.decode())
    made = JWT(jwt=token, key=keys, algs=["RS256"])
    assert json.loads(made.header)["typ"] == "logout+jwt"
    return dict(json.loads(made.claims))


def told() -> list[Delivery]:
    return list(Delivery.objects.filter(system=System.APPLICATION).order_by("order"))


def all_done() -> bool:
    return bool(told()) and not Delivery.objects.filter(state=State.REQUESTED).exists()


def test_a_resecure_tells_every_application_of_every_session_once(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person, by, other = committed_world.person(), committed_world.administrator(), committed_world.person()
    parties = [register(logout_address=f"{application.address}/out/{number}") for number in range(3)]
    for browser in (browser_of(committed_world, person), browser_of(committed_world, person)):
        for party in parties:
            party.tokens(browser)
    parties[0].tokens(browser_of(committed_world, other))
    sids = {str(each.pk): str(each.application_id) for each in ApplicationSession.objects.filter(account=person)}

    resecuring = committed_world.resecured(person, by=by)
    start()
    until(all_done)

    said = [claims_of(each.form["logout_token"]) for each in application.got]
    assert {each["sid"]: each["aud"] for each in said} == sids
    assert len(said) == len({each["jti"] for each in said}) == 6
    for each in said:
        assert each["sub"] == str(person.pk)
        assert each["iss"] == settings.RESECURE.public_url
        assert each["exp"] - each["iat"] <= 120
        assert each["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
        assert "nonce" not in each
    progress = [each for each in outbox.progress(resecuring=resecuring.pk) if each.system is System.APPLICATION]
    assert {each.state for each in progress} == {State.ACKNOWLEDGED}
    assert all(each.told_at and each.milliseconds is not None for each in progress)
    assert ApplicationSession.objects.filter(account=other, ended_at=None).count() == 1


def test_our_own_tokens_are_dead_before_any_application_hears_of_it(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    party = register(logout_address=f"{application.address}/out")
    held = party.tokens(browser_of(committed_world, person))
    seen: list[int] = []

    def answer(_got: Any) -> tuple[int, dict[str, object]]:
        seen.append(userinfo(held["access_token"])[0])
        return 200, {}

    application.answers["/out"] = answer
    committed_world.resecured(person, by=by)
    start()
    until(all_done)
    assert seen == [401]


def test_signing_out_and_leaving_tell_only_what_ended(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person = committed_world.person()
    one, two = (
        register(logout_address=f"{application.address}/one"),
        register(logout_address=f"{application.address}/two"),
    )
    here, there = browser_of(committed_world, person), browser_of(committed_world, person)
    held = {(party.id, browser): party.tokens(browser) for party in (one, two) for browser in (here, there)}
    start()

    account = Session.objects.earliest("started_at").account
    account.acting_session = (
        ApplicationSession.objects.filter(application=one.id).order_by("started_at").first().session_id
    )
    left = ApplicationSession.objects.filter(application=one.id).order_by("started_at").first()
    leave_application(left.pk, by=account)
    until(lambda: len(application.got) == 1)
    assert claims_of(application.got[0].form["logout_token"])["sid"] == str(left.pk)
    assert userinfo(held[one.id, here]["access_token"])[0] == 401
    assert userinfo(held[two.id, here]["access_token"])[0] == 200

    there.post("/sign-out/")
    until(lambda: len(application.got) == 3)
    until(all_done)
    assert userinfo(held[two.id, there]["access_token"])[0] == 401
    assert userinfo(held[two.id, here]["access_token"])[0] == 200


def test_acknowledged_is_not_confirmed_where_the_application_can_be_asked(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    party = register(
        logout_address=f"{application.address}/out", question_address=f"{application.address}/is-it-active"
    )
    party.tokens(browser_of(committed_world, person))
    sid = str(ApplicationSession.objects.get().pk)
    lives = [True]
    application.answers["/is-it-active"] = lambda _got: (200, {"active": lives[0]})

    resecuring = committed_world.resecured(person, by=by)
    start()
    until(lambda: any("goes on" in each.failed_because for each in told()))
    (found,) = told()
    assert found.state == State.REQUESTED
    assert found.acknowledged_at is not None
    assert any(each.is_open for each in outbox.progress(resecuring=resecuring.pk))

    lives[0] = False
    outbox.retry([found.pk], now=found.requested_at)
    until(lambda: told()[0].state == State.CONFIRMED)
    assert application.at("/is-it-active")[-1].form["token"] == sid
    assert not any(each.is_open for each in outbox.progress(resecuring=resecuring.pk) if each.system != System.MAIL)


def test_what_cannot_be_told_is_said_and_what_asks_each_time_is_confirmed(
    committed_world: World, register: Register, start: Start
) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    browser = browser_of(committed_world, person)
    deaf = register(Kind.PUBLIC, logout_address="")
    asking = register(logout_address="", asks_each_time=True)
    deaf.tokens(browser)
    asking.tokens(browser)
    committed_world.resecured(person, by=by)
    start()
    until(all_done)
    states = {each.target: (each.state, each.failed_because) for each in told()}
    assert states[deaf.id] == ("failed", "the application has no address at which it could be told")
    assert states[asking.id] == ("confirmed", "")


def test_a_redirect_is_not_followed(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    register(logout_address=f"{application.address}/out").tokens(browser_of(committed_world, person))
    application.answers["/out"], application.location = 302, f"{application.address}/elsewhere"
    committed_world.resecured(person, by=by)
    start()
    until(lambda: told() and "refused the message (302)" in told()[0].failed_because)
    assert not application.at("/elsewhere")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/out",
        "http://localhost:9/out",
        "https://10.0.0.1/out",
        "https://169.254.169.254/latest",
        "https://[::1]/out",
        "https://[::ffff:10.0.0.1]/out",
    ],
)
def test_nothing_is_sent_into_an_internal_network(
    committed_world: World, register: Register, start: Start, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(settings, "RESECURE", settings.RESECURE.model_copy(update={"application_networks": []}))
    person, by = committed_world.person(), committed_world.administrator()
    register(logout_address=address).tokens(browser_of(committed_world, person))
    committed_world.resecured(person, by=by)
    start()
    until(all_done)
    (found,) = told()
    assert (found.state, found.failed_because) == ("failed", "the address leads into an internal network")


@pytest.mark.parametrize(
    ("address", "internal"),
    [
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("100.64.0.1", True),
        ("169.254.169.254", True),
        ("0.0.0.0", True),  # noqa: S104 - what is judged, not what is bound to
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("::1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::10.0.0.1", True),
        ("64:ff9b::8.8.8.8", False),
        ("2002:7f00:1::", True),
        ("192.0.0.192", True),
        ("168.63.129.16", True),
        ("64:ff9b:1::8.8.8.8", True),
        ("::127.0.0.1", True),
        ("::ffff:0:127.0.0.1", True),
        ("fec0::1", True),
    ],
)
def test_which_addresses_are_internal(address: str, internal: bool) -> None:
    assert is_internal(ip_address(address), []) is internal
    assert not is_internal(ip_address(address), [ip_network("0.0.0.0/0"), ip_network("::/0")])


def test_an_application_that_is_down_is_asked_now_and_then_and_then_gets_all_that_waited(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    by, party = committed_world.administrator(), register(logout_address=f"{application.address}/out")
    healthy = register(logout_address=f"{application.address}/healthy")
    people = [committed_world.person() for _each in range(12)]
    for person in people:
        browser = browser_of(committed_world, person)
        party.tokens(browser)
        healthy.tokens(browser)
    application.answers["/out"] = 503
    for person in people:
        committed_world.resecured(person, by=by)
    start()
    until(lambda: len(application.at("/healthy")) == 12)
    until(lambda: Pause.objects.filter(target=party.id, failures__gte=2).exists())
    assert Delivery.objects.filter(target=party.id, state=State.REQUESTED).count() == 12
    tries = len(application.at("/out"))
    assert tries <= 2 * 16, "those that wait do not all try"
    # A day of being asked every five minutes is more attempts than a refusal is allowed: nothing is given up.
    Delivery.objects.filter(target=party.id).update(attempts=300)
    until(lambda: Pause.objects.filter(target=party.id, failures__gte=4).exists())
    assert Delivery.objects.filter(target=party.id, state=State.REQUESTED).count() == 12
    tries = len(application.at("/out"))

    application.answers["/out"] = 200
    until(all_done, seconds=20)
    sent = [claims_of(each.form["logout_token"])["sid"] for each in application.at("/out")[tries:]]
    assert len(set(sent)) >= 11
    assert not Pause.objects.exists()


def test_a_worker_that_dies_with_a_delivery_in_hand_is_followed_by_another(
    committed_world: World, register: Register, application: Receiver, start: Start
) -> None:
    person, by = committed_world.person(), committed_world.administrator()
    register(logout_address=f"{application.address}/out").tokens(browser_of(committed_world, person))
    committed_world.resecured(person, by=by)
    from django.utils import timezone

    now = timezone.now()
    (fan_out,) = outbox.claim(now=now, system=System.APPLICATIONS)
    assert outbox.claim(now=now, system=System.APPLICATIONS) == [], "nobody takes what another has"
    Delivery.objects.filter(pk=fan_out.pk).update(claimed_until=now - timedelta(seconds=1))
    start()
    start()
    until(all_done)
    assert len(application.got) == 1
