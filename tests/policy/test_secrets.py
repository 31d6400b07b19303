"""The rules of the account secret."""

from __future__ import annotations

import pytest
from django.db import connection

from resecure.identity import secret_store
from resecure.identity.credentials import SECRET, SecretHistory, SecurityQuestion, set_secret
from resecure.policy.secrets import faults_of_secret, secret_rules
from tests.attacks.stories import fresh
from tests.conftest import World


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "eightlet",
        "thunder storms",
        "thunderst0rms",
        "thunder-storms",
        "aaaaaaaaaaaa",
        "ababababab",
        "hillpractice",
        "HillPractice",
        "wilhelmina",
        "x" * 65,
        "thunder\x00storms",
    ],
)
def test_a_secret_is_refused_with_the_rule_it_breaks(world: World, secret: str) -> None:
    person = world.person(given_name="Wilhelmina")

    assert faults_of_secret(secret, person)


@pytest.mark.parametrize("secret", ["thunderstorms", "THUNDERSTORMS", "  thunderstorms ", "gwyrddlas", "übermorgen"])
def test_more_than_eight_letters_make_a_secret(world: World, secret: str) -> None:
    assert faults_of_secret(secret, world.person()) == []


def test_none_of_the_last_five_secrets_can_be_set_again_whatever_their_case(world: World) -> None:
    from django.utils import timezone

    person = world.person(secret="")
    secrets = ["appletrees", "blackbirds", "chestnutty", "dandelions", "elderberry"]
    for secret in secrets:
        set_secret(person, secret, now=timezone.now())

    for secret in secrets:
        assert faults_of_secret(secret.upper(), person), secret
    set_secret(person, "foxglovesy", now=timezone.now())
    assert faults_of_secret("appletrees", person) == []


def test_the_secret_is_stored_sealed_with_the_name_of_its_key(world: World) -> None:
    person = fresh(world.person(secret="marmaladesky"))

    assert b"marmalade" not in bytes(person.secret)
    opened = secret_store.decrypted(person.secret, person.secret_key_name, account=person.pk, purpose=SECRET)
    assert opened == "marmaladesky"
    assert b"marmalade" not in bytes(SecretHistory.objects.get(account=person).digest)


def test_a_sealed_secret_pasted_into_another_row_does_not_open(world: World) -> None:
    from cryptography.exceptions import InvalidTag

    person, other = fresh(world.person(secret="marmaladesky")), world.person()

    with pytest.raises(InvalidTag):
        secret_store.decrypted(person.secret, person.secret_key_name, account=other.pk, purpose=SECRET)


def test_a_resecure_forgets_the_secret_and_the_legacy_questions(world: World) -> None:
    person, other = (world.person() for _ in range(2))
    for each in (person, other):
        type(each).objects.filter(pk=each.pk).update(has_security_questions=True)
        for position in (1, 2, 3):
            SecurityQuestion.objects.create(
                account=each, position=position, question="First school?", answer=b"x", key_name="k"
            )

    world.resecured(person, by=world.administrator())

    assert not SecurityQuestion.objects.filter(account=person).exists()
    assert SecurityQuestion.objects.filter(account=other).count() == 3
    assert fresh(person).secret is None
    assert fresh(person).has_security_questions is False
    assert fresh(other).secret is not None


def test_an_old_secret_stays_in_the_history_after_a_resecure(world: World) -> None:
    person = world.person(secret="marmaladesky")

    world.resecured(person, by=world.administrator())

    assert faults_of_secret("marmaladesky", fresh(person))


def test_every_rule_that_a_secret_can_break_is_shown(world: World) -> None:
    shown = [rule.text for rule in secret_rules()]

    assert "at least 4 different letters" in shown
    assert [rule.check for rule in secret_rules(world.person())][:4] == [
        "min-length",
        "letters-only",
        "different",
        "not-one-of",
    ]


def test_the_rules_of_the_secret_are_the_settings() -> None:
    assert any("9" in rule.text for rule in secret_rules())
    assert connection.vendor == "postgresql"
