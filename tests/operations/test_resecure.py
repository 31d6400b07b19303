"""The resecure itself: its four effects, its reasons, its evidence, and asking twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.agreements import AupAcceptance
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.operations.confirm_identity import confirm_identity
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.resecure import resecure
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.unlock import unlock
from resecure.policy.refusals import Invalid, Refused
from resecure.propagation.models import Delivery
from tests.attacks.stories import TYPED, begun, fresh, last_refusal, opens, reasons, taken_steps, temporary_password
from tests.conftest import World

BECAUSE = Trigger.FORGOTTEN_ANSWERS


def again(world: World, person: Any, by: Any, **more: Any) -> Any:
    return resecure(person.pk, by=by, because=BECAUSE, confirmation=more.pop("confirmation", None), **more)


def test_one_resecure_does_four_things_and_leaves_everybody_else_alone(world: World) -> None:
    person, other, by = world.person(), world.person(), world.administrator()
    token = world.session(person)

    made = world.resecured(person, by=by)

    now = fresh(person)
    assert now.password == ""
    assert not opens(person)
    assert now.secret is None
    assert now.profile_checked_at is None
    withdrawn = AupAcceptance.objects.get(account=person)
    assert withdrawn.withdrawn_at is not None
    assert (withdrawn.withdrawn_by, withdrawn.withdrawn_because) == (by.pk, "resecured")
    assert not world.passes(token)
    assert now.generation == person.generation + 1
    assert made.generation == now.generation
    assert made.finish_by == made.begun_at + timedelta(days=30)
    assert now.finish_by == made.finish_by
    assert now.updated_by == by.pk
    delivery = Delivery.objects.get(resecuring=made.pk, system="mail")
    assert (delivery.account, delivery.change, delivery.state) == (person.pk, "resecured", "requested")
    record = Record.objects.get(event="account_resecured", target=person.pk)
    said = json.loads(record.details)
    assert record.actor == by.pk
    assert said["reference"] == "call 4711"
    assert said["method"] == "in_person"
    assert said["resecuring"] == str(made.pk)
    assert fresh(other).password == world.hashed
    assert AupAcceptance.objects.get(account=other).withdrawn_at is None


def test_a_resecure_is_refused_with_every_reason_at_once(world: World) -> None:
    person, by = world.person(status="locked", accepted=False), world.administrator()

    assert reasons(lambda: again(world, person, by)) == {
        "not_active",
        "aup_not_accepted",
        "confirmation_required",
    }
    assert set(json.loads(last_refusal(by).details)["reasons"]) == {
        "not_active",
        "aup_not_accepted",
        "confirmation_required",
    }


def test_every_reason_says_what_to_do_instead(world: World) -> None:
    person, by = world.person(status="disabled", accepted=False), world.administrator()
    with pytest.raises(Refused) as refused:
        again(world, person, by)
    for each in refused.value.reasons:
        assert each.text
        assert each.instead


def test_a_resecure_is_refused_when_the_aup_was_never_accepted(world: World) -> None:
    person, by = world.person(accepted=False), world.administrator()

    assert reasons(lambda: world.resecured(person, by=by)) == {"aup_not_accepted"}


def test_a_resecure_is_not_repeated_while_the_first_is_unfinished(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)

    assert reasons(lambda: world.resecured(person, by=by)) == {"resecure_unfinished"}
    begun(person, temporary_password(person, by=by))
    assert reasons(lambda: world.resecured(person, by=by)) == {"resecure_unfinished"}
    assert Resecuring.objects.filter(account=person).count() == 1


def test_a_person_who_came_back_can_be_resecured_again(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    taken_steps(begun(person, temporary_password(person, by=by)))

    world.resecured(person, by=by)

    assert [each.outcome for each in Resecuring.objects.filter(account=person).order_by("begun_at")] == ["finished", ""]


def test_left_after_confirm_the_account_stays_shut_and_another_administrator_finishes_it(world: World) -> None:
    person, first, second = world.person(), world.administrator(), world.administrator()
    made = world.resecured(person, by=first)
    assert not opens(person)

    given = temporary_password(person, by=second)

    assert opens(person, given)
    made.refresh_from_db()
    assert made.temporary_password_set_by == second.pk


def test_the_same_key_gives_the_first_answer_and_does_nothing_more(world: World) -> None:
    person, by = world.person(), world.administrator()
    confirmation = world.confirmation(person, by=by)
    first = again(world, person, by, confirmation=confirmation, idempotency_key="click-1")
    generation = fresh(person).generation

    second = again(world, person, by, confirmation=confirmation, idempotency_key="click-1")

    assert second.pk == first.pk
    assert fresh(person).generation == generation
    assert world.records("account_resecured", person) == 1
    assert world.records("operation_refused", person) == 0


def test_a_key_of_another_administrator_or_account_gives_no_answer_of_theirs(world: World) -> None:
    person, other, by, second = world.person(), world.person(), world.administrator(), world.administrator()
    again(world, person, by, confirmation=world.confirmation(person, by=by), idempotency_key="k")

    assert "idempotency_key_reused" in reasons(
        lambda: again(world, other, by, confirmation=world.confirmation(other, by=by), idempotency_key="k")
    )
    assert reasons(lambda: again(world, person, second, idempotency_key="k")) >= {"resecure_unfinished"}
    assert fresh(other).password == world.hashed


# --- confirmations


def good(world: World, person: Any, by: Any) -> Any:
    return IdentityConfirmation.objects.get(pk=world.confirmation(person, by=by))


def test_a_confirmation_is_used_once(world: World) -> None:
    person, by = world.person(), world.administrator()
    used = good(world, person, by)
    again(world, person, by, confirmation=used.pk)
    taken_steps(begun(person, temporary_password(person, by=by)))

    assert reasons(lambda: again(world, person, by, confirmation=used.pk)) == {"confirmation_not_valid"}


def test_a_confirmation_is_good_for_thirty_minutes(world: World) -> None:
    person, by = world.person(), world.administrator()
    late = good(world, person, by)

    with time_machine.travel(timezone.now() + timedelta(minutes=30, seconds=1), tick=False):
        assert reasons(lambda: again(world, person, by, confirmation=late.pk)) == {"confirmation_not_valid"}
    assert fresh(person).password == world.hashed
    with time_machine.travel(timezone.now() + timedelta(minutes=29), tick=False):
        again(world, person, by, confirmation=late.pk)


def test_a_confirmation_of_another_account_administrator_or_operation_does_not_count(world: World) -> None:
    person, other, by, second = world.person(), world.person(), world.administrator(), world.administrator()
    wrong = [
        world.confirmation(other, by=by),
        world.confirmation(person, by=second),
        world.confirmation(person, by=by, purpose="reset_password"),
        world.confirmation(person, by=by, purpose="unlock"),
        uuid4(),
    ]

    for each in wrong:
        assert reasons(lambda each=each: again(world, person, by, confirmation=each)) == {"confirmation_not_valid"}  # type: ignore[misc]
    assert fresh(person).password == world.hashed
    assert not IdentityConfirmation.objects.filter(used_at__isnull=False).exists()


def test_a_confirmation_to_resecure_unlocks_nothing_and_resets_nothing(world: World) -> None:
    person, by = world.person(status="locked"), world.administrator()
    evidence = good(world, person, by)

    assert reasons(lambda: unlock(person.pk, by=by, confirmation=evidence.pk)) == {"confirmation_not_valid"}
    assert reasons(lambda: set_temporary_password(person.pk, by=by, typed=TYPED, confirmation=evidence.pk)) == {
        "confirmation_not_valid"
    }


def test_a_confirmation_dies_when_the_generation_moves_on(world: World) -> None:
    person, by = world.person(), world.administrator()
    evidence = good(world, person, by)
    end_all_sessions(person.pk, by=by)

    assert reasons(lambda: again(world, person, by, confirmation=evidence.pk)) == {"confirmation_not_valid"}


def test_a_refused_resecure_leaves_the_confirmation_unused(world: World) -> None:
    person, by = world.person(accepted=False), world.administrator()
    evidence = good(world, person, by)

    assert reasons(lambda: again(world, person, by, confirmation=evidence.pk)) == {"aup_not_accepted"}
    evidence.refresh_from_db()
    assert evidence.used_at is None


@pytest.mark.parametrize("reference", ["", "   ", "\u200e\x00", "x" * 201])
def test_a_confirmation_needs_a_reference_that_can_be_read(world: World, reference: str) -> None:
    person, by = world.person(), world.administrator()

    with pytest.raises(Invalid):
        confirm_identity(person.pk, by=by, method=Method.CALL_BACK, reference=reference, purpose=Purpose.RESECURE)
    assert not IdentityConfirmation.objects.exists()
