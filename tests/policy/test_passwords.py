"""The rules of passwords: each as its sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from resecure.identity.passwords import hashed, matches
from resecure.operations.change_password import change_password
from resecure.policy.generated_passwords import generate, word_list
from resecure.policy.passwords import faults_of_password, faults_of_temporary_password, password_rules
from resecure.policy.refusals import Invalid
from tests.attacks.stories import CHOSEN, HERE, fresh
from tests.conftest import PASSWORD, World


@pytest.fixture
def person(world: World) -> Any:
    return world.person(given_name="Siân", family_name="O'Brien-Llewellyn", address="s.obrien@example.org")


def set_policy(settings: Settings, **values: Any) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update=values)


@pytest.mark.parametrize(
    "password",
    [
        "short one here",  # 14 characters
        "",
        "passwordpassword",
        "123456789012345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "Sian has a quiet lantern",
        "my llewellyn and seven hills",
        "hill practice is on the moor",
        "the resecure lantern over hills",
        "s.obrien lantern over seven hills",
        "quiet lantern\x00 over seven hills",
        "x" * 257,
    ],
)
def test_a_password_is_refused_with_the_rule_it_breaks(person: Any, password: str) -> None:
    assert faults_of_password(password, person)


@pytest.mark.parametrize(
    "password",
    [
        CHOSEN,
        "ein Fluss, drei Brücken & ein Kahn",
        "   spaces   may stand   anywhere   ",
        "llanfair 雨が降る pwllgwyngyll 山",
        "turnip" + " gravel orbit mischief" * 8,
    ],
)
def test_any_characters_may_stand_in_a_long_password(person: Any, password: str) -> None:
    assert faults_of_password(password, person) == []


def test_fifteen_characters_are_enough_and_fourteen_are_not(person: Any) -> None:
    assert faults_of_password("vrq xlo wzi tmu", person) == []
    assert faults_of_password("vrq xlo wzi tm", person)


def test_the_least_length_is_a_setting_and_so_is_the_text_of_the_rule(person: Any, settings: Settings) -> None:
    set_policy(settings, password_min_length=20)

    assert faults_of_password("vrq xlo wzi tmu", person)
    assert any("20" in rule.text for rule in password_rules())


def test_a_password_is_compared_whole_and_never_cut_off() -> None:
    long = "turnip gravel orbit " * 10
    stored = hashed(long)

    assert matches(long, stored)
    assert not matches(long[:72], stored)
    assert not matches(long + "x", stored)


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    assert matches("cafe\u0301 lantern", hashed("caf\u00e9 lantern"))
    assert not matches("cafe lantern", hashed("caf\u00e9 lantern"))


def test_the_present_password_cannot_be_chosen_again(person: Any) -> None:
    with pytest.raises(Invalid) as wrong:
        change_password(person.pk, old=PASSWORD, new=PASSWORD, client=HERE)
    assert "password" in wrong.value.errors


def test_none_of_the_last_four_passwords_can_be_chosen_again_and_the_fifth_can(world: World) -> None:
    person = world.person()
    chosen = [f"{word} lantern over seven hills" for word in ("amber", "cobalt", "indigo", "ochre", "violet")]
    before = PASSWORD
    for password in chosen:
        change_password(person.pk, old=before, new=password, client=HERE)
        before = password

    for recent in chosen:
        assert faults_of_password(recent, fresh(person)), recent
    assert faults_of_password(PASSWORD, fresh(person)) == []


def test_a_generated_password_is_words_of_the_long_list_and_meets_the_policy(person: Any) -> None:
    made = {generate(person) for _ in range(20)}

    assert len(made) == 20
    assert len(word_list()) == 7776
    for password in made:
        assert faults_of_temporary_password(password, person) == []
        assert set(password) <= set("abcdefghijklmnopqrstuvwxyz-"), "readable over the phone"


def test_a_generated_password_grows_with_the_least_length(person: Any, settings: Settings) -> None:
    set_policy(settings, password_min_length=40)

    assert len(generate(person)) >= 40


def test_every_number_of_the_password_rules_is_a_setting(settings: Settings) -> None:
    fields = set(type(settings.RESECURE).model_fields)

    assert {"password_min_length", "password_history", "temporary_password_hours"} <= fields
    assert all(rule.text for rule in password_rules())
