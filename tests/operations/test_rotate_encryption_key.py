"""Every secret moves to the current key, beside a running service, and none is lost on the way."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from resecure.audit.models import Record
from resecure.audit.record import verify
from resecure.identity import key_rotation, secret_store
from resecure.identity.accounts import Account, system_account
from resecure.identity.credentials import QUESTION, SECRET, SecretHistory, SecurityQuestion, is_a_recent_secret
from resecure.identity.sealed_words import opened as opened_words
from resecure.operations.rotate_encryption_key import rotate_encryption_key
from resecure.operations.shared.telling import tell
from resecure.propagation import outbox
from resecure.propagation.models import Change, Delivery
from tests.attacks.stories import fresh
from tests.conftest import World, newer_key


def rotated(**more: Any) -> Any:
    return rotate_encryption_key(by=system_account(), **more)


def opened(account: Account) -> str:
    stored = fresh(account)
    return secret_store.decrypted(stored.secret, stored.secret_key_name, account=account.pk, purpose=SECRET)


def with_question(world: World) -> Any:
    person = world.person(secret="")
    sealed, key = secret_store.encrypted("keswick", account=person.pk, purpose=QUESTION)
    return SecurityQuestion.objects.create(account=person, position=1, question="Where?", answer=sealed, key_name=key)


def test_secrets_and_answers_open_with_the_new_key_alone_after_it_rotated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation.move_secrets, "__kwdefaults__", {"limit": 2})  # more than one batch
    people = [world.person(secret=secret) for secret in ("marmaladesky", "gwyrddlasau", "thunderstorms")]
    question, without = with_question(world), world.person(secret="")
    generations = [fresh(each).generation for each in people]
    seen: list[tuple[int, int]] = []

    with newer_key():
        done = rotated(report=lambda moved, of: seen.append((moved, of)))
        current = secret_store.encrypted("x", account=without.pk, purpose=SECRET)[1]

        assert (done.key, done.moved, done.left, done.broken) == (current, 4, 0, set())
        assert key_rotation.stored().sealed == {current: 4}
        assert [opened(each) for each in people] == ["marmaladesky", "gwyrddlasau", "thunderstorms"]
        question.refresh_from_db()
        answer = secret_store.decrypted(
            question.answer, question.key_name, account=question.account_id, purpose=QUESTION
        )
        assert answer == "keswick"
    assert seen == [(2, 4), (3, 4), (4, 4)]
    assert [fresh(each).generation for each in people] == generations
    assert fresh(without).secret is None


def test_the_present_secret_is_still_noticed_as_a_repeat_and_an_earlier_one_while_its_key_is_kept(world: World) -> None:
    from django.utils import timezone

    from resecure.identity.credentials import set_secret

    person = world.person(secret="marmaladesky")
    set_secret(person, "gwyrddlasau", now=timezone.now())
    with newer_key():
        rotated()
        assert is_a_recent_secret(person, "gwyrddlasau", last=5)
        assert is_a_recent_secret(person, "marmaladesky", last=5)
        assert sorted(SecretHistory.objects.values_list("key_name", flat=True)) == sorted(
            [key_rotation.older_keys()[0], "newer"]
        )


def test_a_second_run_does_nothing_and_leaves_no_record(world: World) -> None:
    world.person()
    with newer_key():
        rotated()
        records = Record.objects.count()
        again = rotated()

    assert again.moved == 0
    assert Record.objects.count() == records
    assert list(Record.objects.order_by("id").values_list("event", flat=True)) == [
        "encryption_key_rotation_begun",
        "encryption_key_rotated",
    ]
    assert verify()[1] == []


def test_a_run_that_is_stopped_keeps_what_it_did_and_the_next_does_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation.move_secrets, "__kwdefaults__", {"limit": 1})
    people = [world.person() for _ in range(3)]

    def stop(moved: int, _of: int) -> None:
        if moved == 2:
            raise KeyboardInterrupt

    with newer_key():
        with pytest.raises(KeyboardInterrupt):
            rotated(report=stop)
        assert key_rotation.stored().sealed["newer"] == 2
        assert Record.objects.filter(event="encryption_key_rotation_begun").count() == 1
        assert rotated().moved == 1
        assert [opened(each) for each in people] == ["marmaladesky"] * 3


def test_a_secret_that_was_tampered_with_is_named_and_the_others_go_on(world: World) -> None:
    spoilt, sound = world.person(), world.person()
    Account.objects.filter(pk=spoilt.pk).update(secret=b"x" * 40)

    with newer_key():
        done = rotated()

        assert done.broken == {spoilt.pk}
        assert (done.moved, done.left) == (1, 0)
        assert opened(sound) == "marmaladesky"
    assert bytes(fresh(spoilt).secret) == b"x" * 40


def test_rows_under_a_key_that_is_gone_are_left_as_they_are(world: World) -> None:
    person = fresh(world.person())

    with newer_key(keep=False):
        assert rotated().moved == 0

    assert bytes(fresh(person).secret) == bytes(person.secret)


@pytest.mark.database
def test_a_row_in_use_is_passed_over_and_counted_and_nobody_waits(committed_world: World) -> None:
    busy, free = committed_world.person(), committed_world.person()
    found: list[Any] = []

    def rotate() -> None:
        try:
            found.append(rotated())
        finally:
            connection.close()

    with newer_key():
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=busy.pk)
            thread = Thread(target=rotate)
            thread.start()
            thread.join(timeout=20)
            assert not thread.is_alive()
        [done] = found
        assert (done.moved, done.left) == (1, 1)
        assert opened(free) == "marmaladesky"
        assert rotated().moved == 1
        assert opened(busy) == "marmaladesky"


def test_codes_and_links_of_messages_that_wait_move_too_and_those_of_sent_ones_are_gone(world: World) -> None:
    person = world.person(secret="")
    now = timezone.now()
    for change in (Change.UNLOCKED, Change.PASSWORD_CHANGED):
        tell(change, person, at=now)
    waits = Delivery.objects.filter(account=person.pk, change="unlocked")
    outbox.acknowledge(Delivery.objects.filter(account=person.pk, change="password_changed").earliest("order"), now=now)
    outbox.fail(waits.latest("order"), because="away")
    before = [opened_words(person.pk, each.payload) for each in waits.order_by("order")]

    with newer_key():
        done = rotated()
        assert (done.moved, done.left, done.broken) == (3, 0, set())
        assert [opened_words(person.pk, each.payload) for each in waits.order_by("order")] == before
        assert {each.payload["sealed"]["key"] for each in waits} == {"newer"}
    assert all("not_me" in each for each in before)
