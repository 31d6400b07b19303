"""The whole article, by operations: from the administrator's click to the person back at work."""

from __future__ import annotations

import pytest

from resecure.audit.record import verify
from resecure.identity.agreements import acceptance_of
from resecure.identity.resecurings import unfinished
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.check_profile import check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import NotSignedIn
from tests.conftest import PASSWORD, World

HERE = Client(address="192.0.2.1", name="test")


def test_a_resecured_person_comes_back_by_the_steps_and_only_by_them(world: World) -> None:
    person, by, other = world.person(), world.administrator(), world.person()
    mine, theirs = world.session(person), world.session(other)

    world.resecured(person, by=by)

    assert not world.passes(mine)
    assert world.passes(theirs)
    with pytest.raises(NotSignedIn):
        sign_in(person.address, PASSWORD, client=HERE)
    temporary = set_temporary_password(person.pk, by=by)
    assert temporary.password is not None
    begun = sign_in(person.address, temporary.password, client=HERE)
    assert begun.session is None
    assert begun.handle is not None
    assert begun.owed == ["new_password", "aup", "profile", "account_secret"]
    choose_password(begun.handle, "a quiet lantern over seven hills")
    agree_to_aup(begun.handle, version="1")
    check_profile(begun.handle, given_name="Someone", family_name="Else")
    assert acceptance_of(person.pk) is None
    done = set_account_secret(begun.handle, "thunderstorms")
    assert done.session is not None
    assert world.passes(done.session)
    assert acceptance_of(person.pk) is not None
    assert unfinished(person.pk) is None
    read, faults = verify()
    assert read > 5
    assert faults == []
