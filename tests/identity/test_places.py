"""Places in the tree: what an organisation has from those above it, and who looks after it."""

from __future__ import annotations

from typing import Any

from resecure.identity.accounts import Account
from resecure.identity.alerts import Alert, AlertKind
from resecure.identity.organisations import Organisation, paths_above, policies_on
from resecure.identity.roles import RoleGrant, primary_administrators_of
from resecure.operations.confirm_identity import cannot_confirm_identity
from resecure.propagation.models import Change, Delivery
from tests.conftest import World

PLA = "primary_local_administrator"


def test_the_paths_above_an_organisation_end_with_its_own() -> None:
    assert paths_above("Y63.QHM.00L.") == ["Y63.", "Y63.QHM.", "Y63.QHM.00L."]


def test_what_organisations_set_for_themselves_is_read_from_the_top_down(world: World) -> None:
    Organisation.objects.filter(pk=world.region.pk).update(policy={"one": 1, "two": 2})
    Organisation.objects.filter(pk=world.practice.pk).update(policy={"two": 3})

    assert policies_on(world.practice.path) == [
        ("REG", "North Region", {"one": 1, "two": 2}),
        ("PRA", "Hill Practice", {"two": 3}),
    ]
    assert policies_on(world.elsewhere.path) == [("ELS", "Sea Practice", world.elsewhere.policy)]


def test_an_organisation_without_a_primary_administrator_is_looked_after_from_above(world: World) -> None:
    above = world.administrator(PLA, organisation=world.region)

    assert primary_administrators_of(world.practice.path) == [above]
    own = world.administrator(PLA)
    assert primary_administrators_of(world.practice.path) == [own]
    assert primary_administrators_of(world.elsewhere.path) == []


def test_a_primary_administrator_whose_role_does_not_reach_below_looks_after_nobody_there(world: World) -> None:
    world.administrator(PLA, organisation=world.region, reaches_children=False)

    assert primary_administrators_of(world.practice.path) == []


def test_whoever_lost_the_role_or_cannot_sign_in_looks_after_nobody(world: World) -> None:
    gone, shut = world.administrator(PLA), world.administrator(PLA)
    RoleGrant.objects.filter(account=gone).update(withdrawn_at=gone.created_at, withdrawn_by=gone.pk)
    Account.objects.filter(pk=shut.pk).update(status="disabled")

    assert primary_administrators_of(world.practice.path) == []


def mails(change: Change) -> list[tuple[Any, dict[str, Any]]]:
    return list(Delivery.objects.filter(change=change).values_list("account", "payload"))


def test_primary_administrators_have_an_alert_and_a_mail_when_a_caller_could_not_be_confirmed(world: World) -> None:
    person, unsure, primary = world.person(), world.administrator(), world.administrator(PLA)
    world.administrator(PLA, organisation=world.elsewhere)

    cannot_confirm_identity(person.pk, by=unsure, said="would not be called back")

    [alert] = Alert.objects.all()
    assert (alert.kind, alert.account, alert.actor) == (AlertKind.NOT_CONFIRMED, person.pk, unsure.pk)
    assert alert.organisation_path == world.practice.path
    [(told, payload)] = mails(Change.LOOK_NOT_CONFIRMED)
    assert told == primary.pk
    assert payload["address"] == primary.address
    assert payload["about_address"] == person.address
    assert "would not be called back" not in str(payload)


def test_a_primary_administrator_is_not_told_what_they_did_themselves(world: World) -> None:
    primary = world.administrator(PLA)

    cannot_confirm_identity(world.person().pk, by=primary, said="")

    assert mails(Change.LOOK_NOT_CONFIRMED) == []
    assert Alert.objects.count() == 1
