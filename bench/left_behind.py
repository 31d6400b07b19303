"""Folders of benchmarks: each with a note of whose it is, so that the next run clears what a dead one left."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

PREFIX = "resecure-bench-"
NOTE = "run-by"


def folder() -> Path:
    """A new folder of this run, after clearing those of dead ones. The database's system user passes through."""
    clear()
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    made.chmod(0o755)
    (made / NOTE).write_text(_mark_of(os.getpid()))
    return made


def clear() -> list[Path]:
    """Afterwards nothing runs or lies there any more of runs that were killed. Returns what was cleared.

    A folder without a note is left: it may be another run's that is just beginning. So is one of somebody else.
    """
    cleared = []
    for each in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        try:
            mark = (each / NOTE).read_text()
            is_ours = each.lstat().st_uid == os.geteuid() and not each.is_symlink()
        except OSError:
            continue
        number = mark.partition(" ")[0]
        if is_ours and number.isdigit() and mark != _mark_of(int(number)):
            remove(each)
            cleared.append(each)
    return cleared


def remove(each: Path) -> None:
    """Stop whatever was started on a folder of a benchmark, its databases last, and remove it."""
    from resecure.config.embedded_postgres import stop

    for process in _started_on(each):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    for data in each.glob("**/postgres/data/PG_VERSION"):
        stop(data.parents[2])
    rmtree(each, ignore_errors=True)


def _started_on(each: Path) -> list[int]:
    """Our processes that were given this folder for their state: servers, workers, clients."""
    given, found = f"RESECURE_STATE_DIRECTORY={each}/".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == os.geteuid() and given in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def _mark_of(process: int) -> str:
    """The process and when it began: an id alone is given again to another. Empty when there is no such process."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] == "Z" else f"{process} {words[19]}"
