"""The code of a video call: used twice, late, elsewhere, by another, guessed at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from resecure.identity.confirmation_codes import TRIES, ConfirmationCode
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.identity.sealed_words import opened
from resecure.operations.confirm_identity import confirm_identity, send_confirmation_code
from resecure.policy.refusals import Refused
from resecure.propagation.models import Delivery
from tests.attacks.racing import at_once
from tests.conftest import World


def sent(person: Any, *, by: Any) -> str:
    send_confirmation_code(person.pk, by=by)
    delivery = Delivery.objects.filter(account=person.pk, system="sms").latest("order")
    return opened(person.pk, delivery.payload)["code"]


def confirm(person: Any, code: str, *, by: Any, purpose: Purpose = Purpose.RESECURE) -> Any:
    return confirm_identity(person.pk, by=by, method=Method.VIDEO_CALL, reference="1", code=code, purpose=purpose)


def refused(person: Any, code: str, **more: Any) -> str:
    with pytest.raises(Refused) as no:
        confirm(person, code, **more)
    return no.value.reasons[0].code


def test_a_code_that_is_read_back_confirms_once(world: World) -> None:
    person, by = world.person(), world.administrator()
    code = sent(person, by=by)

    assert len(code) == 6
    assert confirm(person, code, by=by)
    assert refused(person, code, by=by) == "code_not_valid"


def test_a_code_counts_for_nobody_and_nothing_else(world: World) -> None:
    person, by, other = world.person(), world.administrator(), world.administrator()
    code = sent(person, by=by)

    assert refused(person, "", by=by) == "code_required"
    assert refused(person, code, by=other) == "code_not_valid"
    assert refused(world.person(), code, by=by) == "code_not_valid"
    assert refused(person, code, by=by, purpose=Purpose.UNLOCK) == "code_not_valid"
    ConfirmationCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(person, code, by=by) == "code_not_valid"


def test_three_wrong_tries_end_a_code_and_a_newer_one_ends_the_older(world: World) -> None:
    person, by = world.person(), world.administrator()
    code = sent(person, by=by)
    for _each in range(TRIES):
        assert refused(person, "x", by=by) == "code_not_valid"
    assert refused(person, code, by=by) == "code_not_valid"
    older, newer = sent(person, by=by), sent(person, by=by)
    assert older == newer or refused(person, older, by=by) == "code_not_valid"
    assert confirm(person, newer, by=by)


def test_a_code_of_before_the_account_was_taken_back_counts_no_more(world: World) -> None:
    person, by = world.person(), world.administrator()
    code = sent(person, by=by)
    world.resecured(person, by=by)

    assert refused(person, code, by=by) == "code_not_valid"


def test_five_codes_an_hour_and_none_in_clear(world: World) -> None:
    person, by = world.person(), world.administrator()
    for _each in range(5):
        code = sent(person, by=by)
        assert code not in str(list(Delivery.objects.values_list("payload")))
    with pytest.raises(Refused) as no:
        sent(person, by=by)
    assert [each.code for each in no.value.reasons] == ["too_many_codes"]


def test_one_code_sent_back_many_times_at_once_confirms_once(committed_world: World) -> None:
    world = committed_world
    by = world.administrator()
    for _round in range(5):
        person = world.person()
        code = sent(person, by=by)
        at_once(*[partial(confirm, person, code, by=by) for _each in range(8)])
        assert IdentityConfirmation.objects.filter(account=person).count() == 1
