"""The detour in the middle of a form: nothing of what was typed is lost, nothing secret comes back in clear."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from resecure.identity.sessions import Session
from tests.conftest import PASSWORD, World

pytestmark = pytest.mark.django_db
TYPED = "velvet otter marching nowhere"


@pytest.fixture
def desk(world: World, settings: Any) -> tuple[Any, Client]:
    """An administrator, and a browser in which the second factor was given too long ago."""
    settings.RESECURE = settings.RESECURE.model_copy(update={"second_factor_required": True})
    by, client = world.administrator(factor=True), Client()
    client.cookies[django_settings.SESSION_COOKIE] = world.session(by, proven=False)
    return by, client


def hidden(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found is not None
    return html.unescape(found[1])


def test_confirm_goes_on_as_it_was_sent(world: World, desk: Any) -> None:
    (by, client), person = desk, world.person()
    path = f"/user-management/{person.pk}/resecure/"
    sent = {"because": "forgotten_secret", "method": "in_person", "reference": "call 4711", "key": str(uuid4())}
    answer = client.post(path, sent)
    assert answer.status_code == 403
    assert b"Show that it is you" in answer.content
    assert world.records("account_resecured", person) == 0
    kept = hidden(answer, "step_up_kept")
    wrong = client.post(path, {"step_up_kept": kept, "code": "000000"})
    assert wrong.status_code == 422
    kept = hidden(wrong, "step_up_kept")
    answer = client.post(path, {"step_up_kept": kept, "code": world.code(by)})
    assert answer.status_code == 302
    assert answer["Location"].endswith("/temporary-password/")
    assert world.records("account_resecured", person) == 1


def test_a_typed_password_travels_sealed(world: World, desk: Any) -> None:
    (by, client), person = desk, world.person()
    world.resecured(person, by=by)
    person.refresh_from_db()
    path = f"/user-management/{person.pk}/temporary-password/"
    sent = {
        "how": "type",
        "typed": TYPED,
        "require_change": "on",
        "seen_generation": person.generation,
        "key": str(uuid4()),
    }
    answer = client.post(path, sent)
    assert TYPED.encode() not in answer.content
    answer = client.post(path, {"step_up_kept": hidden(answer, "step_up_kept"), "code": world.code(by)})
    assert answer.status_code == 200
    assert TYPED.encode() in answer.content  # the page that shows it, once


@pytest.mark.parametrize("odd", ["", "x", "main.AAAA", "another path", "another session"])
def test_what_was_kept_for_something_else_is_not_gone_on_with(world: World, desk: Any, odd: str) -> None:
    (by, client), person = desk, world.person()
    path = f"/user-management/{person.pk}/disable/"
    kept = hidden(client.post(path), "step_up_kept")
    if odd == "another path":
        path = f"/user-management/{world.person().pk}/disable/"
    elif odd == "another session":
        client.cookies[django_settings.SESSION_COOKIE] = world.session(by, proven=False)
    else:
        kept = odd
    answer = client.post(path, {"step_up_kept": kept, "code": world.code(by)})
    assert answer.status_code == 302
    assert answer["Location"] == path
    assert not Session.objects.filter(second_factor_at__gt=timezone.now().replace(year=2000)).exists()
    assert world.records("account_disabled", person) == 0


def test_signing_in_asks_for_the_code_and_then_leads_home(world: World) -> None:
    by, client = world.administrator(factor=True), Client()
    answer = client.post("/sign-in/", {"address": by.address, "password": PASSWORD})
    assert answer["Location"] == "/sign-in/second-factor/"
    assert b"Your password was right" in client.get("/sign-in/second-factor/").content
    assert client.get("/my-account/").status_code == 302
    answer = client.post("/sign-in/second-factor/", {"code": "12"})
    assert b"This code is not right" in answer.content
    answer = client.post("/sign-in/second-factor/", {"code": world.code(by)})
    assert answer["Location"] == "/"
    assert client.get("/my-account/second-factor/").status_code == 200
