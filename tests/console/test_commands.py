"""The console: an operator does with it what the pages do, and is told in sentences what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from typer.testing import CliRunner, Result

from resecure.audit.models import Record
from resecure.entrypoints.console import main as console
from resecure.entrypoints.console.serve import counted_together
from resecure.entrypoints.threads import threads_for
from resecure.identity.accounts import SYSTEM, Account
from resecure.identity.agreements import acceptance_of, current_aup
from resecure.identity.resecurings import unfinished
from resecure.identity.roles import held_by
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from tests.conftest import World, newer_key

HERE = Client(address="192.0.2.1", name="test")


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(console.app, list(arguments), input=typed)


def resecuring(address: str) -> list[str]:
    return ["resecure", address, "--because", "forgotten-secret", "--method", "in_person", "--reference", "call 12"]


def test_an_operator_resecures_and_gets_a_temporary_password_that_opens_the_steps(world: World) -> None:
    person, other = world.person(), world.person()
    mine, theirs = world.session(person), world.session(other)

    done = run(*resecuring(person.address), "--yes", "--temporary-password")

    assert done.exit_code == 0, done.output
    assert "is resecured" in done.stdout
    assert done.stdout.count("  - ") == 4
    assert not world.passes(mine)
    assert world.passes(theirs)
    assert acceptance_of(person.pk) is None
    made = unfinished(person.pk)
    assert made is not None
    assert (made.by, made.method, made.reference) == (SYSTEM, "in_person", "call 12")
    password = done.stdout.splitlines()[-1]
    assert sign_in(person.address, password, client=HERE).handle is not None
    assert password not in done.stderr
    assert not Record.objects.filter(details__contains=password).exists()


def test_without_being_asked_for_no_password_is_set_or_printed(world: World) -> None:
    person = world.person()

    done = run(*resecuring(person.address), "--yes")

    assert done.exit_code == 0
    assert Account.objects.get(pk=person.pk).password == ""
    assert f"resecure temporary-password {person.address}" in done.stdout
    later = run("temporary-password", person.address, "--yes")
    assert sign_in(person.address, later.stdout.strip(), client=HERE).handle is not None


def test_nothing_happens_without_a_yes(world: World) -> None:
    person = world.person()
    session = world.session(person)

    done = run(*resecuring(person.address), typed="n\n")

    assert done.exit_code == 1
    assert "Nothing was done." in done.stderr
    assert world.passes(session)
    assert unfinished(person.pk) is None


def test_a_refusal_is_a_sentence_on_stderr_and_1(world: World) -> None:
    person = world.person(status="deleted")

    done = run(*resecuring(person.address), "--yes")

    assert done.exit_code == 1
    assert done.stderr.strip().endswith(".")
    assert "Traceback" not in done.output
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["resecure", "a@example.org"],
        ["resecure", "a@example.org", "--because", "boredom", "--method", "in_person", "--reference", "x"],
        ["no-such-command"],
        ["serve", "--port", "99999"],
    ],
)
def test_wrong_usage_is_2(world: World, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "worker",
        "demo",
        "migrate",
        "doctor",
        "resecure",
        "temporary-password",
        "close-delivery",
        "status",
        "create-account",
        "grant",
        "rotate-encryption-key",
        "audit verify",
        "audit show",
        "aup publish",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    shown = run(*command.split(), "--help")

    assert shown.exit_code == 0
    assert "Usage:" in shown.stdout


def test_an_unknown_address_is_said(world: World) -> None:
    done = run("status", "nobody@example.org")

    assert done.exit_code == 1
    assert "There is no account with the address nobody@example.org." in done.stderr


def test_the_first_administrator_comes_to_be(world: World) -> None:
    made = run(
        "create-account",
        "First.Person@example.org",
        "--given-name",
        "First",
        "--family-name",
        "Person",
        "--organisation",
        "reg",
    )
    assert made.exit_code == 0, made.output
    password = run("temporary-password", "first.person@example.org", "--yes").stdout.strip()
    granted = run("grant", "first.person@example.org", "global-administrator", "--organisation", "REG")

    assert granted.exit_code == 0, granted.output
    assert "Global Administrator in North Region and the organisations below" in granted.stdout
    account = Account.objects.get(address="first.person@example.org")
    assert [each.role for each in held_by(account.pk)[account.pk]] == ["global_administrator"]
    assert account.created_by == SYSTEM
    assert sign_in(account.address, password, client=HERE).handle is not None


def test_what_cannot_be_used_is_named_with_its_field(world: World) -> None:
    done = run("create-account", "not an address", "--given-name", "A", "--family-name", "B", "--organisation", "PRA")

    assert done.exit_code == 1
    assert done.stderr.startswith("address: ")


def test_status_shows_how_the_account_stands_and_no_secret(world: World) -> None:
    person = world.person()
    by = world.administrator()
    world.resecured(person, by=by)

    shown = run("status", person.address)

    assert shown.exit_code == 0
    assert "none: waits for a temporary password" in shown.stdout
    assert "unfinished, since" in shown.stdout
    assert "3 waiting, 0 failed" in shown.stdout, "a mail, a text message, and the applications"


def test_the_record_of_an_account_is_shown_in_sentences(world: World) -> None:
    person = world.person(family_name="O[red]Brien")
    by = world.administrator()
    world.resecured(person, by=by)

    shown = run("audit", "show", person.address)

    assert shown.exit_code == 0
    flat = " ".join(shown.stdout.split())
    assert "resecured" in flat
    assert "O[red]Brien" in flat


def test_a_whole_record_is_verified_and_a_changed_one_is_found(world: World) -> None:
    person = world.person()
    world.resecured(person, by=world.administrator())

    whole = run("audit", "verify")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_record SET details = '{}' WHERE event = 'account_resecured'")
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")
    broken = run("audit", "verify")

    assert whole.exit_code == 0
    assert "The record is whole." in whole.stdout
    assert broken.exit_code == 1
    assert "this record was changed" in broken.stderr


def test_a_published_policy_must_be_accepted_by_everybody_and_its_version_stands(world: World, tmp_path: Path) -> None:
    text = tmp_path / "policy.txt"
    text.write_text("Be very careful.")

    done = run("aup", "publish", str(text), "--version", "2")
    again = run("aup", "publish", str(text), "--version", "2")

    assert done.exit_code == 0, done.output
    assert current_aup().version == "2"
    assert Record.objects.filter(event="aup_published", actor=SYSTEM).count() == 1
    assert again.exit_code == 1
    assert "published before" in again.stderr


def test_the_database_refuses_to_answer_and_that_is_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def refuses() -> None:
        raise OperationalError("connection refused\nDETAIL: SELECT marmaladesky")

    monkeypatch.setattr("resecure.audit.record.verify", refuses)

    done = run("audit", "verify")

    assert done.exit_code == 1
    assert done.stderr.strip() == "The database does not answer: connection refused"


def test_doctor_finds_a_key_that_is_gone_and_a_policy_that_is_missing(world: World) -> None:
    well = run("doctor")
    person = world.person()
    Account.objects.filter(pk=person.pk).update(secret_key_name="of-last-year")

    ill = run("doctor")

    assert "of-last-year" not in well.output
    assert "error: Account secrets are stored under the key of-last-year" in ill.stderr
    assert ill.exit_code == 1


def test_doctor_names_the_key_that_must_be_kept_until_it_is_rotated(world: World) -> None:
    world.person()
    with newer_key():
        before = run("doctor")
        rotated = run("rotate-encryption-key")
        after = run("doctor")
        again = run("rotate-encryption-key")

    assert "warning: 1 rows are still sealed under the key" in before.stderr
    assert rotated.exit_code == 0, rotated.output
    assert "1 rows are sealed anew. The current key is newer." in rotated.stdout
    assert "can be retired" in rotated.stdout
    assert "1 of 1" in rotated.stderr
    assert "sealed under the key" not in after.stderr
    assert again.stdout.startswith("0 rows are sealed anew.")


def test_rotating_says_whose_secret_does_not_open(world: World) -> None:
    spoilt, other = world.person(), world.person()
    Account.objects.filter(pk=spoilt.pk).update(secret=b"x" * 40)

    with newer_key():
        done = run("rotate-encryption-key")

    assert done.exit_code == 1
    assert spoilt.address in done.stderr
    assert other.address not in done.stderr


def test_doctor_for_production_asks_for_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESECURE_PUBLIC_URL", raising=False)

    done = run("doctor", "--production")

    assert done.exit_code == 1
    assert "RESECURE_PUBLIC_URL is not https" in done.stderr


def test_threads_leave_connections_for_others() -> None:
    assert [threads_for(processes) for processes in (1, 2, 8, 64)] == [16, 16, 8, 4]


def test_several_processes_count_into_one_folder_that_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "PROMETHEUS_MULTIPROC_DIR"
    monkeypatch.delenv(name, raising=False)

    with counted_together(1):
        assert name not in os.environ
    with counted_together(2):
        folder = Path(os.environ[name])
        assert folder.is_dir()
    assert not folder.exists()
    assert name not in os.environ
    with counted_together(2), counted_together(2):
        assert len(list(folder.parent.glob(Path(os.environ[name]).name))) == 1


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from resecure.entrypoints.console.main import main; main()", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_needs_no_database(tmp_path: Path) -> None:
    shown = command("--help", RESECURE_STATE_DIRECTORY=str(tmp_path / "none"))

    assert shown.returncode == 0
    assert "audit" in shown.stdout
    assert not (tmp_path / "none").exists()


def test_a_wrong_configuration_is_3_and_repeats_no_secret(tmp_path: Path) -> None:
    shown = command(
        "status", "a@example.org", RESECURE_STATE_DIRECTORY=str(tmp_path / "none"), RESECURE_SECRET_KEY="marmaladesky"
    )

    assert shown.returncode == 3
    assert "RESECURE_SECRET_KEY" in shown.stderr
    assert "marmaladesky" not in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_database_that_is_away_is_said_by_every_command_that_needs_it(tmp_path: Path) -> None:
    shown = command(
        "worker",
        RESECURE_STATE_DIRECTORY=str(tmp_path / "none"),
        RESECURE_DATABASE_URL="postgresql://nobody:marmaladesky@127.0.0.1:1/none",
    )

    assert shown.returncode == 1
    assert shown.stderr.startswith("The database does not answer")
    assert "marmaladesky" not in shown.stderr
