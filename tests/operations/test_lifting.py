"""Lifting the lock of Authenticate User, by every way in: program, page and console."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner, Result

from resecure.audit.models import Record
from resecure.entrypoints.console import main as console
from resecure.identity.authentications import Authentication
from resecure.identity.roles import RoleName
from resecure.operations.authenticate import ask_for_letters
from resecure.policy.roles import ROLES
from tests.api.conftest import program_of, stranger
from tests.attacks.stories import letters_of_secret, reasons
from tests.conftest import World

WORDS = "Allow Authenticate User again"


def locked(world: World, *, until_lifted: bool = True, **columns: Any) -> Any:
    """A person at whose account a Local Administrator had wrong letters too often."""
    person = world.person(**columns)
    more: dict[str, Any] = {"failures": 12, "needs_lift": True}
    if not until_lifted:
        more = {"failures": 3, "locked_until": timezone.now() + timedelta(hours=1)}
    standing = ROLES[RoleName.LOCAL_ADMINISTRATOR].standing
    Authentication.objects.create(account=person, tried_by_standing=standing, **more)
    return person


def state_of(person: Any) -> tuple[int, bool]:
    state = Authentication.objects.get(account=person)
    return state.failures, state.is_locked(timezone.now())


def path_of(account: Any) -> str:
    return f"/accounts/{account}/authenticate/lift"


def browser(world: World, account: Any) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = world.session(account)
    return client


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(console.app, ["lift-authentication-lock", *arguments], input=answer)


@pytest.mark.parametrize(("until_lifted", "left"), [(True, 9), (False, 3)])
def test_a_program_of_a_higher_role_lifts_it_and_the_count_stays(world: World, until_lifted: bool, left: int) -> None:
    person, other = locked(world, until_lifted=until_lifted), locked(world)
    boss = world.administrator("primary_local_administrator")

    answer = program_of(world, boss).post(path_of(person.pk))

    assert (answer.status_code, answer.content) == (204, b"")
    assert state_of(person) == (left, False)
    assert state_of(other) == (12, True)
    record = Record.objects.get(event="authentication_lock_lifted", target=person.pk)
    assert record.actor == boss.pk
    assert ask_for_letters(person.pk, by=boss).positions
    again = program_of(world, boss).post(path_of(person.pk))
    assert (again.status_code, again.json()["code"]) == (409, "not_locked")


def test_after_a_lift_three_more_wrong_answers_lock_it_until_the_next(world: World) -> None:
    person, boss = locked(world), world.administrator("primary_local_administrator")
    program_of(world, boss).post(path_of(person.pk))
    for _each in range(3):
        letters_of_secret(person, by=world.administrator(), right=False)
    assert state_of(person) == (12, True)
    assert reasons(lambda: ask_for_letters(person.pk, by=boss)) == {"authentication_locked"}


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("local_administrator", "higher_tier_needed"),
        ("local_helpdesk", "higher_tier_needed"),
        ("auditor", "role_does_not_allow"),
    ],
)
def test_a_program_of_no_higher_role_lifts_nothing_and_is_on_record(world: World, role: str, code: str) -> None:
    person, by = locked(world), world.administrator(role)
    answer = program_of(world, by).post(path_of(person.pk))
    assert answer.status_code == 409
    assert code in {each["code"] for each in answer.json()["reasons"]}
    assert state_of(person) == (12, True)
    assert Record.objects.filter(event="operation_refused", actor=by.pk, target=person.pk).count() == 1


def test_out_of_scope_answers_as_unknown_and_nobody_as_nobody(world: World) -> None:
    outside = locked(world, organisation=world.elsewhere)
    program = program_of(world, world.administrator("primary_local_administrator"))
    answers = [program.post(path_of(each)) for each in (outside.pk, uuid4())]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert stranger().post(path_of(outside.pk)).status_code == 401
    assert state_of(outside) == (12, True)


def test_nobody_lifts_the_lock_of_their_own_account(world: World) -> None:
    boss = world.administrator("primary_local_administrator")
    Authentication.objects.create(account=boss, failures=12, needs_lift=True, tried_by_standing=0)
    answer = program_of(world, boss).post(path_of(boss.pk))
    assert "own_account" in {each["code"] for each in answer.json()["reasons"]}
    assert state_of(boss) == (12, True)


def test_the_page_offers_it_to_who_may_and_says_the_reason_to_others(world: World) -> None:
    person = locked(world)
    boss, equal = world.administrator("primary_local_administrator"), world.administrator()
    page = f"/user-management/{person.pk}/authenticate/"
    shown = {each: browser(world, each).get(page) for each in (boss, equal)}
    assert WORDS in shown[boss].content.decode()
    assert WORDS not in shown[equal].content.decode()

    refused = browser(world, equal).post(f"{page}lift/")
    assert "Ask an administrator of a higher role." in refused.content.decode()
    assert state_of(person) == (12, True)
    assert browser(world, boss).get(f"{page}lift/").status_code == 405

    done = browser(world, boss).post(f"{page}lift/")
    assert (done.status_code, done["Location"].split("?")[0]) == (302, f"/user-management/{person.pk}/")
    assert state_of(person) == (9, False)


def test_the_console_asks_first_and_does_nothing_at_a_no(world: World) -> None:
    person = locked(world)
    no = run(person.address, answer="n\n")
    assert no.exit_code == 1
    assert "Nothing was done." in no.stderr
    assert state_of(person) == (12, True)
    yes = run(person.address, answer="y\n")
    assert yes.exit_code == 0
    assert f"Letters of the secret of {person.name} may be asked for again." in yes.stdout
    assert state_of(person) == (9, False)
    assert Record.objects.filter(event="authentication_lock_lifted", target=person.pk).count() == 1


def test_the_console_says_what_is_not_locked_or_not_there(world: World) -> None:
    person = world.person()
    free = run(person.address, "--yes")
    assert free.exit_code != 0
    assert "Authenticate User is not disabled for this account." in free.stderr
    unknown = run("nobody@example.org", "--yes")
    assert unknown.exit_code != 0
    assert "nobody@example.org" in unknown.stderr
    assert not Record.objects.filter(event="authentication_lock_lifted").exists()
