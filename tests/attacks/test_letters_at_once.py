"""A thousand asks and answers at once: no interleaving buys a try, another position or a second confirmation."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.identity.authentications import Authentication
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.operations.authenticate import Answer, Question, ask_for_letters, authenticate
from resecure.operations.resecure import resecure
from tests.attacks.racing import NO, at_once
from tests.attacks.stories import letters_at
from tests.conftest import World

pytestmark = [pytest.mark.database]
AT_ONCE = 4
GUESSED, ROUNDS = 24, 3  # accounts that are guessed at, and how often each of the four asks and answers
CONFIRMED = 56  # accounts whose right answer is sent four times


@pytest.fixture(autouse=True)
def short_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resecure.operations.shared.on_schedule.SLOT", 0.001)


def _said(call: Any) -> Any:
    try:
        return call()
    except NO as no:
        return no


def _guesses(person: Any, by: Any) -> list[Any]:
    """What one administrator hears who asks and answers wrongly, again and again, lock or not."""
    said: list[Any] = []
    asked: Question | None = None
    for _each in range(ROUNDS):
        heard = _said(lambda: ask_for_letters(person.pk, by=by))
        asked = heard if isinstance(heard, Question) else asked
        said.append(heard)
        if asked is not None:
            known = asked.id
            said.append(_said(lambda known=known: authenticate(person.pk, by=by, question=known, letters=["0"] * 3)))
    return said


def test_a_thousand_asks_and_answers_at_once_count_every_try_and_give_one_confirmation(committed_world: World) -> None:
    world, calls = committed_world, 0
    administrators = [world.administrator() for _each in range(AT_ONCE)]
    for _account in range(GUESSED):
        person = world.person()
        heard = at_once(*[lambda by=by, person=person: _guesses(person, by) for by in administrators])  # type: ignore[misc]
        said = [each for one in heard for each in one]
        calls += len(said)
        noes = [each for each in said if isinstance(each, Answer)]
        assert not any(each.yes for each in noes)
        assert len(noes) == Authentication.objects.get(account=person).failures <= 3
        assert sum(each.locked for each in noes) == (len(noes) == 3)
        assert len({tuple(each.positions) for each in said if isinstance(each, Question)}) == 1
    for _account in range(CONFIRMED):
        person = world.person()
        asked = at_once(*[lambda by=by, person=person: ask_for_letters(person.pk, by=by) for by in administrators])  # type: ignore[misc]
        assert len({(each.id, tuple(each.positions)) for each in asked}) == 1
        letters, question = letters_at(asked[0].positions), asked[0].id
        answers = at_once(
            *[
                lambda by=by, person=person, letters=letters, question=question: authenticate(  # type: ignore[misc]
                    person.pk, by=by, question=question, letters=letters
                )
                for by in administrators
            ]
        )
        calls += len(asked) + len(answers)
        assert [each.yes for each in answers if isinstance(each, Answer)] == [True]
        assert IdentityConfirmation.objects.filter(account_id=person.pk).count() == 1
    assert calls >= 1000


def test_a_confirmation_by_the_secret_is_used_once_however_many_try_at_once(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    for _account in range(10):
        person = world.person()
        asked = ask_for_letters(person.pk, by=by)
        made = authenticate(person.pk, by=by, question=asked.id, letters=letters_at(asked.positions)).confirmation
        assert made is not None
        done = at_once(
            *[
                lambda key=key, person=person, made=made: resecure(  # type: ignore[misc]
                    person.pk,
                    by=by,
                    because=Trigger.FAILED_AUTHENTICATION,
                    confirmation=made.pk,
                    idempotency_key=f"{key} {person.pk}",
                )
                for key in ("first", "second", "third")
            ]
        )
        assert sum(isinstance(each, Resecuring) for each in done) == 1, done
