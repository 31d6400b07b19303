"""With a temporary password nothing opens but the next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity import throttles
from resecure.identity.agreements import AupAcceptance, AupVersion, acceptance_of
from resecure.identity.sign_ins import SignIn
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.shared.step_frame import MOST_RECORDS
from resecure.operations.sign_in import sign_in
from resecure.operations.stop_sign_in import stop_sign_in
from resecure.policy.refusals import Invalid, NotSignedIn, PolicyNotPublished, Refused
from tests.attacks.stories import (
    CHOSEN,
    HERE,
    SECRET,
    begun,
    fresh,
    last_refusal,
    opens,
    reasons,
    taken_steps,
    temporary_password,
)
from tests.conftest import PASSWORD, World

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
    assert refused_steps(person) == [(tried, "not_this_step")]
    progress = STEPS[order[taken]](handle)
    assert progress.owed == order[taken + 1 :]


def refused_steps(person: Any) -> list[tuple[str, str]]:
    """Which steps were refused on record, and why."""
    found = Record.objects.filter(event="sign_in_step_refused", target=person.pk).order_by("id")
    told = [json.loads(each.details) for each in found]
    return [(each["step"], *each["reasons"]) for each in told]


def test_a_handle_cannot_fill_the_record_with_steps_out_of_turn(person: Any, world: World) -> None:
    handle = begun(person, person.given)
    for _try in range(MOST_RECORDS + 5):
        reasons(lambda: set_account_secret(handle, "opensesamenow"))

    assert len(refused_steps(person)) == MOST_RECORDS
    told = Record.objects.filter(event="sign_in_step_refused").values_list("details", flat=True)
    assert "opensesamenow" not in str(list(told))
    assert handle not in str(list(told))
    other = world.person(accepted=False, secret="")
    theirs = begun(other, PASSWORD)
    assert reasons(lambda: set_account_secret(theirs, SECRET)) == {"not_this_step"}
    assert len(refused_steps(other)) == 1, "each sign-in is counted by itself"


def test_two_tries_at_once_do_not_get_past_the_limit_of_records(person: Any) -> None:
    now, key, window = timezone.now(), throttles.key_of("a test"), timedelta(days=1)

    rooms = [throttles.leaves_room(key, most=2, now=now, window=window) for _try in range(4)]

    assert rooms == [True, True, False, False]


def test_an_unknown_handle_leaves_no_record(person: Any) -> None:
    before = Record.objects.count()

    with pytest.raises(NotSignedIn):
        set_account_secret("rsi_" + "x" * 43, SECRET)

    assert Record.objects.count() == before


def test_a_policy_that_is_accepted_unseen_is_on_record_as_refused(person: Any) -> None:
    handle = begun(person, person.given)
    choose_password(handle, CHOSEN)

    assert reasons(lambda: agree_to_aup(handle, version="0")) == {"aup_changed"}
    assert refused_steps(person) == [("aup", "aup_changed")]


def test_a_sign_in_that_was_stopped_takes_no_further_step(person: Any, world: World) -> None:
    handle = begun(person, person.given)
    choose_password(handle, CHOSEN)
    other = world.person(accepted=False)
    theirs = begun(other, PASSWORD)

    stop_sign_in(handle)

    for step in STEPS.values():
        with pytest.raises(NotSignedIn):
            step(handle)
    with pytest.raises(NotSignedIn):
        stop_sign_in(handle)
    assert world.records("sign_in_stopped", person) == 1
    assert opens(person, CHOSEN), "the password that was chosen stays"
    assert agree_to_aup(theirs, version="1").session, "nobody else is stopped"


def test_stopping_gives_a_temporary_password_no_second_use(person: Any) -> None:
    stop_sign_in(begun(person, person.given))

    assert not opens(person, person.given)


def test_before_a_policy_is_published_nobody_signs_in_and_no_password_is_spent(person: Any) -> None:
    text = AupVersion.objects.values().get()
    AupAcceptance.objects.all().delete()
    AupVersion.objects.all().delete()

    with pytest.raises(PolicyNotPublished):
        sign_in(person.address, person.given, client=HERE)

    assert fresh(person).temporary_password_used_at is None
    assert not SignIn.objects.filter(account=person).exists()
    refused = last_refusal(person)
    assert json.loads(refused.details)["reasons"] == ["policy_not_published"]
    assert not opens(person, "a wrong password"), "a wrong one is answered as ever"
    AupVersion.objects.create(**text)
    assert opens(person, person.given)


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

    other = world.administrator()
    confirmation = world.confirmation(person, by=other, purpose="reset_password")
    again = temporary_password(person, by=other, confirmation=confirmation)

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
