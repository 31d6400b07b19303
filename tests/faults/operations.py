"""Every operation, ready to be called: a function that prepares it and returns the call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from resecure.identity.accounts import Account, system_account
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.application_tokens import TokenKind
from resecure.identity.applications import Kind
from resecure.identity.confirmations import Method
from resecure.identity.contacts import Kind as ContactKind
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleName
from resecure.identity.sealed_words import opened
from resecure.identity.sessions import Session
from resecure.operations.advance_statuses import advance_statuses, report_stuck
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.authenticate import ask_for_letters, authenticate
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import change_profile, check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.close_delivery import close_delivery
from resecure.operations.confirm_contact import ask_for_address, confirm_contact, send_another_code, withdraw_contact
from resecure.operations.confirm_identity import cannot_confirm_identity, confirm_identity, send_confirmation_code
from resecure.operations.create_account import create_account
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.end_run_out_sessions import end_run_out_sessions
from resecure.operations.end_session import end_my_other_sessions, end_session, sign_out
from resecure.operations.grant_role import grant_role, withdraw_role
from resecure.operations.issue_tokens import issue, take
from resecure.operations.join import join
from resecure.operations.leave_application import leave_application
from resecure.operations.lift_authentication_lock import lift_authentication_lock
from resecure.operations.make_checkpoint import make_checkpoint
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.publish_aup import publish_aup
from resecure.operations.register_application import register_application, remove_application
from resecure.operations.resecure import resecure
from resecure.operations.restore import restore
from resecure.operations.retry_deliveries import retry_deliveries
from resecure.operations.rotate_encryption_key import rotate_encryption_key
from resecure.operations.rotate_signing_key import rotate_signing_key
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.set_organisation_policy import set_organisation_policy
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.application_frame import Registration
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.operations.sign_in_to_application import sign_in_to_application
from resecure.operations.stop_sign_in import stop_sign_in
from resecure.operations.tell_applications import tell_applications
from resecure.operations.this_was_not_me import this_was_not_me
from resecure.operations.unlock import unlock
from resecure.operations.view_audit import Filters, export_audit, view_audit
from resecure.propagation.models import Delivery
from tests.attacks.stories import (
    CHOSEN,
    HERE,
    SECRET,
    TYPED,
    begun,
    contact_code,
    letters_at,
    letters_of_secret,
    temporary_password,
)
from tests.conftest import PASSWORD, World, newer_key
from tests.faults import approvals, second_factors  # noqa: F401 - their entries join PREPARED
from tests.faults.prepared import PREPARED, Prepared, prepares

__all__ = ["PREPARED"]


def _simple(name: str, call: Callable[[Any, Any], Any], *, status: str = "active", role: str = "") -> None:
    def make(world: World) -> Prepared:
        person = world.person(status=status)
        by = world.administrator(role or "local_administrator")
        return lambda: call(person.pk, by)

    PREPARED[name] = make


_simple("disable", lambda pk, by: disable(pk, by=by))
_simple("enable", lambda pk, by: enable(pk, by=by), status="disabled")
_simple("delete", lambda pk, by: delete(pk, by=by))
_simple("restore", lambda pk, by: restore(pk, by=by), status="deleted")
_simple("mark_as_leaver", lambda pk, by: mark_as_leaver(pk, by=by))
_simple("join", lambda pk, by: join(pk, organisation_code="PRA", by=by), status="leaver")
_simple("end_all_sessions", lambda pk, by: end_all_sessions(pk, by=by))
_simple("cannot_confirm_identity", lambda pk, by: cannot_confirm_identity(pk, by=by, said="no"))
_simple("send_confirmation_code", lambda pk, by: send_confirmation_code(pk, by=by))
_simple(
    "confirm_identity",
    lambda pk, by: confirm_identity(pk, by=by, method=Method.IN_PERSON, reference="x"),
)
_simple(
    "grant_role",
    lambda pk, by: grant_role(pk, role=RoleName.LOCAL_HELPDESK, organisation_code="PRA", by=by),
    role="primary_local_administrator",
)
_simple(
    "set_organisation_policy",
    lambda _pk, by: set_organisation_policy("PRA", settings={"confirmation_channel_days": 9}, by=by),
    role="primary_local_administrator",
)
_simple("advance_statuses", lambda _pk, _by: advance_statuses(by=system_account()), status="enabling")
_simple(
    "create_account",
    lambda _pk, by: create_account(
        by=by, organisation_code="PRA", address="new@example.org", given_name="N", family_name="P"
    ),
)


@prepares
def withdraw_a_role(world: World) -> Prepared:
    boss, helper = world.administrator("primary_local_administrator"), world.administrator("local_helpdesk")
    grant = helper.grants.get().pk
    return lambda: withdraw_role(helper.pk, grant=grant, by=boss)


@prepares
def resecure_an_account(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    Account.objects.filter(pk=person.pk).update(has_security_questions=True)
    world.session(person)
    confirmation = world.confirmation(person, by=by)
    return lambda: resecure(
        person.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation, idempotency_key="k"
    )


@prepares
def set_temporary_password_after_a_resecure(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    return lambda: set_temporary_password(person.pk, by=by, idempotency_key="k")


@prepares
def reset_the_password_of_a_locked_account(world: World) -> Prepared:
    person, by = world.person(status="locked"), world.administrator()
    confirmation = world.confirmation(person, by=by, purpose="reset_password")
    return lambda: set_temporary_password(person.pk, by=by, typed=TYPED, confirmation=confirmation)


@prepares
def unlock_an_account(world: World) -> Prepared:
    person, by = world.person(status="locked"), world.administrator()
    confirmation = world.confirmation(person, by=by, purpose="unlock")
    return lambda: unlock(person.pk, by=by, confirmation=confirmation)


@prepares
def ask_which_letters(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    return lambda: ask_for_letters(person.pk, by=by)


def _answer(name: str, *, right: bool, before: int = 0) -> None:
    def make(world: World) -> Prepared:
        person, by = world.person(), world.administrator()
        for _each in range(before):
            letters_of_secret(person, by=by, right=False)
        question = ask_for_letters(person.pk, by=by)
        letters = letters_at(question.positions, right=right)
        return lambda: authenticate(person.pk, by=by, question=question.id, letters=letters)

    PREPARED[name] = make


_answer("authenticate_with_right_letters", right=True)
_answer("authenticate_with_wrong_letters_that_lock", right=False, before=2)


@prepares
def lift_the_lock_of_authenticate_user(world: World) -> Prepared:
    person, by = world.person(), world.administrator("local_helpdesk")
    for _each in range(3):
        letters_of_secret(person, by=by, right=False)
    boss = world.administrator()
    return lambda: lift_authentication_lock(person.pk, by=boss)


@prepares
def sign_in_with_nothing_owed(world: World) -> Prepared:
    person = world.person(status="inactive")
    return lambda: sign_in(person.address, PASSWORD, client=HERE)


@prepares
def sign_in_with_a_temporary_password(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    world.resecured(person, by=by)
    given = temporary_password(person, by=by)
    return lambda: sign_in(person.address, given, client=HERE)


@prepares
def the_wrong_password_that_locks(world: World) -> Prepared:
    person = world.person(wrong_passwords=9, wrong_passwords_since=timezone.now())
    return lambda: sign_in(person.address, "wrong", client=HERE)


@prepares
def sign_in_from_a_known_browser_that_ends_a_lock(world: World) -> Prepared:
    person = world.person()
    browser = Client(
        address="192.0.2.1", name="test", browser=sign_in(person.address, PASSWORD, client=HERE).browser or ""
    )
    Account.objects.filter(pk=person.pk).update(
        status="locked", status_before_lock="active", status_before_lock_since=timezone.now()
    )
    return lambda: sign_in(person.address, PASSWORD, client=browser)


def _step(name: str, before: int, call: Callable[[str], Any]) -> None:
    steps: list[Callable[[str], Any]] = [
        lambda handle: choose_password(handle, CHOSEN),
        lambda handle: agree_to_aup(handle, version="1"),
        lambda handle: check_profile(handle, given_name="A", family_name="B"),
    ]

    def make(world: World) -> Prepared:
        person, by = world.person(), world.administrator()
        world.resecured(person, by=by)
        handle = begun(person, temporary_password(person, by=by))
        for step in steps[:before]:
            step(handle)
        return lambda: call(handle)

    PREPARED[name] = make


_step("choose_password", 0, lambda handle: choose_password(handle, CHOSEN))
_step("agree_to_aup", 1, lambda handle: agree_to_aup(handle, version="1"))
_step("check_profile", 2, lambda handle: check_profile(handle, given_name="A", family_name="B"))
_step("set_account_secret", 3, lambda handle: set_account_secret(handle, SECRET))
_step("stop_sign_in", 1, stop_sign_in)


@prepares
def change_the_password(world: World) -> Prepared:
    person = world.person()
    return lambda: change_password(person.pk, old=PASSWORD, new=CHOSEN, client=HERE)


@prepares
def change_the_profile(world: World) -> Prepared:
    person = world.person()
    return lambda: change_profile(by=person, given_name="Other", family_name="Name")


def _contact(name: str, call: Callable[[Any], Any]) -> None:
    def make(world: World) -> Prepared:
        person = world.person()
        change_profile(by=person, given_name="Some", family_name="One", mobile="07700900555")
        return lambda: call(person)

    PREPARED[name] = make


_contact("ask_for_another_address", lambda person: ask_for_address("new@example.org", by=person))
_contact("send_another_contact_code", lambda person: send_another_code(ContactKind.MOBILE, by=person))
_contact("withdraw_a_contact", lambda person: withdraw_contact(ContactKind.MOBILE, by=person))


@prepares
def confirm_a_contact(world: World) -> Prepared:
    person = world.person()
    change_profile(by=person, given_name="Some", family_name="One", mobile="07700900555")
    code = contact_code(person)
    return lambda: confirm_contact(ContactKind.MOBILE, code, by=person)


def _session(name: str, call: Callable[[Any, Any], Any]) -> None:
    def make(world: World) -> Prepared:
        person = world.person()
        world.session(person)
        world.session(person)
        session = Session.objects.filter(account=person).earliest("started_at").pk
        return lambda: call(session, person)

    PREPARED[name] = make


_session("end_session", lambda session, by: end_session(session, by=by))
_session("sign_out", lambda session, by: sign_out(session, by=by))
_session("end_my_other_sessions", lambda session, by: end_my_other_sessions(session, by=by))


@prepares
def report_a_stuck_account(world: World) -> Prepared:
    from datetime import timedelta

    world.person(status="disabling", status_since=timezone.now() - timedelta(days=2))
    return lambda: report_stuck(by=system_account())


@prepares
def publish_an_aup(world: World) -> Prepared:
    assert world.aup.version == "1"
    return lambda: publish_aup(version="2", text="Be very careful.", by=system_account())


@prepares
def close_a_delivery_of_a_resecuring(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    resecuring = world.resecured(person, by=by).pk
    delivery = Delivery.objects.filter(resecuring=resecuring, system="mail")[0].pk
    return lambda: close_delivery(delivery, resecuring=resecuring, because="It is switched off for good.", by=by)


@prepares
def retry_the_deliveries_of_a_resecuring(world: World) -> Prepared:
    person, by = world.person(), world.administrator()
    resecuring = world.resecured(person, by=by).pk
    Delivery.objects.filter(account=person.pk).update(state="failed", attempts=200)
    return lambda: retry_deliveries(resecuring, by=by)


def signed_in_to_one(world: World) -> tuple[Any, Any, str]:
    """A person at work, an application, and a code for it; the person acts in a session of their own."""
    person = world.person()
    world.session(person)
    person.acting_session = Session.objects.get(account=person).pk
    typed = Registration(
        name="Rota",
        redirect_addresses=["https://rota.example.org/callback"],
        logout_address="https://rota.example.org/out",
        organisations=[world.region.code],
    )
    application, _secret = register_application(typed, kind=Kind.WEB, by=system_account())
    grant: dict[str, object] = {"redirect_uri": "", "nonce": "", "code_challenge": ""}
    return person, application, sign_in_to_application(application, by=person, scope="openid", grant=grant)


@prepares
def register_an_application(world: World) -> Prepared:
    typed = Registration(name="Rota", organisations=[world.region.code])
    by = world.administrator("global_administrator", organisation=world.region)
    return lambda: register_application(typed, kind=Kind.MACHINE, by=by)


@prepares
def remove_an_application(world: World) -> Prepared:
    _person, application, _code = signed_in_to_one(world)
    return lambda: remove_application(application.pk, by=system_account())


@prepares
def sign_in_to_an_application(world: World) -> Prepared:
    person, application, _code = signed_in_to_one(world)
    ApplicationSession.objects.all().delete()
    return lambda: sign_in_to_application(application, by=person, scope="openid")


@prepares
def exchange_a_code(world: World) -> Prepared:
    _person, application, code = signed_in_to_one(world)

    def call() -> None:
        with transaction.atomic():
            taken = take(code, TokenKind.CODE, application=application, now=timezone.now())
            assert taken is not None
            issue(taken, application=application, scope="openid", now=timezone.now())

    return call


@prepares
def leave_an_application(world: World) -> Prepared:
    person, _application, _code = signed_in_to_one(world)
    sid = ApplicationSession.objects.get(account=person).pk
    return lambda: leave_application(sid, by=person)


@prepares
def tell_the_applications(world: World) -> Prepared:
    person, _application, _code = signed_in_to_one(world)
    end_session(person.acting_session, by=person)
    asked = Delivery.objects.get(system="applications", account=person.pk)
    return lambda: tell_applications(asked, by=system_account())


@prepares
def say_that_it_was_not_me(world: World) -> Prepared:
    person = world.person(mobile="07700900982")
    world.resecured(person, by=world.administrator())
    letter = Delivery.objects.filter(account=person.pk, system="sms").latest("order")
    token = opened(person.pk, letter.payload)["not_me"]
    return lambda: this_was_not_me(token)


@prepares
def end_the_sessions_that_ran_out(world: World) -> Prepared:
    signed_in_to_one(world)
    Session.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    return lambda: end_run_out_sessions(by=system_account())


@prepares
def rotate_the_signing_key(world: World) -> Prepared:
    assert world.region
    return lambda: rotate_signing_key(by=system_account())


@prepares
def rotate_the_encryption_key(world: World) -> Prepared:
    for _each in range(2):
        world.person()

    def call() -> None:
        with newer_key():
            rotate_encryption_key(by=system_account())

    return call


@prepares
def read_about_a_person(world: World) -> Prepared:
    person, by = world.person(), world.administrator("auditor")
    return lambda: view_audit(Filters(target=person.address), by=by)


@prepares
def export_the_audit(world: World) -> Prepared:
    by = world.administrator("auditor")
    return lambda: export_audit(Filters(), by=by, form="csv")


@prepares
def make_a_checkpoint(world: World) -> Prepared:
    assert world.region
    return lambda: make_checkpoint(by=system_account())
