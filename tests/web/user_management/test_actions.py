"""The other actions, creating accounts, roles, and stopping when one is not sure."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.entrypoints.web.user_management.shared import long_time
from resecure.identity.accounts import Account
from resecure.identity.roles import RoleGrant, held_by
from tests.conftest import World
from tests.web.user_management.conftest import IDENTIFIED, Browser, at, source_of, words_of

# action, status before, what is typed, status after, a status in which it is refused
ACTIONS = [
    ("unlock", "locked", IDENTIFIED, "active", "active"),
    ("disable", "active", {}, "disabled", "disabled"),
    ("enable", "disabled", {}, "active", "active"),
    ("mark_as_leaver", "active", {}, "leaver", "disabled"),
    ("join", "leaver", {"organisation": "pra"}, "active", "active"),
    ("delete", "active", {}, "deleted", "deleted"),
    ("restore", "deleted", {}, "active", "active"),
    ("end_all_sessions", "active", {}, "active", "disabled"),
]


@pytest.mark.parametrize(("name", "before", "typed", "after", "_refused_in"), ACTIONS)
def test_an_action_says_what_will_happen_does_it_and_says_so(
    world: World, admin: Browser, name: str, before: str, typed: dict[str, str], after: str, _refused_in: str
) -> None:
    person, other = world.person(status=before), world.person()
    theirs = world.session(other)
    shown = admin.get(name, person.pk)
    assert shown.status_code == 200
    assert "What will happen:" in words_of(shown)
    generation = person.generation
    answer = admin.post(name, person.pk, **typed)
    assert answer["Location"] == f"{at('account', person.pk)}?done={name}"
    assert "Done" in words_of(admin.client.get(answer["Location"]))
    person.refresh_from_db()
    assert person.status == after
    assert person.generation > generation
    assert world.passes(theirs)


@pytest.mark.parametrize(("name", "_before", "typed", "_after", "refused_in"), ACTIONS)
def test_an_action_is_refused_with_its_reason_in_a_status_that_does_not_allow_it(
    world: World, admin: Browser, name: str, _before: str, typed: dict[str, str], _after: str, refused_in: str
) -> None:
    person = world.person(status=refused_in)
    for answer in (admin.get(name, person.pk), admin.post(name, person.pk, **typed)):
        assert answer.status_code == 409
        assert "The account is" in words_of(answer)
    person.refresh_from_db()
    assert person.status == refused_in
    assert world.records("operation_refused", person) >= 1


@pytest.mark.parametrize("name", [action[0] for action in ACTIONS])
def test_an_action_on_a_higher_administrator_is_refused(world: World, admin: Browser, name: str) -> None:
    typed = next(action[2] for action in ACTIONS if action[0] == name)
    higher = world.administrator("primary_local_administrator")
    assert admin.post(name, higher.pk, **typed).status_code == 409
    higher.refresh_from_db()
    assert higher.status == "active"


def test_unlock_without_evidence_is_an_error_that_keeps_what_was_typed(world: World, admin: Browser) -> None:
    person = world.person(status="locked")
    answer = admin.post("unlock", person.pk, reference="ticket nine")
    assert answer.status_code == 422
    assert "ticket nine" in source_of(answer)
    person.refresh_from_db()
    assert person.status == "locked"


def test_join_to_an_organisation_out_of_reach_is_an_error_beside_the_field(world: World, admin: Browser) -> None:
    person = world.person(status="leaver")
    answer = admin.post("join", person.pk, organisation="els")
    assert "Enter the code of an organisation that you administer" in words_of(answer)
    assert 'value="els"' in source_of(answer)


NEW = {
    "given_name": "Zoë",
    "family_name": "Ap Rhys",
    "address": "zoe.ap.rhys@example.org",
    "organisation": "PRA",
    "job_title": "",
    "mobile": "",
}


def test_a_created_account_goes_on_to_its_temporary_password(world: World, admin: Browser) -> None:
    answer = admin.post("create", **NEW)
    made = Account.objects.get(address="zoe.ap.rhys@example.org")
    assert answer["Location"] == f"{at('temporary_password', made.pk)}?done=created"
    shown = admin.client.get(answer["Location"])
    assert "Set temporary password" in words_of(shown)
    assert made.status == "pending"
    assert made.created_by == admin.account.pk
    assert "created by Ada Minister" in words_of(admin.get("awaiting"))


def test_a_create_that_cannot_be_keeps_everything_typed(world: World, admin: Browser) -> None:
    answer = admin.post("create", **{**NEW, "address": "no address", "mobile": "12"})
    assert answer.status_code == 422
    for value in ("Zoë", "Ap Rhys", "no address", "PRA"):
        assert f'value="{value}"' in source_of(answer)
    assert "Enter an email address, like name@example.org" in words_of(answer)
    assert "Enter a mobile number" in words_of(answer)


def test_helpdesk_and_auditors_create_nobody(world: World) -> None:
    for role in ("local_helpdesk", "auditor"):
        browser = Browser(world, world.administrator(role))
        assert browser.get("create").status_code == 403
        assert browser.post("create", **NEW).status_code == 409
    assert not Account.objects.filter(address=NEW["address"]).exists()


def grant_of(account: Any) -> RoleGrant:
    return held_by(account.pk)[account.pk][0]


def test_a_role_is_granted_with_its_sentence_shown(world: World, primary: Browser) -> None:
    person = world.person()
    shown = words_of(primary.get("roles", person.pk))
    assert "Looks after the accounts of the organisation, and resecures them." in shown
    assert "Global Administrator" not in shown
    answer = primary.post(
        "roles", person.pk, role="local_administrator", organisation="PRA", reaches_children="on"
    )  # fmt: skip
    assert answer.status_code == 302
    assert (grant_of(person).role, grant_of(person).reaches_children) == ("local_administrator", True)


def test_a_role_that_is_not_ones_to_give_is_not_given(world: World, primary: Browser, admin: Browser) -> None:
    person = world.person()
    assert primary.post("roles", person.pk, role="global_administrator", organisation="PRA").status_code == 422
    assert primary.post("roles", person.pk, role="local_helpdesk", organisation="ELS").status_code == 422
    assert admin.post("roles", person.pk, role="local_helpdesk", organisation="PRA").status_code in {409, 422}
    assert held_by(person.pk)[person.pk] == []


def test_one_of_the_last_administrators_is_withdrawn_only_when_it_is_said(world: World, primary: Browser) -> None:
    person = world.administrator()
    grant = grant_of(person).pk
    assert "left with too few administrators" in words_of(primary.get("roles", person.pk))
    answer = primary.post("roles", person.pk, withdraw=grant)
    assert answer.status_code == 409
    assert "confirm that you mean it" in words_of(answer)
    assert held_by(person.pk)[person.pk]
    assert primary.post("roles", person.pk, withdraw=grant, though_it_is_the_last="on").status_code == 302
    assert held_by(person.pk)[person.pk] == []


@pytest.mark.parametrize("name", ["disable", "delete", "mark_as_leaver"])
def test_one_of_the_last_administrators_goes_only_when_the_box_is_ticked(
    world: World, primary: Browser, name: str
) -> None:
    person = world.administrator()
    shown = primary.get(name, person.pk)
    assert "Hill Practice would be left with too few administrators" in words_of(shown)
    assert 'name="though_it_is_the_last"' in source_of(shown)

    refused = primary.post(name, person.pk)

    assert refused.status_code == 409
    assert "confirm that you mean it" in words_of(refused)
    assert 'name="though_it_is_the_last"' in source_of(refused)
    person.refresh_from_db()
    assert person.status == "active"
    assert primary.post(name, person.pk, though_it_is_the_last="on").status_code == 302
    person.refresh_from_db()
    assert person.status != "active"


@pytest.mark.parametrize("name", ["disable", "delete", "mark_as_leaver"])
def test_nothing_is_said_of_the_last_administrators_where_none_goes(world: World, primary: Browser, name: str) -> None:
    world.administrator()
    world.administrator()
    for person in (world.person(), world.administrator(), world.administrator("local_helpdesk")):
        shown = source_of(primary.get(name, person.pk))
        assert "though_it_is_the_last" not in shown
        assert "too few administrators" not in shown


def test_a_grant_that_is_gone_is_said_to_be(world: World, primary: Browser) -> None:
    for what in ("999999", "rubbish"):
        answer = primary.post("roles", world.person().pk, withdraw=what)
        assert answer.status_code == 409
        assert "does not hold this role any more" in words_of(answer)


def test_not_being_sure_is_recorded_changes_nothing_and_says_what_to_do(
    world: World, admin: Browser, primary: Browser
) -> None:
    person = world.person()
    before = Account.objects.filter(pk=person.pk).values().get()
    answer = admin.post("cannot_confirm", person.pk, said="Did not know the ward.")
    shown = words_of(admin.client.get(answer["Location"]))
    assert "End the call politely." in shown
    assert "Pia Primary" in shown
    assert world.records("identity_not_confirmed", person) == 1
    assert Account.objects.filter(pk=person.pk).values().get() == before
    assert "“Did not know the ward.”" in words_of(admin.get("account", person.pk))


def test_a_form_without_its_token_is_refused(world: World, admin: Browser) -> None:
    from django.test import Client

    person = world.person()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.client.cookies
    assert strict.post(at("disable", person.pk)).status_code == 403
    person.refresh_from_db()
    assert person.status == "active"


@pytest.mark.parametrize(("days", "said"), [(548, "18 months"), (365, "12 months"), (30, "30 days"), (100, "100 days")])
def test_a_long_time_is_said_in_months_where_it_comes_out_even(days: int, said: str) -> None:
    assert long_time(days) == said
