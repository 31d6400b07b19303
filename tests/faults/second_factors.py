"""The operations of second factors, each with something to act on."""

from __future__ import annotations

from typing import Any

import pyotp

from resecure.identity.sessions import Session
from resecure.operations.add_second_factor import add_second_factor
from resecure.operations.give_second_factor import give_second_factor
from resecure.operations.make_recovery_codes import make_recovery_codes
from resecure.operations.remove_second_factor import remove_second_factor
from resecure.operations.rename_second_factor import rename_second_factor
from resecure.operations.reset_second_factor import reset_second_factor
from resecure.operations.shared.enrolling import NewFactor, app_to_add
from resecure.operations.shared.proving import Given
from resecure.operations.sign_in_with_passkey import ask_for_a_passkey, sign_in_with_passkey
from resecure.operations.step_up import step_up
from tests.attacks.stories import HERE, begun
from tests.conftest import PASSWORD, World
from tests.faults.prepared import Prepared, prepares
from tests.identity.authenticator import Authenticator


def in_a_session(world: World, *, app: bool = True) -> Any:
    """A person, with an authenticator app, who acts in a session of their own."""
    person = world.person()
    if app:
        world.app(person)
    world.session(person)
    person.acting_session = Session.objects.get(account=person).pk
    return person


@prepares
def add_an_authenticator_app(world: World) -> Prepared:
    person = in_a_session(world, app=False)
    app = app_to_add(person, bound_to=person.acting_session)
    new = NewFactor(challenge=app.challenge, code=pyotp.TOTP(app.secret).now())
    return lambda: add_second_factor(new, by=person, client=HERE)


@prepares
def remove_an_authenticator_app(world: World) -> Prepared:
    person = in_a_session(world)
    return lambda: remove_second_factor(person.second_factors.get().pk, by=person, client=HERE)


@prepares
def rename_an_authenticator_app(world: World) -> Prepared:
    person = in_a_session(world)
    return lambda: rename_second_factor(person.second_factors.get().pk, name="other", by=person)


@prepares
def make_new_recovery_codes(world: World) -> Prepared:
    person = in_a_session(world)
    return lambda: make_recovery_codes(by=person)


@prepares
def give_a_code_to_sign_in(world: World) -> Prepared:
    person = world.administrator(factor=True)
    handle, code = begun(person, PASSWORD), world.code(person)
    return lambda: give_second_factor(handle, Given(code=code), client=HERE)


@prepares
def step_up_by_a_code(world: World) -> Prepared:
    person = in_a_session(world)
    code = world.code(person)
    return lambda: step_up(Given(code=code), by=person, client=HERE)


@prepares
def reset_the_second_factor(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    world.app(person)
    confirmation = world.confirmation(person, by=by, purpose="reset_second_factor")
    return lambda: reset_second_factor(person.pk, by=by, confirmation=confirmation)


@prepares
def sign_in_by_passkey_alone(world: World) -> Prepared:
    person, device = world.person(), Authenticator()
    device.added_to(person)
    asked = ask_for_a_passkey(client=HERE)
    given = Given(passkey=device.answer(asked.options), challenge=asked.challenge)
    return lambda: sign_in_with_passkey(given, client=HERE)
