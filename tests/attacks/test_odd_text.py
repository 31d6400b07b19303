"""Odd text is stored as given or refused clearly; it never ends in an error of the database."""

from __future__ import annotations

from typing import Any

import pytest

from resecure.identity.accounts import Account
from resecure.identity.confirmations import Method
from resecure.identity.resecurings import Trigger
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import change_profile
from resecure.operations.confirm_identity import cannot_confirm_identity, confirm_identity
from resecure.operations.create_account import create_account
from resecure.operations.join import join
from resecure.operations.resecure import resecure
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import Invalid, NotSignedIn, Refused
from tests.attacks.stories import HERE, begun, fresh, temporary_password
from tests.conftest import PASSWORD, World

ODD = [
    pytest.param("\x00", id="NUL"),
    pytest.param("a\x00b\x1b[31m", id="control characters"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("\u202egpj.exe", id="right-to-left mark"),
    pytest.param("<script>alert(1)</script>", id="markup"),
    pytest.param("=cmd|'/C calc'!A0", id="formula"),
    pytest.param("x" * 10_000, id="10,000 characters"),
    pytest.param("é" * 10_000, id="10,000 accents"),
    pytest.param("Robert'); DROP TABLE identity_account;--", id="SQL"),
    pytest.param("%s%n{0}{by}", id="formats"),
    pytest.param("", id="nothing"),
    pytest.param("👩‍⚕️" * 30, id="joined emoji"),
]
NO = (Invalid, Refused, NotSignedIn)


def stored_or_refused(call: Any) -> None:
    """Whether it is stored is asked below; an error of any other kind fails the test."""
    try:
        call()
    except NO:
        return


@pytest.mark.parametrize("odd", ODD)
def test_a_name_is_stored_as_given_or_refused(world: World, odd: str) -> None:
    person = world.person()
    try:
        change_profile(by=person, given_name=odd, family_name="Name", mobile="", job_title=odd[:100])
    except Invalid as wrong:
        named, stored = set(wrong.errors), "Someone"
    else:
        named, stored = set(), odd
    assert named <= {"given_name", "job_title"}
    assert fresh(person).given_name == stored


@pytest.mark.parametrize("odd", ODD)
def test_every_field_of_a_new_account_takes_odd_text_or_names_the_field(world: World, odd: str) -> None:
    good = {"address": "new@example.org", "given_name": "New", "family_name": "Person", "organisation_code": "PRA"}
    by = world.administrator()
    for field in [*good, "job_title", "mobile"]:
        try:
            made = create_account(by=by, **{**good, field: odd})
        except Invalid:
            continue
        else:
            assert field == "organisation_code" or getattr(fresh(made), field) == odd
            Account.objects.filter(pk=made.pk).delete()


@pytest.mark.parametrize("odd", ODD)
def test_a_sign_in_with_odd_text_is_a_plain_no(world: World, odd: str) -> None:
    person = world.person()
    for address, password in ((odd, "x"), (person.address, odd), (odd, odd)):
        with pytest.raises(NotSignedIn):
            sign_in(address, password, client=Client(address="192.0.2.1", name="x" * 5000))


@pytest.mark.parametrize("odd", ODD)
def test_odd_passwords_and_secrets_are_taken_or_refused(world: World, odd: str) -> None:
    person, by = world.person(), world.administrator()
    stored_or_refused(lambda: change_password(person.pk, old=odd, new=odd, client=HERE))
    stored_or_refused(lambda: change_password(person.pk, old=PASSWORD, new=odd, client=HERE))
    assert fresh(person).password == world.hashed or odd
    other = world.person()
    world.resecured(other, by=by)
    stored_or_refused(lambda: set_temporary_password(other.pk, by=by, typed=odd))
    handle = begun(other, temporary_password(other, by=by))
    stored_or_refused(lambda: agree_to_aup(handle, version=odd))
    stored_or_refused(lambda: set_account_secret(handle, odd))


@pytest.mark.parametrize("odd", ODD)
def test_odd_references_reasons_and_codes_are_taken_or_refused(world: World, odd: str, settings: Any) -> None:
    settings.RESECURE = settings.RESECURE.model_copy(update={"require_password_change_always": False})
    person, by = world.person(), world.administrator()
    stored_or_refused(lambda: confirm_identity(person.pk, by=by, method=Method.CALL_BACK, reference=odd))
    cannot_confirm_identity(person.pk, by=by, said=odd)
    leaver = world.person(status="leaver")
    with pytest.raises(Invalid):
        join(leaver.pk, organisation_code=odd, by=by)
    world.resecured(person, by=by)
    stored_or_refused(
        lambda: set_temporary_password(person.pk, by=by, require_change=False, change_not_required_because=odd)
    )


@pytest.mark.parametrize("odd", ODD)
def test_odd_idempotency_keys_are_keys(world: World, odd: str) -> None:
    person, by = world.person(), world.administrator()
    confirmation = world.confirmation(person, by=by)
    calls = [
        resecure(
            person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation, idempotency_key=odd or None
        )
        for _ in range(2 if odd else 1)
    ]
    assert len({each.pk for each in calls}) == 1
    first = set_temporary_password(person.pk, by=by, idempotency_key=odd)
    second = set_temporary_password(person.pk, by=by, idempotency_key=odd)
    assert first.password
    assert (second.password is None) is bool(odd)
    assert set_temporary_password(person.pk, by=by, idempotency_key=f"{odd} another").password


def test_a_hidden_mark_does_not_make_one_name_read_as_another(world: World) -> None:
    for mark in "\u200e\u200f\u202a\u202e\u2066\u2069\u061c":
        with pytest.raises(Invalid):
            change_profile(by=world.person(), given_name=f"Ann{mark}", family_name="Lee")
