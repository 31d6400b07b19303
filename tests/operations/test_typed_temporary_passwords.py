"""A temporary password that an administrator types: it meets the policy, and brings no old password back."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.identity.accounts import Account
from resecure.operations.change_password import change_password
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.policy.refusals import Invalid
from tests.attacks.stories import CHOSEN, HERE, TYPED, opens
from tests.conftest import PASSWORD, World

EASY = "This password is easy to guess. Choose another, for example four random words"


def refused(person: Any, *, by: Any, typed: str, **more: Any) -> list[str]:
    with pytest.raises(Invalid) as wrong:
        set_temporary_password(person.pk, by=by, typed=typed, **more)
    return wrong.value.errors["password"]


def test_after_a_resecure_the_old_password_cannot_come_back_as_the_temporary_one(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)

    assert refused(person, by=by, typed=PASSWORD) == [EASY]
    assert Account.objects.get(pk=person.pk).password == ""
    assert not opens(person)


def test_neither_does_one_of_the_last_four_in_the_words_for_an_easy_one(world: World) -> None:
    person, by = world.person(), world.administrator()
    change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE)
    confirmation = world.confirmation(person, by=by, purpose="reset_password")

    for before in (PASSWORD, CHOSEN):
        assert refused(person, by=by, typed=before, confirmation=confirmation) == [EASY]
    assert refused(person, by=by, typed="passwordpassword", confirmation=confirmation) == [EASY]


def test_the_temporary_one_of_before_may_be_typed_again_and_a_repeated_request_is_answered(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)

    first = set_temporary_password(person.pk, by=by, typed=TYPED, idempotency_key="k")
    assert set_temporary_password(person.pk, by=by, typed=TYPED, idempotency_key="k").expires_at == first.expires_at
    set_temporary_password(person.pk, by=by, typed=TYPED)
    assert opens(person, TYPED)
