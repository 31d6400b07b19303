"""Statements that travel together are one transaction, and nothing can be slipped in after its COMMIT."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.db.transaction import TransactionManagementError

from resecure.database.statements import queued, run
from resecure.identity.accounts import Account
from tests.conftest import World

pytestmark = pytest.mark.database
RENAME = "UPDATE identity_account SET job_title = %s WHERE id = %s"


def job_title_of(account: Any) -> str:
    return Account.objects.get(pk=account.pk).job_title


def test_what_is_queued_last_is_durable_when_the_block_ends(committed_world: World) -> None:
    person = committed_world.person()
    with transaction.atomic(), queued(last=True):
        run(RENAME, ["Nurse", person.pk])
    assert job_title_of(person) == "Nurse"
    connection.rollback()
    assert job_title_of(person) == "Nurse"


def broken_in_the_middle(person: Account) -> None:
    with transaction.atomic(), queued(last=True):
        run(RENAME, ["Nurse", person.pk])
        run("SELECT 1 / %s::int", [0])
        run(RENAME, ["Doctor", person.pk])


def test_an_error_among_the_queued_undoes_those_before_it_and_commits_nothing_after(committed_world: World) -> None:
    person = committed_world.person()
    with pytest.raises(DataError):
        broken_in_the_middle(person)
    assert job_title_of(person) == ""


def one_write_too_many(person: Account) -> None:
    with transaction.atomic():
        with queued(last=True):
            run(RENAME, ["Nurse", person.pk])
        run(RENAME, ["Doctor", person.pk])


def test_a_write_after_the_commit_is_refused_rather_than_made_outside_the_transaction(committed_world: World) -> None:
    person = committed_world.person()
    with pytest.raises(TransactionManagementError):
        one_write_too_many(person)
    assert job_title_of(person) == "Nurse"


def undone_outside(person: Account) -> None:
    with transaction.atomic():
        with transaction.atomic(), queued(first=True, last=True):
            run(RENAME, ["Nurse", person.pk])
        raise RuntimeError


def test_inside_an_outer_transaction_nothing_is_committed_before_the_outer_one(committed_world: World) -> None:
    person = committed_world.person()
    with pytest.raises(RuntimeError):
        undone_outside(person)
    assert job_title_of(person) == ""
