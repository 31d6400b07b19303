"""A request is let in, its body is held back; meanwhile the session ends or the account is taken back; then the
body comes. What the request asks for must not happen: a stolen session must not choose its own last moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from resecure.audit.models import Record
from resecure.identity.accounts import Account
from resecure.identity.sessions import Session
from resecure.operations.disable import disable
from resecure.policy.refusals import NotSignedIn
from tests.conftest import World
from tests.faults.operations import PREPARED
from tests.faults.snapshots import difference, quick_hashes, snapshot

# What needs no session: the console's and the clock's, sign-ins (their handle has a generation of its own), signing
# out, and the change of a password, which asks for the present one.
BY_OTHER_MEANS = {
    "advance_statuses",
    "report_a_stuck_account",
    "publish_an_aup",
    "rotate_the_encryption_key",
    "make_a_checkpoint",
    "end_the_approvals_that_ran_out",
    "rotate_the_signing_key",
    "remove_an_application",
    "tell_the_applications",
    "end_the_sessions_that_ran_out",
    # An application's, by its code, which is of the generation too: tests/oidc.
    "exchange_a_code",
    "sign_in_with_nothing_owed",
    "sign_in_with_a_temporary_password",
    "the_wrong_password_that_locks",
    "choose_password",
    "agree_to_aup",
    "check_profile",
    "set_account_secret",
    "stop_sign_in",
    "sign_out",
    "change_the_password",
    # A sign-in; not while the account has no password of its own, which being taken back takes away.
    "sign_in_by_passkey_alone",
    "sign_in_from_a_known_browser_that_ends_a_lock",
    # By the link in a message, which is of the generation too: tests/operations/test_this_was_not_me.py.
    "say_that_it_was_not_me",
}
BY_A_PERSON = sorted(set(PREPARED) - BY_OTHER_MEANS)
RECORD = "audit_record"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def assert_only_refused(call: Callable[[], Any]) -> None:
    """It raises NotSignedIn, and nothing but the record of that is stored."""
    before, records = snapshot(), Record.objects.count()
    with pytest.raises(NotSignedIn):
        call()
    assert difference(before, snapshot()) in ([], ["audit_chainhead", RECORD])
    for written in Record.objects.order_by("id")[records:]:
        assert (written.event, json.loads(written.details)["reasons"]) == ("operation_refused", ["not_signed_in"])


@pytest.mark.parametrize("name", BY_A_PERSON)
def test_nothing_is_done_for_an_account_that_was_taken_back_after_the_request_was_let_in(
    world: World, name: str
) -> None:
    call = PREPARED[name](world)
    Account.objects.filter(is_system=False).update(generation=F("generation") + 1)
    assert_only_refused(call)


@pytest.mark.parametrize("status", ["locked", "disabled", "deleted"])
def test_nothing_is_done_for_an_administrator_whose_account_is_shut(world: World, status: str) -> None:
    person, by = world.person(), world.administrator()
    Account.objects.filter(pk=by.pk).update(status=status)
    assert_only_refused(lambda: disable(person.pk, by=by))


def acting_by_a_session(world: World) -> tuple[Any, Session]:
    by = world.administrator()
    world.session(by)
    session = Session.objects.get(account=by)
    by.acting_session = session.pk
    return by, session


def test_nothing_is_done_by_a_session_that_was_ended_after_the_request_was_let_in(world: World) -> None:
    person = world.person()
    by, session = acting_by_a_session(world)
    Session.objects.filter(pk=session.pk).update(ended_at=timezone.now())
    assert_only_refused(lambda: disable(person.pk, by=by))


def test_nothing_is_done_by_a_session_that_expired_or_was_swept_after_the_request_was_let_in(world: World) -> None:
    person = world.person()
    by, session = acting_by_a_session(world)
    Session.objects.filter(pk=session.pk).update(expires_at=timezone.now())
    assert_only_refused(lambda: disable(person.pk, by=by))
    session.delete()
    assert_only_refused(lambda: disable(person.pk, by=by))


def test_another_session_of_the_same_administrator_goes_on(world: World) -> None:
    person = world.person()
    by, session = acting_by_a_session(world)
    world.session(by)
    Session.objects.exclude(pk=session.pk).update(ended_at=timezone.now())
    disable(person.pk, by=by)
    assert Account.objects.get(pk=person.pk).status == "disabled"


@pytest.mark.parametrize("by_cookie", [True, False], ids=["page", "API"])
def test_pages_and_the_api_hand_the_session_on_so_that_one_ended_meanwhile_does_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Any, by_cookie: bool
) -> None:
    person, by = world.person(), world.administrator()
    token, client = world.session(by), Client()

    def after_the_session_ended(*given: Any, **named: Any) -> None:
        Session.objects.filter(account=by).update(ended_at=timezone.now())
        disable(*given, **named)

    monkeypatch.setattr("resecure.operations.disable.disable", after_the_session_ended)
    if by_cookie:
        client.cookies[settings.SESSION_COOKIE] = token
        answer = client.post(reverse("user_management:disable", args=[person.pk]), {"confirmed": "yes"})
        assert (answer.status_code, answer.headers["Location"]) == (302, reverse("sign_in:start") + "?ended=1")
    else:
        answer = client.post(
            f"/api/v1/accounts/{person.pk}/disable",
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
        )
        assert answer.status_code == 401
    assert Account.objects.get(pk=person.pk).status == "active"
    assert world.records("operation_refused", person) == 1
