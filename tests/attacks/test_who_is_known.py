"""Names, times and messages do not tell whether an account exists. Structure is compared, never a stop-watch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from resecure.audit.models import Record
from resecure.identity import passwords, standing
from resecure.identity.resecurings import Trigger
from resecure.operations.disable import disable
from resecure.operations.resecure import resecure
from resecure.operations.retry_deliveries import retry_deliveries
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy import actions
from resecure.policy.refusals import NotFound, NotSignedIn
from tests.attacks.stories import HERE, last_refusal
from tests.conftest import PASSWORD, World


def work_of(call: Callable[[], Any], kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """The statements of a call that ends in this refusal, without their values, and how often it hashed."""
    hashes = []
    verify = passwords._hasher.verify

    def counted(password: str, encoded: str) -> bool:
        hashes.append(encoded.split("$")[3])
        return bool(verify(password, encoded))

    with monkeypatch.context() as patched:
        patched.setattr(passwords._hasher, "verify", counted)
        with CaptureQueriesContext(connection) as captured, pytest.raises(kind) as raised:
            call()
    assert len(set(hashes)) < 2
    shapes = [re.sub(r"'[^']*'(::\w+)?|\b\d+\b|NULL", "?", each["sql"]) for each in captured]
    shapes = [re.sub(r'SAVEPOINT "\w+"', "SAVEPOINT", each) for each in shapes]
    return [*shapes, str(raised.value)], len(hashes)


def test_unknown_wrong_locked_disabled_and_shut_accounts_cost_a_sign_in_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = world.administrator()
    resecured = world.person()
    world.resecured(resecured, by=by)
    tries = {
        "unknown": ("nobody@example.org", "wrong"),
        "wrong": (world.person().address, "wrong"),
        "locked": (world.person(status="locked").address, "wrong"),
        "locked, with the right password": (world.person(status="locked").address, PASSWORD),
        "disabled, with the right password": (world.person(status="disabled").address, PASSWORD),
        "deleted": (world.person(status="deleted").address, "wrong"),
        "resecured": (resecured.address, PASSWORD),
        "cannot be an address": ("\x00\ud800 not an address", "wrong"),
    }
    works = {
        name: work_of(lambda t=each: sign_in(t[0], t[1], client=HERE), NotSignedIn, monkeypatch)  # type: ignore[misc]
        for name, each in tries.items()
    }

    for name, work in works.items():
        assert work[1] == 1, name
        assert work == works["unknown"], name


@pytest.mark.parametrize("name", ["disable", "set_temporary_password"])
def test_out_of_scope_and_unknown_cost_the_same_work(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    calls: dict[str, Any] = {"disable": disable, "set_temporary_password": set_temporary_password}
    by, outside = world.administrator(), world.person(organisation=world.elsewhere)

    works = [work_of(lambda pk=pk: calls[name](pk, by=by), NotFound, monkeypatch) for pk in (outside.pk, uuid4())]  # type: ignore[misc]

    assert works[0] == works[1]


@pytest.mark.parametrize("name", ["disable", "set_temporary_password", "unlock", "resecure"])
def test_an_unknown_account_is_asked_the_same_questions_as_one_out_of_scope(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Reading the roles and asking what they allow takes its time too, though it is no statement."""
    calls: dict[str, Callable[[Any, Any], Any]] = {
        "disable": lambda pk, by: disable(pk, by=by),
        "set_temporary_password": lambda pk, by: set_temporary_password(pk, by=by),
        "unlock": lambda pk, by: unlock(pk, by=by, confirmation=None),
        "resecure": lambda pk, by: resecure(pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=None),
    }
    by, outside = world.administrator(), world.person(organisation=world.elsewhere)
    asked: list[str] = []
    for module, question in ((standing, "_standing"), (actions, "permissions_at")):
        told = getattr(module, question)

        def noted(*args: Any, told: Any = told, question: str = question, **more: Any) -> Any:
            asked.append(question)
            return told(*args, **more)

        monkeypatch.setattr(module, question, noted)

    lists = []
    for pk in (outside.pk, uuid4()):
        asked.clear()
        with pytest.raises(NotFound):
            calls[name](pk, by)
        lists.append([*asked])

    assert lists[0] == lists[1]
    assert {*lists[0]} == {"_standing", "permissions_at"}


SHOWN = {
    "the API's account": "/api/v1/accounts/{account}",
    "the API's resecuring": "/api/v1/resecurings/{resecuring}",
    "the page of an account": "/user-management/{account}/",
    "the page of a resecuring": "/user-management/resecurings/{resecuring}/",
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_out_of_scope_is_shown_as_unknown_with_the_same_statements_and_the_same_record(
    world: World, settings: Any, name: str
) -> None:
    by, outside = world.administrator(), world.person(organisation=world.elsewhere)
    elsewhere = world.administrator(organisation=world.elsewhere)
    known = {"account": outside.pk, "resecuring": world.resecured(outside, by=elsewhere).pk}
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = world.session(by)
    client.get(SHOWN[name].format(account=uuid4(), resecuring=uuid4()))  # what is read once a process is read now

    answers = []
    for ids in (known, {"account": uuid4(), "resecuring": uuid4()}):
        records = Record.objects.filter(event="operation_refused", actor=by.pk).count()
        with CaptureQueriesContext(connection) as work:
            answer = client.get(SHOWN[name].format(**ids))
        written = Record.objects.filter(event="operation_refused", actor=by.pk).count() - records
        statements = [re.sub(r"'[^']*'", "?", each["sql"])[:60] for each in work]
        answers.append((answer.status_code, written, statements))

    assert answers[0] == answers[1]
    assert answers[0][:2] == (404, 1)


def test_a_retry_for_an_unknown_resecuring_is_refused_and_recorded_as_for_one_out_of_scope(world: World) -> None:
    by, elsewhere = world.administrator(), world.administrator(organisation=world.elsewhere)
    outside = world.person(organisation=world.elsewhere)
    for resecuring in (world.resecured(outside, by=elsewhere).pk, uuid4()):
        with pytest.raises(NotFound):
            retry_deliveries(resecuring, by=by)
        assert json.loads(last_refusal(by).details) == {"operation": "reset_password", "reasons": ["not_found"]}
