"""After a resecure nothing of before opens anything, whatever happens to the account later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from resecure.entrypoints.gate.gate import SESSION
from resecure.identity import passwords, sessions, tokens
from resecure.identity.accounts import Account
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleName
from resecure.identity.sessions import Session
from resecure.operations.change_password import change_password
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.grant_role import grant_role
from resecure.operations.join import join
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.resecure import resecure
from resecure.operations.restore import restore
from resecure.operations.unlock import unlock
from resecure.policy.refusals import NotSignedIn
from tests.attacks.stories import CHOSEN, HERE, begun, fresh, opens, reasons, taken_steps, temporary_password
from tests.conftest import PASSWORD, World


def passes_the_gate(token: str) -> bool:
    """The gate's own statement, on this test's connection."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION, [timedelta(minutes=1), tokens.digest(token), timedelta(minutes=30)])
        return cursor.fetchone() is not None


def test_an_old_session_is_refused_by_check_and_gate_once_resecure_has_returned(world: World) -> None:
    person, other = world.person(), world.person()
    mine, theirs = world.session(person), world.session(other)
    assert passes_the_gate(mine)

    world.resecured(person, by=world.administrator())

    assert not world.passes(mine)
    assert not passes_the_gate(mine)
    assert world.passes(theirs)
    assert passes_the_gate(theirs)


def test_no_clock_decides_a_session_of_the_same_microsecond_is_over(world: World) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        person, by = world.person(), world.administrator()
        before = world.session(person)
        world.resecured(person, by=by)
        password = temporary_password(person, by=by)
        after = taken_steps(begun(person, password)).session

        assert after is not None
        assert not world.passes(before)
        assert world.passes(after)


def test_a_session_dated_in_the_future_ends_all_the_same(world: World) -> None:
    person = world.person()
    token = world.session(person)
    ahead = timezone.now() + timedelta(minutes=5)
    Session.objects.filter(account=person).update(started_at=ahead, last_seen_at=ahead)

    world.resecured(person, by=world.administrator())

    assert not world.passes(token)


@pytest.mark.parametrize("number", [100, 2000])
def test_any_number_of_sessions_is_the_same_work_as_one(world: World, number: int) -> None:
    one, many = world.person(), world.person()
    world.session(one)
    now = timezone.now()
    Session.objects.bulk_create(
        Session(
            token=f"{number}-{i}".encode(), account=many, generation=1, started_at=now, last_seen_at=now, expires_at=now
        )
        for i in range(number)
    )
    counts = []
    for person in (one, many):
        by = world.administrator()  # each their first resecure: the second one by the same raises no alert
        confirmation = world.confirmation(person, by=by)
        with CaptureQueriesContext(connection) as captured:
            resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)
        counts.append([each["sql"].split()[0] for each in captured])
    assert counts[0] == counts[1]
    assert not Session.objects.filter(account=many, generation=fresh(many).generation).exists()


def _comeback(name: str) -> Callable[[World, Any, Any], None]:
    def unlocked(world: World, person: Any, by: Any) -> None:
        Account.objects.filter(pk=person.pk).update(status="locked")
        unlock(person.pk, by=by, confirmation=world.confirmation(person, by=by, purpose="unlock"))

    def joined(world: World, person: Any, by: Any) -> None:
        mark_as_leaver(person.pk, by=by)
        boss = world.administrator("global_administrator", organisation=world.region)
        join(person.pk, organisation_code=world.region.code, by=boss)

    found: dict[str, Callable[[World, Any, Any], None]] = {
        "disabled and enabled": lambda _w, p, by: (disable(p.pk, by=by), enable(p.pk, by=by)),  # type: ignore[dict-item, func-returns-value]
        "deleted and restored": lambda _w, p, by: (delete(p.pk, by=by), restore(p.pk, by=by)),  # type: ignore[dict-item, func-returns-value]
        "unlocked": unlocked,
        "moved to another organisation": joined,
        "all sessions ended": lambda _w, p, by: end_all_sessions(p.pk, by=by),
    }
    return found[name]


@pytest.mark.parametrize(
    "how",
    [
        "disabled and enabled",
        "deleted and restored",
        "unlocked",
        "moved to another organisation",
        "all sessions ended",
    ],
)
def test_nothing_that_happens_to_the_account_later_brings_a_session_or_password_back(world: World, how: str) -> None:
    person, by = world.person(), world.administrator()
    token = world.session(person)
    world.resecured(person, by=by)

    _comeback(how)(world, person, by)

    assert not world.passes(token)
    assert not opens(person)
    assert fresh(person).secret is None


@pytest.mark.database
def test_a_stale_object_saved_late_is_refused_by_the_database(world: World) -> None:
    person, by = world.person(), world.administrator()
    token, stale = world.session(person), fresh(person)
    world.resecured(person, by=by)

    with pytest.raises(IntegrityError, match="never falls"), transaction.atomic():
        stale.save()

    assert not world.passes(token)
    assert not opens(person)


def test_a_last_seen_write_and_a_sweep_bring_nothing_back(world: World) -> None:
    person = world.person()
    token = world.session(person)
    session = Session.objects.get(account=person)
    world.resecured(person, by=world.administrator())

    sessions.seen(session.pk, now=timezone.now() + timedelta(minutes=5))
    sessions.sweep(before=timezone.now(), limit=100)
    session.last_seen_at = timezone.now()
    session.save()

    assert not world.passes(token)


def test_a_session_ended_by_its_person_stays_ended_whatever_last_seen_writes(world: World) -> None:
    from resecure.operations.end_session import sign_out

    person = world.person()
    token = world.session(person)
    session = Session.objects.get(account=person)

    sign_out(session.pk, by=person)
    sessions.seen(session.pk, now=timezone.now() + timedelta(minutes=5))

    assert not world.passes(token)


def test_half_finished_sign_ins_and_unused_confirmations_die_with_a_resecure(world: World) -> None:
    person, first, second = world.person(accepted=False), world.administrator(), world.administrator()
    handle = begun(person, PASSWORD)
    from resecure.identity.agreements import accept
    from resecure.operations.agree_to_aup import agree_to_aup

    accept(person, version=world.aup, now=timezone.now())
    unused = world.confirmation(person, by=second)
    reset = world.confirmation(person, by=second, purpose="reset_password")

    world.resecured(person, by=first)

    with pytest.raises(NotSignedIn):
        agree_to_aup(handle, version="1")
    again = reasons(lambda: resecure(person.pk, by=second, because=Trigger.FORGOTTEN_SECRET, confirmation=unused))
    assert "confirmation_not_valid" in again
    temporary_password(person, by=first)
    # Another administrator's second one needs a confirmation: this one died, and a fresh one does.
    taken = reasons(lambda: temporary_password(person, by=second, confirmation=reset))
    assert taken == {"confirmation_not_valid"}
    temporary_password(person, by=second, confirmation=world.confirmation(person, by=second, purpose="reset_password"))


@pytest.mark.parametrize("column", ["expires_at", "last_seen_at"])
def test_a_session_ends_by_itself_when_its_time_is_over_or_nobody_uses_it(
    world: World, settings: Any, column: str
) -> None:
    person = world.person()
    token, now = world.session(person), timezone.now()
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = token
    program = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert browser.get("/my-account/").status_code == Client().get("/api/v1/me", **program).status_code == 200

    idle = timedelta(minutes=settings.RESECURE.session_idle_minutes, seconds=1)
    Session.objects.update(**{column: now if column == "expires_at" else now - idle})

    assert browser.get("/my-account/").status_code == 302
    assert Client().get("/api/v1/me", **program).status_code == 401


def test_a_password_is_not_changed_where_all_sessions_ended_while_it_was_hashed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, by = world.person(), world.administrator()
    hashed = passwords.hashed

    def meanwhile(password: str) -> str:
        end_all_sessions(person.pk, by=by)
        return hashed(password)

    monkeypatch.setattr(passwords, "hashed", meanwhile)
    with pytest.raises(NotSignedIn):
        change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE)

    assert fresh(person).password == person.password
    assert Session.objects.filter(account=person).count() == 0


def test_a_role_that_is_granted_ends_the_sessions_of_who_gets_it(world: World) -> None:
    person, other = world.person(), world.person()
    token, theirs = world.session(person), world.session(other)

    boss = world.administrator("primary_local_administrator")
    grant_role(person.pk, role=RoleName.LOCAL_HELPDESK, organisation_code="PRA", by=boss)

    assert not world.passes(token)
    assert world.passes(theirs)


def test_a_password_changed_by_its_person_ends_every_other_session(world: World) -> None:
    person = world.person()
    elsewhere = world.session(person)

    here = change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE)

    assert not world.passes(elsewhere)
    assert world.passes(here)


def test_a_lock_of_guesses_does_not_reopen_old_sessions_at_unlock(world: World) -> None:
    person, by = world.person(), world.administrator()
    token = world.session(person)
    generation = fresh(person).generation
    for _guess in range(10):
        assert not opens(person, "a wrong guess of somebody")
    assert (fresh(person).status, fresh(person).generation) == ("locked", generation + 1)
    assert not world.passes(token)

    unlock(person.pk, by=by, confirmation=world.confirmation(person, by=by, purpose="unlock"))

    assert fresh(person).status == "active"
    assert not world.passes(token)
    assert not passes_the_gate(token)
