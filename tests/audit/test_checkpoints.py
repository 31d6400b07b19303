"""Checkpoints: what was cut off or made anew is noticed by who kept one."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from typer.testing import CliRunner, Result

from resecure.audit import checkpoints
from resecure.audit.checkpoints import NoCheckpoint, heads_in, opened, origin_of, signed, verifier_in, verifier_of
from resecure.audit.models import Record
from resecure.audit.record import START, verify
from resecure.entrypoints.console import main as console
from tests.audit.test_record import TARGET, by_hand, written
from tests.conftest import World

ORIGIN, SEED = "accounts.example.org/audit", bytes(range(32))
KEY = verifier_of(SEED, ORIGIN)
NOTE = checkpoints.made([checkpoints.Head(position=0, hash=START)] * 64, seed=SEED, origin=ORIGIN)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(console.app, ["audit", *arguments])


def test_a_note_signed_by_another_program_opens_and_a_changed_one_does_not() -> None:
    """The example of the standard."""
    key = verifier_in("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = (
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Zt"
        "g1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert opened(note, key) == "This is an example message.\n"
    with pytest.raises(NoCheckpoint, match="signature is wrong"):
        opened(note.replace("an example", "no example"), key)


def _reordered() -> str:
    lines = NOTE.rpartition("\n\n")[0].split("\n")
    lines[3], lines[4] = lines[4], lines[3]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (NOTE.replace("\n0 0 ", "\n0 1 "), "signature is wrong"),
        (NOTE[:-20], "not whole"),
        (NOTE[:300], "not whole"),
        (NOTE.replace(ORIGIN, "other.example.org/audit"), "another installation"),
        (signed(NOTE.rpartition("\n\n")[0] + "\n", seed=bytes(range(1, 33)), name=ORIGIN), "not signed by this key"),
        (signed(_reordered(), seed=SEED, name=ORIGIN), "in their order"),
        (signed(f"{ORIGIN}\n0\n\n", seed=SEED, name=ORIGIN), "in their order"),
        ("", "another installation"),
    ],
)
def test_what_is_no_checkpoint_of_ours_is_refused_in_clear_words(note: str, why: str) -> None:
    with pytest.raises(NoCheckpoint, match=why):
        heads_in(note, key=KEY, origin=ORIGIN)
    assert len(heads_in(NOTE, key=verifier_in(KEY.line), origin=ORIGIN)) == 64


def test_a_line_that_is_no_key_is_refused_and_the_origin_is_the_host() -> None:
    for line in ("", "a+b", KEY.line[:-4], KEY.line.replace("accounts", "other")):
        with pytest.raises(NoCheckpoint, match="The key is none"):
            verifier_in(line)
    assert origin_of("https://Accounts.example.org") == ORIGIN


def kept(folder: Path) -> str:
    file = str(folder / "checkpoint")
    assert run("checkpoint", "--into", file).exit_code == 0
    return file


@pytest.mark.database
def test_records_since_are_fine_and_making_one_is_on_record(world: World, tmp_path: Path) -> None:
    written()
    file = kept(tmp_path)
    written()
    done = run("verify", "--checkpoint", file, "--key", run("key").stdout.strip())
    assert (done.exit_code, "all that the checkpoint names" in done.stdout) == (0, True), done.output
    assert Record.objects.filter(event="checkpoint_made").count() == 1
    assert run("checkpoint", "--into", file).exit_code == 1
    assert run("verify", "--checkpoint", file, "--key", KEY.line).exit_code == 1
    assert world.made == 0


@pytest.mark.database
def test_records_cut_off_with_the_end_set_back_are_noticed_by_the_checkpoint_alone(
    world: World, tmp_path: Path
) -> None:
    records = written()
    file = kept(tmp_path)
    by_hand("DELETE FROM audit_record WHERE id = %s", records[2].pk)
    by_hand("UPDATE audit_chainhead SET position = 2, hash = %s WHERE chain = 7", bytes(records[1].hash))

    assert verify()[1] == []
    done = run("verify", "--checkpoint", file)
    assert done.exit_code == 1
    assert "chain 7, record 3: the checkpoint has this record, and it is gone" in done.stderr
    assert world.made == 0


@pytest.mark.database
def test_a_chain_made_anew_to_its_end_is_noticed_by_the_checkpoint_alone(world: World, tmp_path: Path) -> None:
    written()
    file = kept(tmp_path)
    by_hand("DELETE FROM audit_record WHERE chain = 7")
    by_hand("UPDATE audit_chainhead SET position = 0, hash = %s WHERE chain = 7", START)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    written(said="something else", target=TARGET)

    assert verify()[1] == []
    done = run("verify", "--checkpoint", file)
    assert (done.exit_code, "chain 7, record 3: the checkpoint has another record" in done.stderr) == (1, True)
    assert world.made == 0
