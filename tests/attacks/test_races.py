"""Two things at once, on committed data: whatever the interleaving, the invariant holds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from resecure.audit.record import verify
from resecure.identity.accounts import Account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.identity.sessions import Session, seen
from resecure.identity.sign_ins import SignIn
from resecure.operations.change_password import change_password
from resecure.operations.choose_password import choose_password
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.grant_role import withdraw_role
from resecure.operations.resecure import resecure
from resecure.operations.set_temporary_password import TemporaryPassword, set_temporary_password
from resecure.operations.shared.progress import Progress
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import NotSignedIn, Refused
from resecure.propagation.models import Delivery
from tests.attacks.racing import at_once, slow_hash
from tests.attacks.stories import CHOSEN, HERE, begun, fresh, opens, temporary_password
from tests.conftest import PASSWORD, World

pytestmark = [pytest.mark.database]
PAIRS = 60


def resecure_with(person: Any, by: Any, confirmation: Any, key: str | None = None) -> Resecuring:
    return resecure(
        person.pk, by=by, because=Trigger.FAILED_AUTHENTICATION, confirmation=confirmation, idempotency_key=key
    )


def test_no_sign_in_with_the_old_password_outlives_an_overlapping_resecure(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, by, opened = committed_world, committed_world.administrator(), 0
    slow_hash(monkeypatch)
    for pair in range(PAIRS):
        person = world.person()
        confirmation = world.confirmation(person, by=by)

        def late(person: Any = person, confirmation: Any = confirmation, pair: int = pair) -> Resecuring:
            time.sleep(0.0002 * (pair % 40))
            return resecure_with(person, by, confirmation)

        first, second, done = at_once(
            lambda person=person: sign_in(person.address, PASSWORD, client=HERE),  # type: ignore[misc]
            lambda person=person: sign_in(person.address, PASSWORD, client=HERE),  # type: ignore[misc]
            late,
        )
        assert isinstance(done, Resecuring), done
        for answer in (first, second):
            if isinstance(answer, Progress):
                opened += 1
                assert answer.session
                assert not world.passes(answer.session)
        assert not Session.objects.filter(account=person, generation=fresh(person).generation).exists()
        assert not SignIn.objects.filter(account=person, generation=fresh(person).generation).exists()
    assert 0 < opened < 2 * PAIRS, f"{opened} sign-ins came first: the two never overlapped"
    assert verify()[1] == []


def test_a_password_changed_at_the_moment_of_a_resecure_does_not_open_the_account(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, by = committed_world, committed_world.administrator()
    slow_hash(monkeypatch)
    for pair in range(12):
        person = world.person()
        confirmation = world.confirmation(person, by=by)
        changed, done = at_once(
            lambda person=person: change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE),  # type: ignore[misc]
            lambda person=person, c=confirmation, pair=pair: (  # type: ignore[misc]
                time.sleep(0.012 * pair),
                resecure_with(person, by, c),
            )[1],
        )
        # Changing the password is a step of the generation, with which the confirmation dies: then the
        # administrator is told so, and nothing is half done.
        if isinstance(done, Refused):
            assert isinstance(changed, str)
            assert fresh(person).password not in {"", world.hashed}
        else:
            assert fresh(person).password == ""
            assert not opens(person, CHOSEN)
            assert not (isinstance(changed, str) and world.passes(changed))


def test_two_administrators_at_once_make_one_resecure_and_the_second_sees_why(committed_world: World) -> None:
    world, first, second = committed_world, committed_world.administrator(), committed_world.administrator()
    for _ in range(8):
        person = world.person()
        one, two = (world.confirmation(person, by=by) for by in (first, second))
        answers = at_once(
            lambda p=person, c=one: resecure_with(p, first, c),  # type: ignore[misc]
            lambda p=person, c=two: resecure_with(p, second, c),  # type: ignore[misc]
        )
        assert sorted(type(each).__name__ for each in answers) == ["Refused", "Resecuring"]
        [no] = [each for each in answers if isinstance(each, Refused)]
        assert "resecure_unfinished" in {each.code for each in no.reasons}
        assert world.records("account_resecured", person) == 1
        assert Delivery.objects.filter(account=person.pk, system="mail").count() == 1
        assert world.records("operation_refused", person) == 1


def test_a_double_click_makes_one_resecure_and_gives_the_same_answer_twice(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    for number in range(8):
        person = world.person()
        confirmation = world.confirmation(person, by=by)
        calls = [lambda p=person, c=confirmation, n=number: resecure_with(p, by, c, f"click {n}")] * 3

        answers = at_once(*calls)

        assert {type(each) for each in answers} == {Resecuring}
        assert len({each.pk for each in answers}) == 1
        assert fresh(person).generation == person.generation + 1
        assert world.records("account_resecured", person) == 1


def test_one_confirmation_used_for_two_requests_at_once_counts_once(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    person = world.person()
    confirmation = world.confirmation(person, by=by, purpose="reset_password")

    answers = at_once(
        *[lambda: set_temporary_password(person.pk, by=by, confirmation=confirmation)] * 2,
    )

    assert sorted(type(each).__name__ for each in answers) == ["Refused", "TemporaryPassword"]
    assert IdentityConfirmation.objects.filter(used_at__isnull=False).count() == 1


def test_two_temporary_passwords_at_once_leave_one_that_opens(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    person = world.person()
    world.resecured(person, by=by)

    answers = at_once(*[lambda: set_temporary_password(person.pk, by=by)] * 2)

    given = [each.password for each in answers if isinstance(each, TemporaryPassword)]
    assert len(given) == 1, "the second must be told that somebody acted a moment ago"
    assert [opens(person, each or "") for each in given] == [True]


def test_a_temporary_password_used_twice_at_once_opens_one_sign_in(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    for _ in range(4):
        person = world.person()
        world.resecured(person, by=by)
        given = temporary_password(person, by=by)

        answers = at_once(*[lambda p=person, g=given: sign_in(p.address, g, client=HERE)] * 3)

        assert sorted(type(each).__name__ for each in answers) == ["NotSignedIn", "NotSignedIn", "Progress"]
        assert SignIn.objects.filter(account=person).count() == 1


def test_a_step_sent_twice_at_once_is_taken_once(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    person = world.person()
    world.resecured(person, by=by)
    handle = begun(person, temporary_password(person, by=by))

    answers = at_once(*[lambda: choose_password(handle, CHOSEN)] * 2)

    assert sum(isinstance(each, Progress) for each in answers) == 1
    assert world.records("password_changed", person) == 1


def test_last_seen_written_while_the_account_is_resecured_brings_nothing_back(committed_world: World) -> None:
    world, by = committed_world, committed_world.administrator()
    for _ in range(10):
        person = world.person()
        token = world.session(person)
        session = Session.objects.get(account=person)
        confirmation = world.confirmation(person, by=by)
        from datetime import timedelta

        from django.utils import timezone

        at_once(
            lambda s=session: seen(s.pk, now=timezone.now() + timedelta(minutes=3)),  # type: ignore[misc]
            lambda p=person, c=confirmation: resecure_with(p, by, c),  # type: ignore[misc]
        )
        assert not world.passes(token)


def test_disabling_and_enabling_at_once_end_in_a_status_of_the_table_with_every_move_on_record(
    committed_world: World,
) -> None:
    world, by = committed_world, committed_world.administrator()
    person = world.person()
    token = world.session(person)

    for _ in range(5):
        at_once(lambda: disable(person.pk, by=by), lambda: enable(person.pk, by=by), lambda: disable(person.pk, by=by))

    moves = world.records("account_disabled", person) + world.records("account_enabled", person)
    assert fresh(person).generation == 1 + moves
    assert fresh(person).status == ("disabled" if moves % 2 else "active")
    assert not world.passes(token)
    assert verify()[1] == []


def test_an_administrator_gets_through_while_the_persons_clients_are_busy(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, by = committed_world, committed_world.administrator()
    slow_hash(monkeypatch, longest=0.002)
    for _ in range(4):
        person = world.person()
        confirmation = world.confirmation(person, by=by)

        def busy(person: Any = person) -> list[str | None]:
            got: list[str | None] = []
            for _ in range(6):
                try:
                    got.append(sign_in(person.address, PASSWORD, client=HERE).session)
                except NotSignedIn:
                    got.append(None)
            return got

        *clients, done = at_once(
            busy,
            busy,
            busy,
            busy,
            lambda p=person, c=confirmation: resecure_with(p, by, c),  # type: ignore[misc]
        )
        assert isinstance(done, Resecuring), done
        tokens = [each for got in clients if isinstance(got, list) for each in got if each]
        assert not any(world.passes(each) for each in tokens)
        assert fresh(person).password == ""


def test_twenty_wrong_passwords_at_once_lock_once_and_are_all_counted(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = committed_world
    slow_hash(monkeypatch)
    person = world.person()

    for _ in range(3):
        at_once(*[lambda: sign_in(person.address, "wrong", client=HERE)] * 4)

    assert fresh(person).status == "locked"
    assert world.records("account_locked", person) == 1
    assert world.records("sign_in_failed", person) == 12
    assert Account.objects.get(pk=person.pk).wrong_passwords >= 10


def test_a_role_withdrawn_twice_at_once_ends_once(committed_world: World) -> None:
    world = committed_world
    boss = world.administrator("primary_local_administrator")
    helper = world.administrator("local_helpdesk")
    grant = helper.grants.get()

    answers = at_once(*[lambda: withdraw_role(helper.pk, grant=grant.pk, by=boss)] * 2)

    assert sorted(type(each).__name__ for each in answers) == ["NoneType", "Refused"]
    assert world.records("role_withdrawn", helper) == 1
