"""No password, secret or token of a run stands anywhere in clear: database, logs, record, deliveries, errors."""

from __future__ import annotations

import io
import logging
import traceback
from typing import Any

import pytest
from django.db import connection

from resecure.audit.models import Record
from resecure.operations.authenticate import ask_for_letters, authenticate
from resecure.operations.change_password import change_password
from resecure.operations.set_temporary_password import TemporaryPassword, set_temporary_password
from resecure.operations.shared.progress import Progress
from resecure.operations.sign_in import sign_in
from resecure.policy.refusals import Invalid, NotSignedIn
from resecure.propagation.models import Delivery
from tests.attacks.stories import CHOSEN, HERE, begun, taken_steps, temporary_password
from tests.conftest import PASSWORD, World
from tests.faults.snapshots import snapshot

SECRET = "quizzicalbadger"
TYPED = "harpsichord meadow ninety kites"
WRONG = "trombone wrong but private words"


@pytest.fixture
def logged() -> Any:
    """Everything any logger says, down to each SQL statement's own channel."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet = logging.getLogger("django.db.backends")
    quiet.setLevel(logging.INFO)  # Django logs statements with their values only where DEBUG is on; ours never is
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def whole_run(world: World) -> list[str]:
    """A resecure and a way back, with detours. Returns everything that must stand nowhere."""
    person, by = world.person(secret="marmaladesky"), world.administrator()
    secrets = [PASSWORD, "marmaladesky", CHOSEN, SECRET, TYPED, WRONG]
    with pytest.raises(NotSignedIn):
        sign_in(person.address, WRONG, client=HERE)
    session = sign_in(person.address, PASSWORD, client=HERE).session or ""
    world.resecured(person, by=by)
    typed = temporary_password(person, by=by, typed=TYPED)
    lost = begun(person, typed)
    generated = temporary_password(person, by=by)
    handle = begun(person, generated)
    done = taken_steps(handle, secret=SECRET).session or ""
    changed = change_password(person.pk, old=CHOSEN, new="velvet otter marching nowhere", client=HERE)
    return [*secrets, "velvet otter marching nowhere", session, lost, generated, handle, done, changed]


def forms(value: str) -> list[str]:
    """A value as it stands in text, and as it stands in a column of bytes."""
    return [value.lower(), value.encode().hex(), value.partition("_")[2] or value]


def test_no_password_secret_or_token_of_a_run_stands_in_the_database_the_record_or_a_log(
    world: World, logged: io.StringIO
) -> None:
    forbidden = whole_run(world)
    text = logged.getvalue().lower()
    stored = "\n".join(row for rows in snapshot().values() for row in rows).lower()
    assert Record.objects.count() > 8
    assert Delivery.objects.count() > 2

    for value in forbidden:
        assert len(value) > 8
        for form in forms(value):
            assert form not in stored
            assert form not in text


def test_no_letter_typed_at_a_no_stands_in_the_database_the_record_an_outbox_payload_or_a_log(
    world: World, logged: io.StringIO
) -> None:
    person, by = world.person(), world.administrator()
    typed = ["\ua66e", "\ua65f", "\ua657"]  # letters that no other text of the run has
    answers = []
    for _each in range(3):
        question = ask_for_letters(person.pk, by=by)
        answers.append(authenticate(person.pk, by=by, question=question.id, letters=typed))
    assert answers[-1].locked
    assert Delivery.objects.filter(account=person.pk, change="authentication_locked").exists()

    stored = "\n".join(row for rows in snapshot().values() for row in rows).lower()
    everything = "\n".join([stored, logged.getvalue().lower(), repr(answers)])
    for letter in typed:
        assert letter not in everything
        assert f"\\u{ord(letter):04x}" not in everything
    assert "".join(typed).encode().hex() not in everything


def test_the_scan_itself_finds_what_is_stored_in_clear(world: World) -> None:
    person = world.person()
    type(person).objects.filter(pk=person.pk).update(job_title="harpsichord meadow ninety kites")

    stored = "\n".join(row for rows in snapshot().values() for row in rows)

    assert TYPED in stored


def test_answers_and_errors_keep_what_was_typed_to_themselves_when_they_are_printed(world: World) -> None:
    person, by = world.person(), world.administrator()
    session = sign_in(person.address, PASSWORD, client=HERE)
    assert session.session not in repr(session)
    world.resecured(person, by=by)
    given = set_temporary_password(person.pk, by=by, typed=TYPED)
    assert TYPED not in repr(given)
    progress = sign_in(person.address, TYPED, client=HERE)
    assert progress.handle not in repr(progress)
    assert {type(given), type(progress)} == {TemporaryPassword, Progress}
    for call in (
        lambda: set_temporary_password(person.pk, by=by, typed="tooshortone"),
        lambda: sign_in(person.address, WRONG, client=HERE),
    ):
        try:
            call()
        except (Invalid, NotSignedIn) as error:
            shown = "".join(traceback.format_exception_only(error)) + repr(error)
            assert "tooshortone" not in shown
            assert WRONG not in shown


def test_the_keys_of_the_service_stand_in_no_table(world: World) -> None:
    from django.conf import settings

    whole_run(world)
    stored = "\n".join(row for rows in snapshot().values() for row in rows)

    for key in settings.RESECURE.keys:
        assert key.key.hex() not in stored
    assert settings.SECRET_KEY not in stored
    assert connection.settings_dict["PASSWORD"] == "" or connection.settings_dict["PASSWORD"] not in stored
