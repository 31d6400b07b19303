"""What a temporary password needs as evidence, and what is no evidence at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.utils import timezone

from resecure.identity.accounts import Account, system_account
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.operations.publish_aup import publish_aup
from resecure.operations.resecure import resecure
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import Invalid
from tests.attacks.stories import HERE, by_secret, fresh, opens, reasons, temporary_password
from tests.conftest import World


@pytest.fixture
def resecured(world: World) -> Any:
    """Somebody resecured by ``by``, with a first temporary password ``given``."""
    person = world.person()
    person.by = world.administrator()
    world.resecured(person, by=person.by)
    person.given = temporary_password(person, by=person.by)
    return person


def test_whoever_resecured_sets_another_temporary_password_in_the_same_call(resecured: Any) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=29), tick=False):
        again = temporary_password(resecured, by=resecured.by)

    assert not opens(resecured, resecured.given)
    assert opens(resecured, again)


def test_another_temporary_password_after_half_an_hour_needs_a_confirmation_of_its_own(
    world: World, resecured: Any
) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert reasons(lambda: temporary_password(resecured, by=resecured.by)) == {"confirmation_required"}
        assert fresh(resecured).generation == _generation_of_the_first(resecured)
        confirmation = world.confirmation(resecured, by=resecured.by, purpose="reset_password")
        again = temporary_password(resecured, by=resecured.by, confirmation=confirmation)
        assert opens(resecured, again)
        assert reasons(lambda: temporary_password(resecured, by=resecured.by, confirmation=confirmation)) == {
            "confirmation_not_valid"
        }


def test_the_half_hour_begins_with_the_confirmation_and_not_with_the_resecure(world: World) -> None:
    person, by, now = world.person(), world.administrator(), timezone.now()
    with time_machine.travel(now, tick=False):
        confirmation = world.confirmation(person, by=by)
    with time_machine.travel(now + timedelta(minutes=29), tick=False):
        resecure(person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)
        temporary_password(person, by=by)
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        assert reasons(lambda: temporary_password(person, by=by)) == {"confirmation_required"}


def test_another_administrator_confirms_before_a_second_temporary_password(world: World, resecured: Any) -> None:
    other = world.administrator()

    assert reasons(lambda: temporary_password(resecured, by=other)) == {"confirmation_required"}

    confirmation = world.confirmation(resecured, by=other, purpose="reset_password")
    assert opens(resecured, temporary_password(resecured, by=other, confirmation=confirmation))


def test_a_confirmation_that_is_swept_away_counts_no_longer(resecured: Any) -> None:
    IdentityConfirmation.objects.filter(account=resecured).delete()

    assert reasons(lambda: temporary_password(resecured, by=resecured.by)) == {"confirmation_required"}


def test_any_administrator_in_scope_finishes_a_resecure_that_waits_for_its_first_password(world: World) -> None:
    person = world.person()
    world.resecured(person, by=world.administrator())

    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        given = temporary_password(person, by=world.administrator())
        assert opens(person, given)


def test_wrong_passwords_do_not_keep_a_resecure_from_being_finished(world: World) -> None:
    person = world.person()
    world.resecured(person, by=world.administrator())
    Account.objects.filter(pk=person.pk).update(
        status="locked", status_before_lock="active", status_before_lock_since=timezone.now()
    )

    assert opens(person, temporary_password(person, by=world.administrator()))


def test_the_secret_that_was_forgotten_is_no_evidence(world: World) -> None:
    person, by = world.person(), world.administrator()
    confirmation = by_secret(person, by=by)

    for because, found in (
        (Trigger.FORGOTTEN_SECRET, {"proved_by_what_was_forgotten"}),
        (Trigger.FORGOTTEN_ANSWERS, set()),
    ):
        if found:
            assert reasons(lambda: resecure(person.pk, by=by, because=because, confirmation=confirmation)) == found  # noqa: B023
            assert not Resecuring.objects.filter(account=person).exists()
        else:
            resecure(person.pk, by=by, because=because, confirmation=confirmation)
    assert Resecuring.objects.get(account=person).because == Trigger.FORGOTTEN_ANSWERS


def test_a_version_that_was_published_is_refused_as_such(world: World) -> None:
    with pytest.raises(Invalid) as wrong:
        publish_aup(version=world.aup.version, text="Another text.", by=system_account())
    assert "version" in wrong.value.errors


def test_another_rule_of_the_database_is_not_reported_as_a_version_that_exists(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE identity_aupversion ADD CONSTRAINT no_two CHECK (version <> '2')")

    with pytest.raises(IntegrityError, match="no_two"):
        publish_aup(version="2", text="Be very careful.", by=system_account())


def _generation_of_the_first(person: Any) -> int:
    """The generation after the resecure and the first temporary password, and nothing since."""
    return int(Resecuring.objects.get(account=person).generation) + 1


def test_signing_in_with_the_first_password_takes_nothing_of_this_away(world: World, resecured: Any) -> None:
    assert sign_in(resecured.address, resecured.given, client=HERE).handle

    assert reasons(lambda: temporary_password(resecured, by=world.administrator())) == {"confirmation_required"}
