"""A second factor: given at sign-in, once; added, removed and reset; and what a wrong one costs."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.utils import timezone

from resecure.identity import second_factors
from resecure.identity.accounts import system_account
from resecure.identity.second_factors import SecondFactor
from resecure.identity.sessions import Session
from resecure.operations.add_second_factor import add_second_factor, add_second_factor_at_sign_in
from resecure.operations.choose_password import choose_password
from resecure.operations.give_second_factor import give_second_factor
from resecure.operations.make_recovery_codes import make_recovery_codes
from resecure.operations.remove_second_factor import remove_second_factor
from resecure.operations.reset_second_factor import reset_second_factor
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.enrolling import NewFactor, app_to_add, passkey_to_add
from resecure.operations.shared.proving import Given, question
from resecure.operations.shared.step_frame import current
from resecure.operations.sign_in import sign_in
from resecure.operations.sign_in_with_passkey import ask_for_a_passkey, sign_in_with_passkey
from resecure.operations.step_up import step_up
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import Invalid, NotFound, NotSignedIn, Refused, SecondFactorNeeded, Throttled
from resecure.propagation.models import Delivery
from tests.attacks.stories import HERE, acting, begun, fresh, reasons, temporary_password
from tests.conftest import PASSWORD, World
from tests.identity.authenticator import PRESENT, Authenticator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required(settings: Any, world: World) -> None:
    world.factors = True
    settings.RESECURE = settings.RESECURE.model_copy(update={"second_factor_required": True})


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    secret = b32encode(b"12345678901234567890").decode()
    assert second_factors.code_at(secret, at // 30) == code
    # Once more, by hand: HMAC-SHA-1 and the dynamic truncation of RFC 4226, 5.3.
    made = hmac.new(b"12345678901234567890", (at // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    cut = made[-1] & 15
    assert f"{(int.from_bytes(made[cut : cut + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}" == code


def test_whoever_has_a_second_factor_gives_it_before_anything_else(world: World) -> None:
    person = world.administrator()
    progress = sign_in(person.address, PASSWORD, client=HERE)
    assert progress.session is None
    assert progress.owed == [Step.SECOND_FACTOR]
    done = give_second_factor(progress.handle or "", Given(code=world.code(person)), client=HERE)
    assert done.session is not None
    assert world.passes(done.session)
    assert Session.objects.get(account=person).second_factor_kind == "totp"
    assert not Delivery.objects.filter(account=person.pk, change="back_at_work").exists()


def test_a_temporary_password_never_bypasses_it(world: World) -> None:
    person, by = world.administrator("local_helpdesk"), system_account()  # others would need a second person
    world.resecured(person, by=by)
    handle = begun(person, temporary_password(person, by=by))
    assert reasons(lambda: choose_password(handle, "a quiet lantern over seven hills")) == {"not_this_step"}
    progress = give_second_factor(handle, Given(code=world.code(person)), client=HERE)
    assert progress.owed == [Step.NEW_PASSWORD, Step.AUP, Step.PROFILE, Step.ACCOUNT_SECRET]


def test_a_code_counts_once_and_so_does_each_older_one(world: World) -> None:
    person = world.administrator()
    code, older = world.code(person), world.code(person, steps=-1)
    give_second_factor(begun(person, PASSWORD), Given(code=code), client=HERE)
    for again in (code, older):
        with pytest.raises(Invalid):
            give_second_factor(begun(person, PASSWORD), Given(code=again), client=HERE)


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_differ_by_one_step(world: World, *, steps: int, passes: bool) -> None:
    person = world.administrator()
    given = Given(code=world.code(person, steps=steps))
    handle = begun(person, PASSWORD)
    if passes:
        assert give_second_factor(handle, given, client=HERE).session
    else:
        with pytest.raises(Invalid):
            give_second_factor(handle, given, client=HERE)


def test_the_code_of_somebody_else_is_wrong(world: World) -> None:
    person, other = world.administrator(), world.administrator()
    with pytest.raises(Invalid):
        give_second_factor(begun(person, PASSWORD), Given(code=world.code(other)), client=HERE)


def test_ten_wrong_codes_make_one_wait_tell_the_person_and_lock_nobody_out_for_ever(world: World) -> None:
    person = world.administrator()
    handle = begun(person, PASSWORD)
    for _number in range(10):
        with pytest.raises(Invalid):
            give_second_factor(handle, Given(code="000000"), client=HERE)
    for _number in range(2):
        with pytest.raises(Throttled):
            give_second_factor(handle, Given(code=world.code(person)), client=HERE)
    assert Delivery.objects.filter(account=person.pk, change="second_factor_guessed", system="mail").count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        handle = begun(person, PASSWORD)
        assert give_second_factor(handle, Given(code=world.code(person)), client=HERE).session


def test_a_stranger_who_guesses_does_not_shut_out_the_person_at_their_desk(world: World) -> None:
    from resecure.operations.shared.progress import Client

    person = world.administrator()
    world.session(person)  # from 192.0.2.7
    desk = Client(address="192.0.2.7", name="")
    for _number in range(11):
        with pytest.raises((Invalid, Throttled)):
            give_second_factor(begun(person, PASSWORD), Given(code="000000"), client=HERE)
    assert give_second_factor(begun(person, PASSWORD), Given(code=world.code(person)), client=desk).session


def test_a_recovery_code_works_once_and_is_stored_as_a_digest(world: World) -> None:
    person = acting(world, world.administrator())
    codes = make_recovery_codes(by=person)
    assert len(set(codes)) == 10
    assert give_second_factor(begun(person, PASSWORD), Given(code=codes[0].upper()), client=HERE).session
    with pytest.raises(Invalid):
        give_second_factor(begun(person, PASSWORD), Given(code=codes[0]), client=HERE)
    assert second_factors.recovery_codes_left(person.pk) == 9
    told = Delivery.objects.get(account=person.pk, change="recovery_code_used", system="mail")
    assert told.payload["left"] == 9
    assert codes[0] not in str(told.payload)
    stored = [bytes(each.digest) for each in second_factors.RecoveryCode.objects.all()]
    assert not any(codes[1].replace("-", "").encode() in each for each in stored)


def test_new_recovery_codes_end_those_of_before(world: World) -> None:
    person = acting(world, world.administrator())
    [old, *_rest] = make_recovery_codes(by=person)
    make_recovery_codes(by=person)
    with pytest.raises(Invalid):
        give_second_factor(begun(person, PASSWORD), Given(code=old), client=HERE)


def test_an_administrator_without_one_is_led_to_add_it_before_anything_opens(world: World) -> None:
    person = world.administrator(factor=False)
    progress = sign_in(person.address, PASSWORD, client=HERE)
    assert progress.owed == [Step.ADD_SECOND_FACTOR]
    handle = progress.handle or ""
    under_way = current(handle)
    app = app_to_add(under_way.account, bound_to=under_way.pk)
    code = pyotp.TOTP(app.secret).now()
    made = add_second_factor_at_sign_in(handle, NewFactor(challenge=app.challenge, code=code), client=HERE)
    assert made.progress.session is not None
    assert len(made.recovery_codes) == 10
    assert world.passes(made.progress.session)


def test_adding_one_ends_every_other_session_and_goes_on_in_a_fresh_one(world: World) -> None:
    person = world.person()
    other = world.session(person)
    by = acting(world, person)
    app = app_to_add(by, bound_to=by.acting_session)
    new = NewFactor(challenge=app.challenge, code=pyotp.TOTP(app.secret).now(), name="phone")
    made = add_second_factor(new, by=by, client=HERE)
    assert not world.passes(other)
    assert made.progress.session is not None
    assert world.passes(made.progress.session)
    assert Delivery.objects.filter(account=person.pk, change="second_factor_added").exists()
    assert reasons_of_none(by)


def reasons_of_none(by: Any) -> bool:
    """Whether the session of before can still add another one."""
    with pytest.raises(NotSignedIn):
        add_second_factor(NewFactor(challenge=None, code="000000"), by=by, client=HERE)
    return True


def test_a_session_that_was_found_open_cannot_add_the_first_one(world: World) -> None:
    by = acting(world, world.person())
    Session.objects.filter(pk=by.acting_session).update(started_at=timezone.now() - timedelta(minutes=11))
    app = app_to_add(by, bound_to=by.acting_session)
    new = NewFactor(challenge=app.challenge, code=pyotp.TOTP(app.secret).now())
    with pytest.raises(SecondFactorNeeded):
        add_second_factor(new, by=by, client=HERE)


def test_the_key_of_an_app_belongs_to_the_session_that_was_shown_it(world: World) -> None:
    by, other = acting(world, world.person()), acting(world, world.person())
    app = app_to_add(other, bound_to=other.acting_session)
    new = NewFactor(challenge=app.challenge, code=pyotp.TOTP(app.secret).now())
    with pytest.raises(Invalid):
        add_second_factor(new, by=by, client=HERE)


def test_a_passkey_is_added_and_opens_a_sign_in(world: World) -> None:
    by, device = acting(world, world.person()), Authenticator()
    asked = passkey_to_add(by, bound_to=by.acting_session)
    new = NewFactor(challenge=asked.challenge, passkey=device.made(asked.options))
    add_second_factor(new, by=by, client=HERE)
    handle = begun(by, PASSWORD)
    under_way = current(handle)
    to_use = question(under_way.account, bound_to=under_way.pk)
    assert to_use is not None
    given = Given(passkey=device.answer(to_use.options), challenge=to_use.challenge)
    assert give_second_factor(handle, given, client=HERE).session


@pytest.mark.parametrize("wrong", ["origin", "unverified", "copied", "twice", "foreign sign-in", "other device"])
def test_a_passkey_that_is_not_right_opens_nothing(world: World, wrong: str) -> None:
    person, device = world.person(), Authenticator()
    device.added_to(person)
    handle = begun(person, PASSWORD)
    at = current(begun(person, PASSWORD)) if wrong == "foreign sign-in" else current(handle)
    asked = question(at.account, bound_to=at.pk)
    assert asked is not None
    if wrong == "unverified":
        device.flags = PRESENT
    if wrong == "copied":
        SecondFactor.objects.filter(account=person).update(sign_count=9)
    used = Authenticator() if wrong == "other device" else device
    origin = "https://elsewhere.example.org" if wrong == "origin" else None
    given = Given(passkey=used.answer(asked.options, origin=origin), challenge=asked.challenge)
    if wrong == "twice":
        give_second_factor(handle, given, client=HERE)
        handle = begun(person, PASSWORD)
    with pytest.raises(Invalid):
        give_second_factor(handle, given, client=HERE)


@pytest.mark.parametrize("odd", ["", "null", "[]", '{"rawId": 3}', '{"rawId": "AA"}', "x" * 20_000, "\ud800"])
def test_what_is_no_answer_of_an_authenticator_is_refused_plainly(world: World, odd: str) -> None:
    with pytest.raises(NotSignedIn):
        sign_in_with_passkey(Given(passkey=odd), client=HERE)


def test_a_passkey_alone_signs_in_where_the_policy_allows_it(world: World, settings: Any) -> None:
    person, device = world.person(), Authenticator()
    device.added_to(person)

    def tried() -> Any:
        asked = ask_for_a_passkey(client=HERE)
        given = Given(passkey=device.answer(asked.options), challenge=asked.challenge)
        return given, sign_in_with_passkey(given, client=HERE)

    given, progress = tried()
    assert world.passes(progress.session)
    assert not Session.objects.get(account=person).by_password
    with pytest.raises(NotSignedIn):  # replayed
        sign_in_with_passkey(given, client=HERE)
    settings.RESECURE = settings.RESECURE.model_copy(update={"passkey_sign_in": False})
    with pytest.raises(NotSignedIn):
        tried()


def test_a_passkey_alone_does_not_open_what_was_resecured(world: World) -> None:
    person, by, device = world.person(), world.administrator(), Authenticator()
    device.added_to(person)
    world.resecured(person, by=by)
    for _temporary in range(2):
        asked = ask_for_a_passkey(client=HERE)
        with pytest.raises(NotSignedIn):
            sign_in_with_passkey(Given(passkey=device.answer(asked.options), challenge=asked.challenge), client=HERE)
        if fresh(person).password == "":
            set_temporary_password(person.pk, by=by)


def test_a_removed_factor_proves_nothing_any_more_also_where_it_was_just_given(world: World) -> None:
    by = acting(world, world.administrator())
    extra = world.app(by, name="old phone")
    assert extra
    given = Session.objects.get(pk=by.acting_session).second_factor
    token = remove_second_factor(given, by=by, client=HERE)
    assert world.passes(token)
    again = fresh(by)
    again.acting_session = Session.objects.filter(account=by).latest("started_at").pk
    with pytest.raises(SecondFactorNeeded):
        world.confirmation(world.person(), by=again)


def test_an_administrator_keeps_the_last_one(world: World) -> None:
    by = acting(world, world.administrator())
    factor = by.second_factors.get().pk
    assert reasons(lambda: remove_second_factor(factor, by=by, client=HERE)) == {"last_second_factor"}
    with pytest.raises(NotFound):
        remove_second_factor(world.administrator().second_factors.get().pk, by=by, client=HERE)


def test_resetting_takes_every_factor_and_session_on_evidence_of_its_own(world: World) -> None:
    person, by = world.person(), world.administrator()
    world.app(person)
    token = world.session(person)
    assert reasons(lambda: reset_second_factor(person.pk, by=by, confirmation=None)) == {"confirmation_required"}
    other = world.confirmation(person, by=by, purpose="unlock")
    assert reasons(lambda: reset_second_factor(person.pk, by=by, confirmation=other)) == {"confirmation_not_valid"}
    confirmation = world.confirmation(person, by=by, purpose="reset_second_factor")
    assert reset_second_factor(person.pk, by=by, confirmation=confirmation) == 1
    assert not world.passes(token)
    assert sign_in(person.address, PASSWORD, client=HERE).session
    assert world.records("second_factor_reset", person) == 1


def test_one_administrator_does_not_open_both_halves_of_a_lock_within_a_day(world: World) -> None:
    person, by, other = world.person(), world.administrator(), world.administrator()
    world.app(person)
    world.resecured(person, by=by)
    confirmation = world.confirmation(person, by=by, purpose="reset_second_factor")
    refused = reasons(lambda: reset_second_factor(person.pk, by=by, confirmation=confirmation))
    assert refused == {"password_and_second_factor"}
    confirmation = world.confirmation(person, by=other, purpose="reset_second_factor")
    reset_second_factor(person.pk, by=other, confirmation=confirmation)
    somebody = world.person()
    world.app(somebody)
    reset_second_factor(
        somebody.pk, by=by, confirmation=world.confirmation(somebody, by=by, purpose="reset_second_factor")
    )
    with pytest.raises(Refused, match="password_and_second_factor"):
        world.resecured(somebody, by=by)


def test_an_old_proof_does_not_count_and_a_new_one_does(world: World) -> None:
    by, person = acting(world, world.administrator(), proven=False), world.person()
    with pytest.raises(SecondFactorNeeded):
        world.confirmation(person, by=by)
    step_up(Given(code=world.code(by)), by=by, client=HERE)
    world.confirmation(person, by=by)
    Session.objects.filter(pk=by.acting_session).update(second_factor_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(SecondFactorNeeded):
        world.resecured(person, by=by)


def test_a_short_password_is_enough_beside_a_second_factor_and_not_alone(world: World) -> None:
    from resecure.policy.passwords import faults_of_password

    person = world.person()
    short = "otter7lamp!"
    assert faults_of_password(short, person)
    world.app(person)
    assert faults_of_password(short, person) == []
    from resecure.operations.change_password import change_password

    change_password(person.pk, old=PASSWORD, new=short, client=HERE)
    SecondFactor.objects.all().delete()
    assert sign_in(person.address, short, client=HERE).owed == [Step.NEW_PASSWORD]
