"""Who may do what to whom: every check sits on the write, and every refusal is on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from resecure.identity.accounts import Account
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleGrant, RoleName
from resecure.operations.confirm_identity import cannot_confirm_identity
from resecure.operations.create_account import create_account
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.grant_role import grant_role, withdraw_role
from resecure.operations.join import join
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.resecure import resecure
from resecure.operations.restore import restore
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.unlock import unlock
from resecure.policy.refusals import Invalid, InvalidOnRecord, NotFound, Refused
from resecure.policy.roles import ROLES, Permission
from tests.attacks.stories import fresh, last_refusal, reasons
from tests.conftest import World

Call = Callable[[Any, Any], Any]
WRITES: dict[str, Call] = {
    "resecure": lambda pk, by: resecure(pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=None),
    "reset_password": lambda pk, by: set_temporary_password(pk, by=by),
    "unlock": lambda pk, by: unlock(pk, by=by, confirmation=None),
    "disable": lambda pk, by: disable(pk, by=by),
    "enable": lambda pk, by: enable(pk, by=by),
    "mark_as_leaver": lambda pk, by: mark_as_leaver(pk, by=by),
    "join": lambda pk, by: join(pk, organisation_code="PRA", by=by),
    "delete": lambda pk, by: delete(pk, by=by),
    "restore": lambda pk, by: restore(pk, by=by),
    "end_all_sessions": lambda pk, by: end_all_sessions(pk, by=by),
    "grant_role": lambda pk, by: grant_role(pk, role=RoleName.LOCAL_HELPDESK, organisation_code="PRA", by=by),
    "withdraw_role": lambda pk, by: withdraw_role(pk, grant=0, by=by),
    "confirm_identity": lambda pk, by: cannot_confirm_identity(pk, by=by, said="no"),
}
# From Primary Local Administrator on, a second person can make up for the standing: tests/operations/test_approvals.py.
WITH_A_SECOND_PERSON = ("resecure", "reset_password", "confirm_identity")
EACH = pytest.mark.parametrize("name", WRITES)


def untouched(account: Any) -> bool:
    """Whether the account stands as it was made."""
    now = fresh(account)
    return (now.generation, now.status, now.password) == (account.generation, account.status, account.password)


@EACH
def test_nobody_does_it_to_their_own_account(world: World, name: str) -> None:
    by = world.administrator("global_administrator", organisation=world.region)

    assert "own_account" in reasons(lambda: WRITES[name](by.pk, by))
    assert untouched(by)
    assert json.loads(last_refusal(by).details)["operation"] == name


@pytest.mark.parametrize("name", [each for each in WRITES if each not in WITH_A_SECOND_PERSON])
@pytest.mark.parametrize("theirs", ["primary_local_administrator", "global_administrator"])
def test_nobody_does_it_to_an_account_of_equal_or_higher_standing(world: World, name: str, theirs: str) -> None:
    by, target = world.administrator("primary_local_administrator"), world.administrator(theirs)

    assert "equal_or_higher_standing" in reasons(lambda: WRITES[name](target.pk, by))
    assert untouched(target)


@pytest.mark.parametrize("name", WITH_A_SECOND_PERSON)
@pytest.mark.parametrize("theirs", ["local_administrator", "primary_local_administrator", "global_administrator"])
def test_below_a_primary_local_administrator_nobody_asks_for_a_second_person_either(
    world: World, name: str, theirs: str
) -> None:
    by, target = world.administrator(), world.administrator(theirs)

    assert "equal_or_higher_standing" in reasons(lambda: WRITES[name](target.pk, by))
    assert untouched(target)


@EACH
def test_out_of_the_tree_and_unknown_answer_alike_and_both_are_on_record(world: World, name: str) -> None:
    by, outside = world.administrator(), world.person(organisation=world.elsewhere)
    answers = []
    for pk in (outside.pk, uuid4()):
        with pytest.raises(NotFound) as no:
            WRITES[name](pk, by)
        answers.append(str(no.value))
        said = json.loads(last_refusal(by).details)
        assert said == {"operation": name, "reasons": ["not_found"]}
        assert last_refusal(by).target == pk
    assert answers[0] == answers[1]
    assert untouched(outside)


@EACH
def test_who_lost_the_role_a_moment_ago_does_nothing_any_more(world: World, name: str) -> None:
    by, person = world.administrator("global_administrator"), world.person()
    RoleGrant.objects.filter(account=by).update(withdrawn_at=timezone.now())

    with pytest.raises(NotFound):
        WRITES[name](person.pk, by)
    assert untouched(person)


@EACH
def test_an_auditor_changes_nothing(world: World, name: str) -> None:
    by, person = world.administrator("auditor"), world.person()

    with pytest.raises((Refused, Invalid)):
        WRITES[name](person.pk, by)
    assert untouched(person)


@pytest.mark.parametrize("role", [*RoleName, None])
@pytest.mark.parametrize("name", ["resecure", "disable", "delete", "end_all_sessions", "confirm_identity"])
def test_a_role_allows_what_its_class_says_and_nothing_else(world: World, name: str, role: RoleName | None) -> None:
    by = world.administrator(role) if role else world.person()
    person = world.person()
    allowed = role is not None and Permission(name) in ROLES[role].permissions
    try:
        if name == "resecure":
            world.resecured(person, by=by)
        else:
            WRITES[name](person.pk, by)
        done = True
    except (Refused, NotFound):
        done = False
    assert done is allowed


def test_resecure_is_off_for_helpdesks_and_auditors() -> None:
    without = {role for role, each in ROLES.items() if Permission.RESECURE not in each.permissions}

    assert without == {RoleName.LOCAL_HELPDESK, RoleName.GLOBAL_HELPDESK, RoleName.AUDITOR}


def test_a_role_above_reaches_below_unless_the_grant_says_not(world: World) -> None:
    reaching = world.administrator(organisation=world.region)
    staying = world.administrator(organisation=world.region, reaches_children=False)
    person, near = world.person(), world.person(organisation=world.region)

    with pytest.raises(NotFound):
        disable(person.pk, by=staying)
    disable(near.pk, by=staying)
    disable(person.pk, by=reaching)
    assert fresh(person).status == "disabled"


def test_a_role_below_does_not_reach_above(world: World) -> None:
    with pytest.raises(NotFound):
        disable(world.person(organisation=world.region).pk, by=world.administrator())


def test_an_organisation_whose_code_begins_alike_is_not_below(world: World) -> None:
    from resecure.identity.organisations import add

    twin = add(code="PRAX", name="Twin Practice", parent=world.region)

    with pytest.raises(NotFound):
        disable(world.person(organisation=twin).pk, by=world.administrator())


def test_an_account_that_moved_between_page_and_confirm_is_not_found(world: World) -> None:
    by, person = world.administrator(), world.person()
    confirmation = world.confirmation(person, by=by)
    Account.objects.filter(pk=person.pk).update(organisation=world.elsewhere, organisation_path=world.elsewhere.path)

    with pytest.raises(NotFound):
        resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)
    assert fresh(person).password == world.hashed
    assert world.records("operation_refused", person) == 1


def test_a_helpdesk_here_who_is_administrator_elsewhere_stands_low_here(world: World) -> None:
    by = world.administrator("local_helpdesk")
    RoleGrant.objects.create(
        account=by, role="primary_local_administrator", organisation=world.elsewhere, granted_at=timezone.now()
    )

    assert "equal_or_higher_standing" in reasons(lambda: disable(world.administrator("local_helpdesk").pk, by=by))
    assert reasons(lambda: delete(world.person().pk, by=by)) == {"role_does_not_allow"}


def test_nobody_touches_the_service_account(world: World) -> None:
    from resecure.identity.accounts import system_account

    by = world.administrator("global_administrator", organisation=world.region)
    with pytest.raises(NotFound):
        enable(system_account().pk, by=by)


def test_an_account_is_created_only_where_a_role_of_ours_creates(world: World) -> None:
    typed = {"address": "a@example.org", "given_name": "A", "family_name": "B"}
    for by in (world.person(), world.administrator("local_helpdesk"), world.administrator("auditor")):
        assert reasons(lambda by=by: create_account(by=by, organisation_code="PRA", **typed)) == {  # type: ignore[misc]
            "role_does_not_allow"
        }
        assert last_refusal(by).target is None
    for code in ("ELS", "REG", "NONE", "\x00", "x" * 500):
        by = world.administrator()
        with pytest.raises(InvalidOnRecord):
            create_account(by=by, organisation_code=code, **typed)
        assert_out_of_reach_is_on_record(by)
    assert not Account.objects.filter(address="a@example.org").exists()


@pytest.mark.parametrize("code", ["ELS", "NONE"])
def test_reaching_for_an_organisation_outside_ones_tree_is_refused_as_an_unknown_one_and_is_on_record(
    world: World, code: str
) -> None:
    boss = world.administrator("primary_local_administrator")
    person, leaver = world.person(), world.person(status="leaver")
    with pytest.raises(InvalidOnRecord):
        grant_role(person.pk, role=RoleName.LOCAL_HELPDESK, organisation_code=code, by=boss)
    assert_out_of_reach_is_on_record(boss)
    with pytest.raises(InvalidOnRecord):
        join(leaver.pk, organisation_code=code, by=boss)
    assert_out_of_reach_is_on_record(boss)
    assert untouched(person)


def test_who_reaches_one_organisation_hands_out_no_role_that_reaches_below(world: World) -> None:
    boss = world.administrator("primary_local_administrator", organisation=world.region, reaches_children=False)
    person = world.person(organisation=world.region)
    role = {"role": RoleName.LOCAL_ADMINISTRATOR, "organisation_code": "REG", "by": boss}

    assert reasons(lambda: grant_role(person.pk, reaches_children=True, **role)) == {"reaches_too_far"}
    assert not RoleGrant.objects.filter(account=person).exists()
    assert not grant_role(person.pk, reaches_children=False, **role).reaches_children


def test_an_account_deleted_too_long_ago_is_not_restored_even_if_the_clock_stood_still(world: World) -> None:
    by = world.administrator()
    late = world.person(status="deleted", status_since=timezone.now() - timedelta(days=30, seconds=1))
    in_time = world.person(status="deleted", status_since=timezone.now() - timedelta(days=29))

    assert reasons(lambda: restore(late.pk, by=by)) == {"too_late"}
    restore(in_time.pk, by=by)
    assert Account.objects.get(pk=in_time.pk).status == "active"


def test_asking_for_an_address_that_somebody_has_is_on_record_whoever_has_it(world: World) -> None:
    by, outside = world.administrator(), world.person(organisation=world.elsewhere)
    with pytest.raises(InvalidOnRecord):
        create_account(by=by, organisation_code="PRA", address=outside.address, given_name="A", family_name="B")
    said = last_refusal(by)
    assert json.loads(said.details)["reasons"] == ["address_taken"]
    assert said.target is None


def assert_out_of_reach_is_on_record(by: Account) -> None:
    refusal = last_refusal(by)
    assert json.loads(refusal.details)["reasons"] == ["organisation_out_of_reach"]


def test_an_administrator_who_cannot_confirm_stops_and_it_is_on_record(world: World) -> None:
    by, person = world.administrator(), world.person()

    cannot_confirm_identity(person.pk, by=by, said="They hung up\x00 when asked.")

    assert untouched(person)
    assert world.records("identity_not_confirmed", person) == 1
