"""Authenticate User: the rules of the account secret, each as its sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.alerts import Alert
from resecure.identity.authentications import Authentication, HeardPosition
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.identity.credentials import QUESTION, SecurityQuestion, set_secret
from resecure.identity.secret_store import encrypted
from resecure.operations.authenticate import ask_for_letters, authenticate
from resecure.operations.change_password import change_password
from resecure.operations.confirm_identity import confirm_identity
from resecure.operations.lift_authentication_lock import lift_authentication_lock
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy.next_sign_in import Step, still_owed
from resecure.policy.refusals import Invalid, NotFound
from resecure.propagation.models import Delivery
from tests.attacks.stories import CHOSEN, HERE, begun, fresh, letters_at, letters_of_secret, reasons
from tests.conftest import PASSWORD, World

LOCKED = {"authentication_locked"}


def _noes(person: Any, by: Any, number: int = 3) -> None:
    for _each in range(number):
        assert not letters_of_secret(person, by=by, right=False).yes


def test_three_letters_are_asked_for_at_positions_that_the_system_chooses(world: World) -> None:
    question = ask_for_letters(world.person().pk, by=world.administrator())
    assert len(set(question.positions)) == 3
    assert question.positions == sorted(question.positions)
    assert all(1 <= each <= len("marmaladesky") for each in question.positions)


def test_every_administrator_is_told_the_same_positions_until_they_were_answered_rightly(world: World) -> None:
    person = world.person()
    first = ask_for_letters(person.pk, by=world.administrator()).positions
    helper = world.administrator("local_helpdesk")
    for _each in range(10):
        assert ask_for_letters(person.pk, by=helper).positions == first
    letters_of_secret(person, by=helper, right=False)
    assert ask_for_letters(person.pk, by=helper).positions == first


def test_positions_expire_and_die_with_the_generation_and_the_secret(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    letters = letters_at(question.positions)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        late = reasons(lambda: authenticate(person.pk, by=by, question=question.id, letters=letters))
    assert late == {"question_answered"}
    change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE)
    moved = reasons(lambda: authenticate(person.pk, by=by, question=question.id, letters=letters))
    assert moved == {"question_answered"}
    asked = ask_for_letters(person.pk, by=by)
    set_secret(fresh(person), "thunderstorms", now=timezone.now())
    other = reasons(lambda: authenticate(person.pk, by=by, question=asked.id, letters=letters_at(asked.positions)))
    assert other == {"question_answered"}


def test_a_yes_is_a_confirmation_for_that_operation_once(world: World) -> None:
    person, by = world.person(status="locked"), world.administrator()
    answer = letters_of_secret(person, by=by, purpose="unlock")
    assert answer.yes
    made = answer.confirmation
    assert made is not None
    assert (made.method, made.purpose) == (Method.ACCOUNT_SECRET, Purpose.UNLOCK)
    unlock(person.pk, by=by, confirmation=made.pk)
    assert fresh(person).status == "active"
    assert world.records("authentication_succeeded", person) == 1


def test_the_secret_cannot_be_claimed(world: World) -> None:
    person, by = world.person(), world.administrator()
    claim = reasons(lambda: confirm_identity(person.pk, by=by, method=Method.ACCOUNT_SECRET, reference="call 1"))
    assert claim == {"authenticate_first"}
    assert not IdentityConfirmation.objects.exists()


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_wrong_letter_is_a_no_that_does_not_tell_which(world: World, wrong: int) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    letters = letters_at(question.positions)
    letters[wrong] = "0"
    answer = authenticate(person.pk, by=by, question=question.id, letters=letters)
    assert (answer.yes, answer.confirmation, answer.tries_left) == (False, None, 2)
    record = Record.objects.get(event="authentication_failed", target=person.pk)
    assert json.loads(record.details) == {"failures": 1, "locked": False}


def test_capital_letters_make_no_difference(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    letters = [each.upper() for each in letters_at(question.positions)]
    assert authenticate(person.pk, by=by, question=question.id, letters=letters).yes


def test_what_is_not_three_letters_is_no_try(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    for letters in (["a", "b"], ["a", "b", ""], ["ab", "c", "d"], ["a", "b", "c", "d"]):
        with pytest.raises(Invalid):
            authenticate(person.pk, by=by, question=question.id, letters=letters)
    assert Authentication.objects.get(account=person).failures == 0


def test_the_same_page_sent_twice_is_one_try(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    authenticate(person.pk, by=by, question=question.id, letters=["0", "0", "0"])
    again = reasons(lambda: authenticate(person.pk, by=by, question=question.id, letters=["0", "0", "0"]))
    assert again == {"question_answered"}
    assert Authentication.objects.get(account=person).failures == 1


def test_three_failures_disable_it_for_an_hour_then_four_then_a_day_then_until_it_is_lifted(world: World) -> None:
    person, by, now = world.person(), world.administrator(), timezone.now()
    for hours in (1, 4, 24):
        with time_machine.travel(now, tick=False):
            _noes(person, by)
            assert reasons(lambda: ask_for_letters(person.pk, by=by)) == LOCKED
        with time_machine.travel(now + timedelta(hours=hours, seconds=-1), tick=False):
            assert reasons(lambda: ask_for_letters(person.pk, by=by)) == LOCKED
        now += timedelta(hours=hours)
    with time_machine.travel(now, tick=False):
        _noes(person, by)
    with time_machine.travel(now + timedelta(days=3650), tick=False):
        assert reasons(lambda: ask_for_letters(person.pk, by=by)) == LOCKED


def test_administrators_share_the_tries_of_an_account(world: World) -> None:
    person = world.person()
    for _each in range(3):
        letters_of_secret(person, by=world.administrator("local_helpdesk"), right=False)
    assert reasons(lambda: ask_for_letters(person.pk, by=world.administrator("primary_local_administrator"))) == LOCKED


def test_right_letters_are_refused_while_it_is_locked(world: World) -> None:
    person, by = world.person(), world.administrator()
    question = ask_for_letters(person.pk, by=by)
    Authentication.objects.filter(account=person).update(locked_until=timezone.now() + timedelta(hours=1))
    letters = letters_at(question.positions)
    assert reasons(lambda: authenticate(person.pk, by=by, question=question.id, letters=letters)) == LOCKED


def test_only_a_higher_tier_than_those_who_asked_lifts_the_lock(world: World) -> None:
    person, by = world.person(), world.administrator("local_helpdesk")
    _noes(person, by)
    equal = world.administrator("local_helpdesk")
    assert reasons(lambda: lift_authentication_lock(person.pk, by=equal)) == {"higher_tier_needed"}
    boss = world.administrator()
    lift_authentication_lock(person.pk, by=boss)
    assert letters_of_secret(person, by=by).yes
    assert reasons(lambda: lift_authentication_lock(person.pk, by=boss)) == {"not_locked"}


def test_a_lift_does_not_give_the_short_locks_back(world: World) -> None:
    person, by = world.person(), world.administrator("local_helpdesk")
    ask_for_letters(person.pk, by=by)
    Authentication.objects.filter(account=person).update(failures=12, needs_lift=True, tried_by_standing=1)
    lift_authentication_lock(person.pk, by=world.administrator())
    _noes(person, by)
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        assert reasons(lambda: ask_for_letters(person.pk, by=by)) == LOCKED


def test_a_yes_takes_off_the_slips_of_the_same_call_and_no_others(world: World) -> None:
    person, by, other = world.person(), world.administrator(), world.administrator()
    letters_of_secret(person, by=other, right=False)
    letters_of_secret(person, by=by, right=False)
    assert letters_of_secret(person, by=by).yes
    assert Authentication.objects.get(account=person).failures == 1


def test_a_new_secret_makes_the_count_no_smaller(world: World) -> None:
    person, by = world.person(), world.administrator()
    _noes(person, by)
    set_secret(fresh(person), "thunderstorms", now=timezone.now())
    assert reasons(lambda: ask_for_letters(person.pk, by=by)) == LOCKED


def test_positions_that_this_administrator_heard_before_are_asked_for_again(world: World) -> None:
    person, by = world.person(), world.administrator()
    heard = ask_for_letters(person.pk, by=by).positions
    for _each in range(5):
        assert letters_of_secret(person, by=by).yes
        assert ask_for_letters(person.pk, by=by).positions == heard
    assert HeardPosition.objects.filter(account=person).count() == 3


def _worn(world: World) -> Any:
    person, by = world.person(), world.administrator()
    for position in range(1, 7):
        HeardPosition.objects.create(
            account=person,
            administrator=by.pk,
            of=0,
            position=position,
            secret_set_at=fresh(person).secret_set_at,
            heard_at=timezone.now(),
        )
    return person


def test_after_six_positions_were_heard_the_person_chooses_a_new_secret_at_the_next_sign_in(world: World) -> None:
    person = _worn(world)
    token = world.session(person)
    assert still_owed(fresh(person)) == [Step.ACCOUNT_SECRET]
    assert world.passes(token), "who is signed in stays so"
    finished = set_account_secret(begun(person, PASSWORD), "thunderstorms")
    assert finished.session is not None
    assert not HeardPosition.objects.filter(account=person).exists()
    assert sign_in(person.address, PASSWORD, client=HERE).session is not None


def test_a_worn_secret_does_not_keep_a_person_from_changing_the_password(world: World) -> None:
    assert change_password(_worn(world).pk, old=PASSWORD, new=CHOSEN, client=HERE)


def test_the_person_and_the_primary_administrators_are_told_of_failures_and_locks(world: World) -> None:
    boss = world.administrator("primary_local_administrator")
    person = world.person()
    _noes(person, world.administrator())
    changes = Delivery.objects.filter(system="mail").order_by("order").values_list("account", "change")
    told = [(account == person.pk, change) for account, change in changes if account in {person.pk, boss.pk}]
    assert told[-2:] == [(True, "authentication_locked"), (False, "look_authentication_locked")]
    assert [change for own, change in told if own] == ["authentication_failed"] * 2 + ["authentication_locked"]
    assert Alert.objects.get(account=person.pk).kind == "authentication_failed"


def test_somebody_elses_account_is_not_touched_by_failures(world: World) -> None:
    person, bystander, by = world.person(), world.person(), world.administrator()
    _noes(person, by)
    assert letters_of_secret(bystander, by=by).yes


def test_an_account_without_a_secret_says_so(world: World) -> None:
    person = world.person(secret="")
    assert reasons(lambda: ask_for_letters(person.pk, by=world.administrator())) == {"no_account_secret"}


def test_out_of_scope_is_unknown(world: World) -> None:
    outsider = world.administrator(organisation=world.elsewhere)
    with pytest.raises(NotFound):
        ask_for_letters(world.person().pk, by=outsider)


def test_nobody_authenticates_an_equal_or_themselves(world: World) -> None:
    by, equal = world.administrator(), world.administrator()
    assert reasons(lambda: ask_for_letters(equal.pk, by=by)) == {"equal_or_higher_standing"}
    assert reasons(lambda: ask_for_letters(by.pk, by=by)) == {"own_account"}


def test_legacy_questions_are_asked_for_letters_of_one_answer_that_the_system_chooses_and_keeps(world: World) -> None:
    person, by = world.person(secret="", has_security_questions=True), world.administrator()
    answers = {1: "Rover the dog", 2: "Upper Street 14"}
    for position, text in answers.items():
        answer, key_name = encrypted(text, account=person.pk, purpose=QUESTION)
        SecurityQuestion.objects.create(
            account=person, position=position, question=f"Question {position}?", answer=answer, key_name=key_name
        )
    question = ask_for_letters(person.pk, by=by)
    assert ask_for_letters(person.pk, by=world.administrator()).words == question.words
    text = "".join(answers[int(question.words[9])].lower().split())
    letters = [text[each - 1] for each in question.positions]
    assert authenticate(person.pk, by=by, question=question.id, letters=letters).yes
