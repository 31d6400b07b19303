"""A benchmark that was killed leaves a database and a folder: the next one clears both, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench import left_behind
from resecure.config.embedded_postgres import status

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import os, subprocess
from bench import left_behind
from resecure.config.embedded_postgres import ensure_running
folder = left_behind.folder()
server = {**os.environ, "RESECURE_STATE_DIRECTORY": f"{folder}/deeper"}
print(subprocess.Popen(["sleep", "600"], env=server, stdout=subprocess.DEVNULL).pid)
ensure_running(folder / "deeper" / "state", durable=False)
print(folder, flush=True)
input()
"""


def test_the_next_run_clears_what_a_killed_one_left_and_spares_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    # Short, and open to the database's system user: the folders of pytest are neither.
    with tempfile.TemporaryDirectory(prefix="resecure-left-") as here:
        Path(here).chmod(0o755)
        monkeypatch.setenv("TMPDIR", here)
        monkeypatch.setattr(tempfile, "tempdir", here)
        noteless = Path(here, f"{left_behind.PREFIX}begun")
        noteless.mkdir()
        ours = left_behind.folder()
        run = subprocess.Popen(
            [sys.executable, "-c", RUN], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert run.stdout is not None
        server = int(run.stdout.readline())
        folder = Path(run.stdout.readline().strip())
        try:
            assert left_behind.clear() == []
            assert status(folder / "deeper" / "state").running
        finally:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            run.stdout.close()
            cleared = left_behind.clear()
        assert cleared == [folder]
        assert not folder.exists()
        assert ours.exists()
        assert noteless.exists()
        assert not any(folder.name in each for each in _commands())
        assert not _lives(server)


def _lives(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _commands() -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(each.read_text(errors="replace"))
        except OSError:
            continue
    return found
