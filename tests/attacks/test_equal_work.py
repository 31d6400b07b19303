"""Every answer costs the same comparing: no answer comes sooner because nothing was compared. Counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from resecure.entrypoints.web import middleware
from resecure.identity import authentications, passwords, secret_store
from resecure.identity.authentications import Authentication
from resecure.operations.authenticate import ask_for_letters, authenticate
from resecure.operations.shared import on_schedule
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import NotFound, NotSignedIn, Refused
from tests.attacks.stories import HERE, letters_at
from tests.conftest import PASSWORD, World


def counted(call: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Counter[str]]:
    """How it ends, and how often something was opened, compared or hashed on the way."""
    work: Counter[str] = Counter()
    watched = [(secret_store, "decrypted"), (authentications, "_equal"), (passwords._hasher, "verify")]
    with monkeypatch.context() as patched:
        for at, name in watched:
            told = getattr(at, name)

            def noted(*args: Any, told: Any = told, name: str = name, **more: Any) -> Any:
                work[name] += 1
                return told(*args, **more)

            patched.setattr(at, name, noted)
        try:
            return call(), work
        except (Refused, NotFound, NotSignedIn) as no:
            return type(no), work


class Noted:
    """A log that only notes when it is written to."""

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened

    def info(self, *_given: Any, **_more: Any) -> None:
        self.happened.append("logged")


@pytest.mark.parametrize("typed", [True, False])
def test_yes_no_locked_over_unknown_and_out_of_scope_open_and_compare_as_much(
    world: World, monkeypatch: pytest.MonkeyPatch, typed: bool
) -> None:
    by, there = world.administrator(), world.administrator(organisation=world.elsewhere)
    outside = world.person(organisation=world.elsewhere)
    asked = {
        name: (person.pk, ask_for_letters(person.pk, by=asker))
        for name, person, asker in [
            *((each, world.person(), by) for each in ("answered", "locked", "until it is lifted")),
            ("out of scope", outside, there),
        ]
    }
    Authentication.objects.filter(pk=asked["locked"][0]).update(locked_until=timezone.now() + timedelta(hours=1))
    Authentication.objects.filter(pk=asked["until it is lifted"][0]).update(needs_lift=True)
    tries = {name: (pk, question.id, question.positions) for name, (pk, question) in asked.items()}
    tries["answered already"] = (world.person().pk, uuid4(), [1, 2, 3])
    tries["no such account"] = (uuid4(), uuid4(), [1, 2, 3])

    for name, (pk, question, positions) in tries.items():
        letters = letters_at(positions, right=typed)
        ended, work = counted(
            lambda: authenticate(pk, by=by, question=question, letters=letters),  # noqa: B023 - called at once
            monkeypatch,
        )
        assert work == {"decrypted": 1, "_equal": 1}, name
        if name == "answered":
            assert ended.yes is typed
        else:
            assert ended in {Refused, NotFound}, name


def test_a_locked_account_gives_no_yes_and_counts_no_try_though_something_is_compared(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    Authentication.objects.filter(pk=person.pk).update(failures=3, locked_until=timezone.now() + timedelta(hours=1))
    for right in (True, False):
        letters = letters_at(question.positions, right=right)
        with pytest.raises(Refused) as refused:
            authenticate(person.pk, by=by, question=question.id, letters=letters)
        assert [each.code for each in refused.value.reasons] == ["authentication_locked"]
    state = Authentication.objects.get(pk=person.pk)
    assert (state.failures, state.question) == (3, question.id)


def test_a_whole_answer_waits_once_when_all_is_made_and_an_operation_by_itself_waits_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, by = world.person(), world.administrator()
    happened: list[str] = []
    monkeypatch.setattr(on_schedule.time, "sleep", lambda seconds: happened.append("waited" if seconds > 0 else "?"))
    monkeypatch.setattr(middleware, "log", Noted(happened))
    token, path = world.session(by), f"/api/v1/accounts/{person.pk}/authenticate"
    for account in (person.pk, uuid4()):
        happened.clear()
        Client(headers={"authorization": f"Bearer {token}"}).post(f"/api/v1/accounts/{account}/authenticate/question")
        assert happened == ["logged", "waited"]
    for right in (False, False, False, True):
        question = Authentication.objects.get(pk=person.pk)
        body = {"question": str(question.question), "letters": letters_at(question.asked, right=right)}
        happened.clear()
        client = Client(headers={"authorization": f"Bearer {token}"})
        client.post(path, body, content_type="application/json")
        assert happened == ["logged", "waited"]
    happened.clear()
    Client(headers={"authorization": f"Bearer {token}"}).get(f"/api/v1/accounts/{person.pk}")
    assert happened == ["logged"]
    happened.clear()
    ask_for_letters(world.person().pk, by=by)
    assert happened == ["waited"]


def test_a_sign_in_hashes_once_whatever_its_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = {
        "yes": (world.person(), PASSWORD),
        "no": (world.person(), "wrong"),
        "locked": (world.person(status="locked"), "wrong"),
        "locked, right": (world.person(status="locked"), PASSWORD),
        "no such account": (None, PASSWORD),
    }
    for name, (person, password) in tries.items():
        address = person.address if person else "nobody@example.org"
        _ended, work = counted(
            lambda: sign_in(address, password, client=HERE),  # noqa: B023 - called at once
            monkeypatch,
        )
        assert work == {"verify": 1}, name
