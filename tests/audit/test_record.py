"""The record: sealed by the database, and checked from the outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import timezone

from resecure.audit.events import SENTENCES, Event
from resecure.audit.models import ChainHead, Record
from resecure.audit.record import CHAINS, append, chain_of, verify
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import NotSignedIn
from tests.attacks.racing import at_once
from tests.attacks.stories import HERE
from tests.conftest import World

pytestmark = pytest.mark.database
TARGET = UUID(int=7)


def written(number: int = 3, target: UUID = TARGET, **more: Any) -> list[Record]:
    for count in range(number):
        append(Event.PROFILE_CHANGED, actor=target, target=target, at=timezone.now(), details={"n": count, **more})
    return list(Record.objects.filter(chain=chain_of(target)).order_by("position"))


def by_hand(statement: str, *values: Any) -> None:
    """What somebody with the database owner's rights could do."""
    with connection.cursor() as cursor:
        for table in ("audit_record", "audit_chainhead"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in ("audit_record", "audit_chainhead"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET event = 'x'",
        "UPDATE audit_record SET at = now()",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "TRUNCATE audit_record CASCADE",
    ],
)
def test_the_database_refuses_to_change_remove_or_empty_the_record(db: None, statement: str) -> None:
    written()

    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Record.objects.count() == 3
    assert verify() == (3, [])


def test_a_whole_record_verifies_with_every_event_and_odd_text(db: None) -> None:
    for event in Event:
        append(
            event,
            actor=uuid4(),
            target=uuid4(),
            organisation_path="NORD\u0175.",
            at=timezone.now(),
            details={"said": "1:a\n\u202e\U0001f600'\\\"", "from": None},
        )
    append(Event.SIGN_IN_FAILED, actor=None, target=None, at=timezone.now())

    assert verify() == (len(Event) + 1, [])


@pytest.mark.parametrize(
    "change",
    [
        "event = 'account_deleted'",
        "details = '{}'",
        "actor = NULL",
        "target = NULL",
        "organisation_path = 'X.'",
        "at = at + interval '1 us'",
    ],
)
def test_a_record_changed_by_hand_is_named(db: None, change: str) -> None:
    records = written()

    by_hand(f"UPDATE audit_record SET {change} WHERE id = %s", records[1].pk)  # noqa: S608 - words of this test

    [fault] = verify()[1]
    assert (fault.chain, fault.position, fault.text) == (chain_of(TARGET), 2, "this record was changed")


def test_a_record_removed_from_the_middle_is_named(db: None) -> None:
    by_hand("DELETE FROM audit_record WHERE id = %s", written()[1].pk)

    [fault] = verify()[1]
    assert (fault.position, fault.text) == (2, "a record is missing here")


def test_records_cut_off_at_the_end_are_missed(db: None) -> None:
    by_hand("DELETE FROM audit_record WHERE id = %s", written()[2].pk)

    [fault] = verify()[1]
    assert (fault.position, fault.text) == (3, "records were cut off from here on")


def test_a_chain_whose_records_are_all_removed_is_missed(db: None) -> None:
    written()
    by_hand("DELETE FROM audit_record WHERE chain = %s", chain_of(TARGET))

    assert [fault.position for fault in verify()[1]] == [1]


def test_a_chain_removed_with_its_end_is_missed(db: None) -> None:
    written()
    by_hand("DELETE FROM audit_record WHERE chain = %s", chain_of(TARGET))
    by_hand("DELETE FROM audit_chainhead WHERE chain = %s", chain_of(TARGET))

    [fault] = verify()[1]
    assert (fault.chain, fault.text) == (chain_of(TARGET), "the end of this chain was removed")


@pytest.mark.parametrize("statement", ["DELETE FROM audit_chainhead WHERE chain = 1", "TRUNCATE audit_chainhead"])
def test_the_database_refuses_to_remove_the_end_of_a_chain(db: None, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ChainHead.objects.count() == CHAINS


def test_a_record_put_in_by_hand_is_named(db: None) -> None:
    last = written()[2]
    by_hand(
        "INSERT INTO audit_record (chain, position, at, event, organisation_path, details, hash)"
        " VALUES (%s, 4, now(), 'signed_out', '', '{}', %s)",
        last.chain,
        bytes(last.hash),
    )

    [fault] = verify()[1]
    assert (fault.position, fault.text) == (4, "a record was added by hand")


def test_a_record_whose_writer_chose_its_hash_gets_the_databases_own(db: None) -> None:
    Record.objects.create(chain=5, position=99, at=timezone.now(), event="signed_out", hash=b"mine")

    stored = Record.objects.get(chain=5)
    assert stored.position == 1
    assert bytes(stored.hash) != b"mine"
    assert verify()[1] == []


def test_two_broken_chains_are_both_named_and_the_rest_is_read(db: None) -> None:
    first, second = written(3, UUID(int=1)), written(3, UUID(int=2))
    written(3, UUID(int=3))
    by_hand("UPDATE audit_record SET event = 'x' WHERE id IN (%s, %s)", first[0].pk, second[2].pk)

    read, faults = verify()

    assert read == 9
    assert [(fault.chain, fault.position) for fault in faults] == [(1, 1), (2, 3)]


def test_records_whose_numbers_and_places_differ_are_whole(db: None) -> None:
    """Two writers at once take their numbers before they queue for the end of the chain."""
    first, second, _third = written()
    by_hand("UPDATE audit_record SET id = CASE id WHEN %s THEN 9000001 ELSE 9000000 END"
            " WHERE id IN (%s, %s)", first.pk, first.pk, second.pk)  # fmt: skip

    assert verify() == (3, [])


def test_a_record_put_before_the_first_is_named(db: None) -> None:
    last = written()[2]
    by_hand(
        "INSERT INTO audit_record (chain, position, at, event, organisation_path, details, hash)"
        " VALUES (%s, 0, now(), 'signed_out', '', '{}', '')",
        last.chain,
    )

    [fault] = verify()[1]
    assert (fault.position, fault.text) == (0, "a record was added by hand")


def test_the_first_bad_record_is_named_where_there_are_more(db: None) -> None:
    records = written(5)
    by_hand("UPDATE audit_record SET event = 'x' WHERE id IN (%s, %s)", records[1].pk, records[3].pk)

    assert [fault.position for fault in verify()[1]] == [2]


def test_an_account_always_writes_to_one_chain_and_all_chains_exist(db: None) -> None:
    assert {chain_of(UUID(int=number)) for number in range(CHAINS)} == set(range(CHAINS))
    assert ChainHead.objects.count() == CHAINS
    assert chain_of(None) == 0


def test_a_record_is_undone_with_its_transaction_and_leaves_no_gap(committed_world: World) -> None:
    with transaction.atomic():
        written()
        transaction.set_rollback(True)
    assert committed_world.made == 0

    assert [each.position for each in written()] == [1, 2, 3]
    assert verify()[1] == []


def test_writers_at_once_make_one_chain_without_gap_while_it_is_being_verified(committed_world: World) -> None:
    """Reading while others write must raise no false alarm."""
    assert committed_world.made == 0

    def writes() -> None:
        for number in range(25):
            append(Event.PROFILE_CHANGED, actor=TARGET, target=UUID(int=number), at=timezone.now())

    def verifies() -> list[Any]:
        return [fault for _ in range(4) for fault in verify()[1]]

    answers = at_once(writes, writes, writes, verifies)

    assert answers[-1] == []
    assert verify() == (75, [])


def test_a_spray_of_failed_sign_ins_evicts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.faults.snapshots import quick_hashes

    quick_hashes(monkeypatch)
    first = written()
    for number in range(60):
        with pytest.raises(NotSignedIn):
            sign_in(f"spray.{number}@example.org", "wrong", client=HERE)

    assert Record.objects.filter(pk__in=[each.pk for each in first]).count() == 3
    assert Record.objects.filter(event="sign_in_failed").count() == 60
    assert verify()[1] == []
    assert world.made == 0


def test_every_event_has_its_sentence_and_names_whom_it_is_about() -> None:
    assert set(SENTENCES) == set(Event)
    for event, sentence in SENTENCES.items():
        assert "{target}" in sentence or "{actor}" in sentence, event
        sentence.format(actor="A", target="B")
