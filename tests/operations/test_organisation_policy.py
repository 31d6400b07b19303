"""The policy of an organisation: who sets it, what counts below, and what is on record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from resecure.audit.models import Record
from resecure.identity.alerts import Alert
from resecure.identity.organisations import Organisation
from resecure.operations.set_organisation_policy import look_at_organisation_policy, set_organisation_policy
from resecure.policy.organisation_policy import CHANNEL_AGE, CONFIRMING, OrganisationPolicy, Several, YesNo
from resecure.policy.refusals import Invalid, NotFound, Refused
from resecure.policy.watching import said
from tests.conftest import World
from tests.web.sign_in.browser import Browser, shown

PLA = "primary_local_administrator"
KEY = CHANNEL_AGE.key


def set_to(world: World, days: int | None, *, code: str = "PRA", by: Any = None) -> None:
    by = by or world.administrator(PLA, organisation=world.region)
    set_organisation_policy(code, settings={KEY: days}, by=by)


def counts(organisation: Any) -> int:
    return OrganisationPolicy.at(organisation.path).of(CHANNEL_AGE)


def test_what_nobody_has_set_is_the_default(world: World) -> None:
    assert counts(world.practice) == CHANNEL_AGE.default


def test_what_an_organisation_sets_counts_below_it_and_nowhere_else(world: World) -> None:
    set_to(world, 30, code="REG")

    assert counts(world.practice) == 30
    assert counts(world.elsewhere) == CHANNEL_AGE.default


def test_below_it_can_only_be_stricter(world: World) -> None:
    set_to(world, 30, code="REG")

    with pytest.raises(Invalid) as wrong:
        set_to(world, 29)
    assert "30 days" in wrong.value.errors[KEY][0]
    set_to(world, 31)
    assert counts(world.practice) == 31


def test_an_organisation_above_that_becomes_stricter_counts_at_once_over_what_was_set_below(world: World) -> None:
    set_to(world, 10)
    set_to(world, 20, code="REG")

    found = OrganisationPolicy.at(world.practice.path).counting(CHANNEL_AGE)
    assert (found.value, found.from_code, found.set_here, found.here) == (20, "REG", 10, False)


def test_a_setting_that_is_taken_back_counts_from_above_again(world: World) -> None:
    set_to(world, 10)
    set_to(world, None)

    assert counts(world.practice) == CHANNEL_AGE.default
    assert Organisation.objects.get(code="PRA").policy == {}


def test_the_record_holds_each_change_old_and_new_and_nothing_where_nothing_changed(world: World) -> None:
    set_to(world, 10)
    set_to(world, 12)
    set_to(world, 12)

    found = Record.objects.filter(event="organisation_policy_set").order_by("id")
    assert [json.loads(each.details)["changes"] for each in found] == [{KEY: [None, 10]}, {KEY: [10, 12]}]
    assert {each.organisation_path for each in found} == {world.practice.path}


def test_a_policy_that_protects_less_than_before_is_an_alert_and_a_stricter_one_is_none(world: World) -> None:
    by = world.administrator("primary_local_administrator")
    set_organisation_policy("PRA", settings={"caution_hours": 48, "watch_administrator_per_hour": 3}, by=by)
    assert not Alert.objects.filter(kind="policy_loosened").exists()
    set_organisation_policy("PRA", settings={"watch_administrator_per_hour": 100_000, "caution_hours": 72}, by=by)

    [alert] = Alert.objects.filter(kind="policy_loosened", actor=by.pk, organisation_path=world.practice.path)
    assert said(alert.kind, alert.details) == "In PRA: watch administrator per hour."


@pytest.mark.parametrize("given", [0, 91, "7", 7.5, True, [], {"a": 1}])
def test_what_is_no_value_of_the_setting_is_refused_and_nothing_is_lost(world: World, given: Any) -> None:
    set_to(world, 10)

    with pytest.raises(Invalid):
        set_to(world, given)
    assert counts(world.practice) == 10


def test_an_unknown_setting_is_refused_with_everything_beside_it(world: World) -> None:
    by = world.administrator(PLA)

    with pytest.raises(Invalid) as wrong:
        set_organisation_policy("PRA", settings={"made_up": 1, KEY: 0}, by=by)
    assert set(wrong.value.errors) == {"made_up", KEY}


def test_a_local_administrator_sets_no_policy_and_the_try_is_on_record(world: World) -> None:
    by = world.administrator()

    with pytest.raises(Refused) as no:
        set_to(world, 10, by=by)
    assert [each.code for each in no.value.reasons] == ["role_does_not_allow"]
    assert Record.objects.filter(event="operation_refused", actor=by.pk).count() == 1


def test_out_of_scope_answers_as_unknown(world: World) -> None:
    by = world.administrator(PLA)

    for code in ("ELS", "REG", "NONE", "\x00"):
        with pytest.raises(NotFound):
            set_to(world, 10, code=code, by=by)
        with pytest.raises(NotFound):
            look_at_organisation_policy(code, by=by)


def test_a_stored_value_that_makes_no_sense_counts_as_none(world: World) -> None:
    Organisation.objects.filter(code="PRA").update(policy={KEY: "many"})

    assert counts(world.practice) == CHANNEL_AGE.default


WORDS: Any = {"area": CONFIRMING, "label": "l", "sentence": "s", "costs": "c"}


def test_of_lists_with_nothing_in_common_the_one_above_counts() -> None:
    some = Several(key="k", default=frozenset("ab"), choices={"a": "A", "b": "B", "c": "C"}, looser_is="more", **WORDS)

    assert some.stricter(frozenset("ab"), frozenset("bc")) == frozenset("b")
    assert some.stricter(frozenset("ab"), frozenset("c")) == frozenset("ab")


def test_of_two_answers_the_stricter_counts() -> None:
    asked = YesNo(key="k", default=False, looser_is=False, **WORDS)

    assert asked.stricter(True, False) is True
    assert asked.stricter(False, True) is True


def test_the_page_shows_whose_value_counts_and_sets_it(world: World) -> None:
    set_to(world, 30, code="REG")
    browser, primary = Browser(), world.administrator(PLA)
    browser.sign_in(primary.address)
    here = reverse("organisations:policy", args=["PRA"])

    assert "Now: 30 days, set by North Region." in shown(browser.get(here))
    for typed in ("29", "lots", "-1", "٣٠"):
        answer = browser.post(here, {KEY: typed})
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.content.decode()
    wanted = dict.fromkeys(form_defaults(browser, here), "inherited") | {KEY: "40"}
    saved = browser.post(here, wanted)
    words = shown(browser.get(saved["Location"]))
    assert "Now: 40 days, set here." in words
    assert "The policy is saved and counts from now on." in words


def form_defaults(browser: Browser, here: str) -> list[str]:
    """The names of the yes-or-no settings on the page."""
    from resecure.policy.organisation_policy import SETTINGS

    assert browser.get(here).status_code == 200
    return [key for key, each in SETTINGS.items() if isinstance(each, YesNo)]


def test_the_account_page_links_to_the_policy_only_for_who_may_set_it(world: World) -> None:
    person = world.person()
    for role, linked in ((PLA, True), ("local_administrator", False)):
        browser = Browser()
        browser.sign_in(world.administrator(role).address)
        page = browser.get(reverse("user_management:account", args=[person.pk])).content.decode()
        assert (reverse("organisations:policy", args=["PRA"]) in page) is linked


def test_a_program_reads_and_sets_the_policy(world: World) -> None:
    browser, primary = Browser(), world.administrator(PLA)
    call = {"headers": {"Authorization": f"Bearer {world.session(primary)}"}, "content_type": "application/json"}
    here = "/api/v1/organisations/PRA/policy"

    said = browser.put(here, {"settings": {KEY: 12}}, **call).json()
    assert next(each for each in said["settings"] if each["key"] == KEY)["set_by"]["code"] == "PRA"
    assert browser.put(here, {"settings": {KEY: 0}}, **call).status_code == 422
    assert browser.get("/api/v1/organisations/ELS/policy", **call).status_code == 404
    assert browser.get(here, **call).json() == said
