"""What is good for one thing is good for nothing else: logout tokens, tokens of others, second uses at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client
from django.utils import timezone

from resecure.audit.models import Record
from resecure.entrypoints.worker.logout_tokens import logout_token, question_token
from resecure.identity import signing_keys
from resecure.identity.application_sessions import ApplicationSession
from resecure.propagation.models import Delivery, System
from tests.attacks.racing import at_once
from tests.conftest import World
from tests.oidc.party import Party, Register, browser_of, userinfo


def told_of(party: Party, person: Any) -> Delivery:
    """What the messenger has in hand for a session of this person at this application."""
    session = ApplicationSession.objects.get(account=person, application=party.application)
    return Delivery(
        pk=uuid4(),
        system=System.APPLICATION,
        target=party.id,
        account=person.pk,
        payload={"sid": str(session.pk)},
    )


def test_what_we_say_to_an_application_opens_nothing_here(committed_world: World, register: Register) -> None:
    person, party = committed_world.person(), register()
    browser = browser_of(committed_world, person)
    held = party.tokens(browser)
    now, issuer = timezone.now(), settings.RESECURE.public_url
    delivery = told_of(party, person)
    sign = signing_keys.signer(now=now)

    for said in (
        logout_token(delivery, issuer=issuer, now=now, sign=sign),
        question_token(delivery, issuer=issuer, now=now),
    ):
        assert userinfo(said)[0] == 401
        assert party.introspect(said) == {"active": False}
        assert party.exchange(said)[1]["error"] == "invalid_grant"
        assert party.refresh(said)[1]["error"] == "invalid_grant"
        assert party.post("/oidc/revoke", {"token": said})[0] == 200
        assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {said}"}).status_code == 401
        # As a hint it would end a session without a question.
        asked = browser.get("/oidc/end-session", {"id_token_hint": said})
        assert asked.status_code in {200, 400}
        assert ApplicationSession.objects.filter(account=person, ended_at=None).exists()
    assert userinfo(held["access_token"])[0] == 200, "and nothing of it was ended"


def test_a_hint_of_another_session_or_that_is_no_id_token_ends_nothing_without_a_question(
    committed_world: World, register: Register
) -> None:
    victim, attacker = committed_world.person(), committed_world.person()
    party, other = register(), register()
    theirs = browser_of(committed_world, victim)
    party.tokens(theirs)
    stolen = other.tokens(browser_of(committed_world, attacker))

    for hint in (stolen["id_token"], stolen["access_token"], stolen["refresh_token"], "nonsense"):
        answer = theirs.get("/oidc/end-session", {"id_token_hint": hint, "client_id": party.id})
        assert answer.status_code in {200, 400}
        assert committed_world.passes(theirs.cookies[settings.SESSION_COOKIE].value)
    assert ApplicationSession.objects.filter(account=victim, ended_at=None).count() == 1


def test_of_two_exchanges_of_one_code_at_once_one_wins_and_what_it_got_is_ended(
    committed_world: World, register: Register
) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    for _each in range(5):
        code = party.code(browser)
        answers = at_once(*[lambda code=code: party.exchange(code)] * 3)

        won = [said for status, said in answers if status == 200]
        assert len(won) == 1, answers
        assert {said["error"] for status, said in answers if status != 200} == {"invalid_grant"}
        assert userinfo(won[0]["access_token"])[0] == 401
        assert party.refresh(won[0]["refresh_token"])[0] == 400
    assert Record.objects.filter(event="application_token_reused").count() == 5, "once on record for each"


def test_of_two_refreshes_at_once_one_wins_and_the_application_session_is_over(
    committed_world: World, register: Register
) -> None:
    party, browser = register(), browser_of(committed_world, committed_world.person())
    for _each in range(5):
        held = party.tokens(browser)
        answers = at_once(*[lambda held=held: party.refresh(held["refresh_token"])] * 3)

        won = [said for status, said in answers if status == 200]
        assert len(won) == 1, answers
        for access in (held["access_token"], won[0]["access_token"]):
            assert userinfo(access)[0] == 401
        assert party.refresh(won[0]["refresh_token"])[0] == 400
