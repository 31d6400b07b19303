"""With a temporary password nothing opens but the next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.identity.agreements import AupVersion, acceptance_of
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import Invalid, NotSignedIn, Refused
from tests.attacks.stories import (
    CHOSEN,
    HERE,
    SECRET,
    begun,
    fresh,
    opens,
    reasons,
    taken_steps,
    temporary_password,
)
from tests.conftest import World

STEPS: dict[str, Callable[[str], Any]] = {
    "new_password": lambda handle: choose_password(handle, CHOSEN),
    "aup": lambda handle: agree_to_aup(handle, version="1"),
    "profile": lambda handle: check_profile(handle, given_name="Someone", family_name="Else"),
    "account_secret": lambda handle: set_account_secret(handle, SECRET),
}


@pytest.fixture
def person(world: World) -> Any:
    """Somebody resecured, with the temporary password ``given``."""
    resecured, by = world.person(), world.administrator()
    world.resecured(resecured, by=by)
    resecured.given = temporary_password(resecured, by=by)
    return resecured


@pytest.mark.parametrize("taken", range(4))
@pytest.mark.parametrize("tried", STEPS)
def test_a_step_out_of_turn_is_refused_and_leaves_the_turn_as_it_was(person: Any, taken: int, tried: str) -> None:
    handle = begun(person, person.given)
    order = list(STEPS)
    for step in order[:taken]:
        STEPS[step](handle)
    if order[taken] == tried:
        return

    assert reasons(lambda: STEPS[tried](handle)) == {"not_this_step"}
    progress = STEPS[order[taken]](handle)
    assert progress.owed == order[taken + 1 :]


def test_a_finished_sign_in_takes_no_step_a_second_time(person: Any, world: World) -> None:
    handle = begun(person, person.given)
    done = taken_steps(handle)

    for step in STEPS.values():
        with pytest.raises(NotSignedIn):
            step(handle)
    assert done.session
    assert world.passes(done.session)


def test_a_handle_is_no_session_and_a_session_is_no_handle(person: Any, world: World) -> None:
    handle = begun(person, person.given)
    assert not world.passes(handle)
    assert not world.passes(handle.replace("rsi_", "rss_"))
    token = world.session(world.person())
    with pytest.raises(NotSignedIn):
        agree_to_aup(token, version="1")
    with pytest.raises(NotSignedIn):
        agree_to_aup(token.replace("rss_", "rsi_"), version="1")


def test_the_steps_of_one_person_do_nothing_for_another(person: Any, world: World) -> None:
    other = world.person(accepted=False, secret="", profile_checked_at=None)
    theirs = begun(other, "correct horse battery staple")
    mine = begun(person, person.given)
    choose_password(mine, CHOSEN)
    agree_to_aup(mine, version="1")

    assert reasons(lambda: check_profile(theirs, given_name="A", family_name="B")) == {"not_this_step"}
    assert acceptance_of(other.pk) is None


def test_the_acceptance_is_final_only_when_the_secret_is_saved(person: Any) -> None:
    handle = begun(person, person.given)
    for step in list(STEPS)[:3]:
        STEPS[step](handle)
        assert acceptance_of(person.pk) is None
    STEPS["account_secret"](handle)
    assert acceptance_of(person.pk) is not None


def test_a_policy_that_came_out_while_reading_is_not_accepted_unseen(person: Any) -> None:
    handle = begun(person, person.given)
    choose_password(handle, CHOSEN)
    AupVersion.objects.create(version="2", text="Be very careful.", published_at=timezone.now())

    assert reasons(lambda: agree_to_aup(handle, version="1")) == {"aup_changed"}
    assert acceptance_of(person.pk) is None


def test_a_policy_that_came_out_after_the_yes_must_be_read_before_the_last_step(person: Any) -> None:
    handle = begun(person, person.given)
    for step in list(STEPS)[:3]:
        STEPS[step](handle)
    AupVersion.objects.create(version="2", text="Be very careful.", published_at=timezone.now())

    assert reasons(lambda: set_account_secret(handle, SECRET)) == {"not_this_step"}
    agree_to_aup(handle, version="2")
    assert set_account_secret(handle, SECRET).session
    accepted = acceptance_of(person.pk)
    assert accepted is not None
    assert accepted.version.version == "2"


def test_a_sign_in_left_for_an_hour_takes_no_further_step(person: Any) -> None:
    handle = begun(person, person.given)

    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False), pytest.raises(NotSignedIn):
        choose_password(handle, CHOSEN)


def test_a_temporary_password_opens_one_sign_in_only(person: Any) -> None:
    begun(person, person.given)

    assert not opens(person, person.given)


def test_a_temporary_password_is_dead_after_its_day(person: Any) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59), tick=False):
        handle = begun(person, person.given)
    assert handle


def test_a_temporary_password_opens_nothing_after_its_day(person: Any) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        assert not opens(person, person.given)


def test_a_temporary_password_cannot_be_kept_as_the_new_one(person: Any) -> None:
    handle = begun(person, person.given)

    with pytest.raises(Invalid) as wrong:
        choose_password(handle, person.given)
    assert "password" in wrong.value.errors
    assert fresh(person).password_is_temporary


def test_a_temporary_password_is_no_key_to_change_password(person: Any) -> None:
    """A request whose session died a moment ago must not turn the temporary password into a session."""
    with pytest.raises(NotSignedIn):
        change_password(person.pk, old=person.given, new=CHOSEN, client=HERE)
    assert fresh(person).password_is_temporary


def test_the_password_of_before_the_resecure_cannot_be_chosen_again(person: Any) -> None:
    handle = begun(person, person.given)

    with pytest.raises(Invalid):
        choose_password(handle, "correct horse battery staple")


def test_a_new_temporary_password_ends_the_sign_in_and_the_password_of_before(person: Any, world: World) -> None:
    handle = begun(person, person.given)
    choose_password(handle, CHOSEN)

    again = temporary_password(person, by=world.administrator())

    with pytest.raises(NotSignedIn):
        agree_to_aup(handle, version="1")
    assert not opens(person, CHOSEN)
    assert not opens(person, person.given)
    assert opens(person, again)


def test_somebody_who_stopped_half_way_goes_on_at_the_step_they_owe(person: Any) -> None:
    first = begun(person, person.given)
    choose_password(first, CHOSEN)
    agree_to_aup(first, version="1")

    second = sign_in(person.address, CHOSEN, client=HERE)

    assert second.session is None
    assert second.owed == ["aup", "profile", "account_secret"], "a yes counts for the sign-in in which it was said"


def test_two_who_hold_the_temporary_password_do_not_both_get_on(person: Any) -> None:
    handle = begun(person, person.given)
    with pytest.raises((NotSignedIn, Refused)):
        begun(person, person.given)
    choose_password(handle, CHOSEN)
    assert opens(person, CHOSEN)
