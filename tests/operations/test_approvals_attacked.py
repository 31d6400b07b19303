"""A second person: the ways around one, by hands that are all allowed to do what they do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from resecure.identity.alerts import Alert
from resecure.identity.approvals import Approval
from resecure.identity.roles import RoleGrant, RoleName
from resecure.operations.acknowledge_alert import acknowledge_alert
from resecure.operations.approve import approve
from resecure.operations.disable import disable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.grant_role import grant_role, withdraw_role
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.set_temporary_password import set_temporary_password
from tests.attacks.stories import fresh, reasons
from tests.conftest import World
from tests.operations.test_approvals import PLA, ask, ask_reset, overtaken, three, untouched
from tests.operations.test_watching import set_policy


def codes(approval: Approval) -> list[str]:
    return [each["code"] for each in approval.needs]


@pytest.mark.parametrize("how", ["withdrawn", "leaver"])
def test_taking_the_role_away_first_does_not_make_one_person_enough(world: World, how: str) -> None:
    target, asker, second = three(world)
    if how == "withdrawn":
        grant = RoleGrant.objects.get(account=target)
        withdraw_role(target.pk, grant=grant.pk, by=asker, though_it_is_the_last=True)
    else:
        mark_as_leaver(target.pk, by=asker, though_it_is_the_last=True)
    waiting = ask(world, fresh(target), asker)

    assert codes(waiting) == ["held_a_role_lately"]
    assert approve(waiting.pk, by=second).state == "executed"


def test_a_role_that_ended_more_than_a_day_ago_needs_no_second_person(world: World) -> None:
    target, asker, _second = three(world)
    RoleGrant.objects.filter(account=target).update(withdrawn_at=timezone.now() - timedelta(hours=25))

    assert world.resecured(target, by=asker)


def test_nobody_is_the_second_person_by_a_role_that_who_asked_has_just_given_them(world: World) -> None:
    target, asker, _second = three(world)
    puppet = world.person()
    grant_role(puppet.pk, role=RoleName(PLA), organisation_code=world.practice.code, by=asker)
    waiting = ask(world, target, asker)

    assert "role_by_who_asked" in reasons(lambda: approve(waiting.pk, by=fresh(puppet)))
    assert untouched(target)


def test_nor_by_a_role_from_somebody_to_whom_who_asked_has_just_given_theirs(world: World) -> None:
    target, asker, _second = three(world)
    first, puppet = world.person(), world.person()
    grant_role(first.pk, role=RoleName(PLA), organisation_code=world.practice.code, by=asker)
    grant_role(puppet.pk, role=RoleName(PLA), organisation_code=world.practice.code, by=fresh(first))
    waiting = ask(world, target, asker)

    assert "role_by_who_asked" in reasons(lambda: approve(waiting.pk, by=fresh(puppet)))
    assert untouched(target)


def test_nobody_approves_what_an_account_asks_for_to_which_they_have_just_given_its_role(world: World) -> None:
    target, giver, second = three(world)
    puppet = world.person()
    grant_role(puppet.pk, role=RoleName(PLA), organisation_code=world.practice.code, by=giver)
    waiting = ask(world, target, fresh(puppet))

    assert reasons(lambda: approve(waiting.pk, by=giver)) == {"role_of_who_asked_by_you"}
    assert untouched(target)
    assert approve(waiting.pk, by=second).state == "executed"


def test_a_role_that_who_asked_gave_long_ago_counts(world: World) -> None:
    target, asker, second = three(world)
    RoleGrant.objects.filter(account=second).update(granted_by=asker.pk, granted_at=timezone.now() - timedelta(days=8))

    assert approve(ask(world, target, asker).pk, by=second).state == "executed"


@pytest.mark.parametrize("what", ["taken_back", "disabled"])
def test_the_word_of_a_second_person_whose_account_was_taken_back_since_counts_no_more(world: World, what: str) -> None:
    target, asker, second = three(world)
    above = world.administrator("global_administrator", organisation=world.region)
    waiting = ask_reset(world, target, asker)
    approve(waiting.pk, by=second)
    if what == "taken_back":
        end_all_sessions(second.pk, by=above)
    else:
        disable(second.pk, by=above)

    assert "confirmation_required" in reasons(lambda: set_temporary_password(target.pk, by=asker))
    assert fresh(target).password == target.password


def test_nothing_comes_of_it_when_the_way_of_confirming_does_not_count_any_more(world: World) -> None:
    target, asker, second = three(world)
    waiting = ask(world, target, asker)
    methods = {"in_person", "video_call", "call_back", "line_manager", "account_secret"} - {waiting.method}
    set_policy(world.practice, confirmation_methods=sorted(methods))

    overtaken(world, target, waiting, second)


def test_whose_account_was_taken_over_does_not_acknowledge_what_was_noticed_about_it(world: World) -> None:
    person = world.administrator(PLA)
    alert = Alert.objects.create(
        kind="contact_changed",
        account=person.pk,
        actor=world.administrator().pk,
        organisation_path=person.organisation_path,
        raised_at=timezone.now(),
    )

    assert "own_alert" in reasons(lambda: acknowledge_alert(alert.pk, by=person, note="it was me"))


def test_an_alert_in_one_organisation_silences_nothing_in_another(world: World) -> None:
    by = world.administrator("global_administrator", organisation=world.region)
    set_policy(world.practice, watch_administrator_per_hour=1)
    set_policy(world.region, watch_administrator_per_hour=2)
    world.resecured(world.person(), by=by)
    world.resecured(world.person(organisation=world.region), by=by)

    found = Alert.objects.filter(kind="many_by_administrator", actor=by.pk)
    assert {each.organisation_path for each in found} == {world.practice.path, world.region.path}
