"""An error at each statement of each operation in turn, and at its commit: wholly before or wholly after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import Error, OperationalError, connection

from resecure.database.statements import queued
from resecure.identity.throttles import Throttle
from resecure.policy.refusals import Invalid, NotSignedIn
from tests.conftest import World
from tests.faults.operations import PREPARED
from tests.faults.snapshots import assert_whole, difference, quick_hashes, snapshot

pytestmark = [pytest.mark.fault, pytest.mark.database]
EACH = pytest.mark.parametrize("name", sorted(PREPARED))
# What these do is written on no line of the record: applications are told, and tokens issued, by the thousand.
UNRECORDED = {"end_the_sessions_that_ran_out", "exchange_a_code", "tell_the_applications"}
RECORDED = pytest.mark.parametrize("name", sorted(PREPARED.keys() - UNRECORDED))
# Enough for any operation; a loop that reaches it has found one that never ends.
MOST = 80
# A transaction for each account or batch: an error in between leaves those before it wholly done.
ONE_BY_ONE = {"advance_statuses", "rotate_the_encryption_key"}
# A try is counted before the code is judged, and for good: whoever breaks the connection must get no try for nothing.
COUNTED = {"give_a_code_to_sign_in", "step_up_by_a_code"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def left(name: str, before: dict[str, list[str]]) -> list[str]:
    """What an operation that was to leave nothing left. A counted try is taken back, so that the next may go on."""
    if name in COUNTED:
        Throttle.objects.all().delete()
    return difference(before, snapshot())


class Fault:
    """Breaks the statement with this number: on our side, by the server, or by losing the connection."""

    def __init__(self, number: int, how: str) -> None:
        self.number, self.how, self.seen = number, how, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.seen += 1
        if self.seen != self.number:
            return execute(sql, params, many, context)
        if self.how == "ours":
            raise OperationalError("the connection broke")
        statement = "SELECT 1/0" if self.how == "server" else "SELECT pg_terminate_backend(pg_backend_pid())"
        return execute(statement, [[]] if many else None, False, context)


def tried(call: Callable[[], Any], fault: Fault) -> bool:
    """Whether the call came to its end although it was to break."""
    try:
        with connection.execute_wrapper(fault), suppress(NotSignedIn):  # the wrong password: that is its end
            call()
    except Error:
        return False
    finally:
        if fault.how == "lost":
            connection.close()
    return True


@EACH
@pytest.mark.parametrize("how", ["ours", "server", "lost"])
def test_an_error_at_any_statement_leaves_the_state_wholly_as_it_was(
    committed_world: World, name: str, how: str
) -> None:
    call, ended, number = PREPARED[name](committed_world), False, 0
    before = snapshot()

    for number in range(1, MOST):
        fault = Fault(number, how)
        ended = tried(call, fault)
        if fault.seen < number:
            break
        assert not ended, f"statement {number} broke and nobody was told"
        if name in ONE_BY_ONE and difference(before, snapshot()):
            assert_whole()
            return
        assert left(name, before) == [], f"half done after statement {number}"
    assert ended
    assert number > 2
    assert difference(before, snapshot()) != []
    assert_whole()


@EACH
def test_a_commit_that_fails_leaves_the_state_wholly_as_it_was(
    committed_world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = PREPARED[name](committed_world)
    before = snapshot()

    def broken() -> None:
        raise OperationalError("the connection broke at commit")

    def unless_commit(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        return broken() if sql == "COMMIT" else execute(sql, params, many, context)

    with monkeypatch.context() as patched, connection.execute_wrapper(unless_commit):
        patched.setattr(connection, "_commit", broken)
        with pytest.raises(OperationalError):
            call()

    assert left(name, before) == []


@EACH
def test_a_connection_lost_just_after_commit_leaves_the_state_wholly_done(
    committed_world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = PREPARED[name](committed_world)
    before, commit = snapshot(), connection._commit

    def lost() -> None:
        commit()
        gone()

    def gone() -> None:
        connection.connection.close()
        raise OperationalError("the answer to the commit never came")

    @contextmanager
    def queued_and_lost(**how: bool) -> Iterator[None]:
        with queued(**how):
            yield
        gone()

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", lost)
        patched.setattr(
            "resecure.operations.shared.carrying_out.queued", queued_and_lost
        )  # its COMMIT travels with its writes
        with pytest.raises(OperationalError):
            call()
    connection.close()

    assert difference(before, snapshot()) != []
    assert_whole()


@RECORDED
def test_if_the_record_cannot_be_written_nothing_else_happens(committed_world: World, name: str) -> None:
    call = PREPARED[name](committed_world)
    before = snapshot()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record ADD CONSTRAINT full_disk CHECK (position < 0) NOT VALID")
    try:
        with pytest.raises((Error, Invalid)):
            call()
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_record DROP CONSTRAINT full_disk")

    assert left(name, before) == []
