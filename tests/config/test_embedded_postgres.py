"""The embedded server: it starts by itself, lets nobody in without a password, and loses nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from resecure.config.embedded_postgres import EmbeddedPostgresError, ensure_running, status, stop
from resecure.config.postgres_host import SYSTEM_USER
from tests.config.debian_postgres import DEBIAN_15, debian_server

pytestmark = [pytest.mark.database, pytest.mark.xdist_group("servers")]


@pytest.fixture
def state() -> Iterator[Path]:
    # Not tmp_path: as root its parents are closed to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="resecure-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder / "state"
    for each in (folder / "state", folder / "moved"):
        stop(each)
    shutil.rmtree(folder)


def remember(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def remembered(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY word")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_server_starts_from_nothing_in_seconds_and_again_in_no_time(state: Path) -> None:
    began = time.monotonic()
    url = ensure_running(state)
    first = time.monotonic() - began
    remember(url, "kept")
    assert stop(state)
    assert not status(state).running
    began = time.monotonic()
    assert remembered(ensure_running(state)) == ["kept"]
    second = time.monotonic() - began
    found = status(state)
    assert (found.running, found.durable) == (True, True)
    assert found.version is not None
    assert found.version.startswith("18.")
    # Generous, for a machine that does other things too; alone it takes 1.2 s and 0.15 s.
    assert first < 15
    assert second < 10


def test_the_owner_is_no_superuser_and_may_make_the_extensions_and_test_databases(state: Path) -> None:
    with psycopg.connect(ensure_running(state), autocommit=True) as connection:
        for extension in ("unaccent", "pg_trgm", "btree_gin"):
            connection.execute(f"CREATE EXTENSION {extension}")
        connection.execute("CREATE DATABASE test_of_ours")
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, True, False)
        assert connection.execute("SELECT lower('ÉÀŴ'), unaccent('Siân')").fetchone() == ("éàŵ", "Sian")


def test_nobody_gets_in_without_the_password_nor_over_the_network(state: Path) -> None:
    url = ensure_running(state)
    folder = status(state).socket_folder
    for role in ("postgres", "resecure"):
        for password in ("", "postgres", "resecure"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(host=str(folder), user=role, dbname="postgres", password=password)
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_tcp_is_opened_on_this_machine_only_where_asked_for(state: Path) -> None:
    url = ensure_running(state, listen_tcp=54329)
    assert ensure_running(state) == url
    with psycopg.connect(url) as connection:
        password = connection.info.password
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    with psycopg.connect(
        host="127.0.0.1", port=54329, user="resecure", password=password, dbname="resecure"
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_passwords_lie_in_a_file_for_its_owner_alone_and_in_no_log(state: Path) -> None:
    with psycopg.connect(ensure_running(state)) as connection:
        password = connection.info.password
    postgres = state / "postgres"
    assert mode(postgres / "passwords.json") == 0o600
    assert mode(postgres / "lock") == 0o600
    assert mode(postgres / "data") == 0o700
    assert mode(postgres / "log") == 0o700
    assert mode(postgres / "socket") == 0o700
    assert not (postgres / "initial-password").exists()
    assert password not in (postgres / "log" / "server.log").read_text()
    if os.geteuid() == 0:
        server = pwd.getpwnam(SYSTEM_USER).pw_uid
        assert (postgres / "data").stat().st_uid == server
        assert (postgres / "server.conf").stat().st_uid == 0
        programs = list(postgres.glob("pginstall-*"))
        assert len(programs) == 1
        assert {path.stat().st_uid for path in programs[0].rglob("*")} == {0}
        assert server not in {0, pwd.getpwnam("nobody").pw_uid}


def test_no_folder_above_the_state_folder_is_opened(state: Path) -> None:
    before = {folder: mode(folder) for folder in state.parents}
    ensure_running(state)
    assert {folder: mode(folder) for folder in state.parents} == before


def test_what_was_committed_survives_a_kill_of_the_server(state: Path) -> None:
    url = ensure_running(state)
    for word in ("once", "thrice", "twice"):
        remember(url, word)
        killed = status(state).process_id
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        url = ensure_running(state)
        assert word in remembered(url)
        assert status(state).process_id != killed
    assert remembered(url) == ["once", "thrice", "twice"]


def test_a_process_number_that_now_belongs_to_another_is_not_taken_for_the_server(state: Path) -> None:
    remember(ensure_running(state), "kept")
    file = state / "postgres" / "data" / "postmaster.pid"
    left_behind = file.read_text().partition("\n")[2]
    stop(state)
    user = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []} if os.geteuid() == 0 else {}
    bystander = subprocess.Popen(["/bin/sleep", "60"], **user)  # type: ignore[call-overload]
    try:
        file.write_text(f"{bystander.pid}\n{left_behind}")
        assert not status(state).running
        assert not stop(state)
        assert remembered(ensure_running(state)) == ["kept"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_many_starters_at_once_share_one_server(state: Path) -> None:
    code = (
        "import sys, pathlib; from resecure.config.embedded_postgres import ensure_running, status\n"
        "state = pathlib.Path(sys.argv[1]); print(ensure_running(state), status(state).process_id)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", code, str(state)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = {starter.communicate(timeout=60)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0, 0, 0]
    assert len(answers) == 1


def test_the_server_outlives_the_process_that_started_it(state: Path) -> None:
    code = (
        "import sys, pathlib; from resecure.config.embedded_postgres import ensure_running\n"
        "ensure_running(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(state)], check=True, timeout=60)
    assert status(state).running


def test_a_checkout_may_be_moved_while_the_server_runs_and_while_it_does_not(state: Path) -> None:
    remember(ensure_running(state), "before")
    moved = state.with_name("moved")
    state.rename(moved)
    remember(ensure_running(moved), "while it ran")
    stop(moved)
    moved.rename(state)
    assert remembered(ensure_running(state)) == ["before", "while it ran"]


def test_a_long_path_gets_a_short_socket_folder(state: Path) -> None:
    far = state / ("a-folder-with-a-long-name-" * 4) / "state"
    far.parent.mkdir(parents=True)
    try:
        remember(ensure_running(far), "reached")
        folder = status(far).socket_folder
        assert len(str(folder)) <= 100
        assert mode(folder) == 0o700
    finally:
        stop(far)
    shutil.rmtree(folder)


def test_a_socket_folder_that_somebody_else_put_there_is_not_used(state: Path) -> None:
    far = state / ("a-folder-with-a-long-name-" * 4) / "state"
    far.parent.mkdir(parents=True)
    trap = status(far).socket_folder
    trap.symlink_to("/tmp")
    try:
        with pytest.raises(EmbeddedPostgresError, match="belongs to somebody else"):
            ensure_running(far)
    finally:
        trap.unlink()


def test_a_server_of_the_tests_becomes_durable_when_somebody_relies_on_it(state: Path) -> None:
    remember(ensure_running(state, durable=False), "kept")
    assert status(state).durable is False
    assert remembered(ensure_running(state)) == ["kept"]
    assert status(state).durable is True
    running = status(state).process_id
    ensure_running(state, durable=False)
    assert (status(state).durable, status(state).process_id) == (True, running)


def test_a_first_start_that_was_cut_short_is_taken_up_again(state: Path) -> None:
    (state / "postgres" / "data.unfinished").mkdir(parents=True)
    (state / "postgres" / "data.unfinished" / "PG_VERSION").write_text("18\n")
    (state / "postgres" / "initial-password").write_text("left behind")
    (state / "postgres" / "passwords.json").write_text("{}")
    for folder in (state, state / "postgres"):
        folder.chmod(0o711)
    remember(ensure_running(state), "whole")


def test_data_of_another_version_and_a_lost_password_file_are_explained(state: Path) -> None:
    ensure_running(state)
    passwords = state / "postgres" / "passwords.json"
    kept = passwords.read_text()
    passwords.unlink()
    with pytest.raises(EmbeddedPostgresError, match=r"passwords\.json is gone"):
        ensure_running(state)
    passwords.write_text(kept)
    stop(state)
    (state / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match="written by PostgreSQL 16"):
        ensure_running(state)


def test_debians_postgresql_15_starts_by_the_same_code(state: Path) -> None:
    try:
        url = debian_server(state)
        with psycopg.connect(url) as connection:
            assert connection.info.server_version // 10_000 == 15
            for extension in ("unaccent", "pg_trgm", "btree_gin"):
                connection.execute(f"CREATE EXTENSION {extension}")
            assert connection.execute("SELECT lower('ÉÀŴ')").fetchone() == ("éàŵ",)
        assert status(state, binaries=DEBIAN_15).durable is False
    finally:
        stop(state, binaries=DEBIAN_15)
