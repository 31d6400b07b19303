"""`resecure demo`: a database of its own made anew, loaded, and served with a worker until stopped."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import b32decode
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from resecure.entrypoints.console.shared import Exit, ready, say, stop

if TYPE_CHECKING:
    from resecure.entrypoints.console.demonstration.load import Listed

SECONDS_TO_END = 15
SECONDS_TO_ANSWER = 30
MARK = "made-by-resecure-demo"
ENVIRONMENT = Path(".demo") / "environment"
MAY = {
    "Person": "works in the portal; can be resecured by the administrators of the organisation",
    "Local Administrator": "looks after the accounts of the organisation, and resecures them",
    "Primary Local Administrator": "the same, and grants roles in the organisation",
    "Local Helpdesk": "resets passwords, unlocks, disables; does not resecure, create or delete",
    "Global Helpdesk": "the same, in every organisation",
    "Global Administrator": "everything, everywhere",
    "Auditor": "reads what happened, changes nothing",
}


class _Ended(Exception):
    """Somebody asked the demonstration to end."""


def demo(port: int = 8000) -> None:
    """Serve the demonstration on 127.0.0.1 until Ctrl-C or SIGTERM. Whatever the last one held is gone;
    no database but its own is touched, and at the end nothing of it runs any more."""
    state, rota_port = _prepare(port)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    children: list[subprocess.Popen[bytes]] = []
    try:
        client, secret = _load_anew(state, rota_port)
        children += [_child("serve", "--port", str(port)), _child("worker")]
        children.append(_rota(port, rota_port, client=client, secret=secret))
        _wait_for_answer(port, children)
        _wait_for_answer(rota_port, children)
        write_environment()
        say(
            f"\nOpen http://127.0.0.1:{port}/ and sign in with one of these. Ctrl-C ends it.\n"
            "Whoever holds a role gives a second factor too: `.venv/bin/resecure demo-code ADDRESS` shows the\n"
            "code, and so does an authenticator app that was given the key.\n"
            f"An application to sign in to with the same accounts, Rota: http://127.0.0.1:{rota_port}/\n"
            "For the console, in another terminal: . .demo/environment; .venv/bin/resecure --help"
        )
        code = _watch(children)
    except _Ended:
        code = 0
    finally:
        ENVIRONMENT.unlink(missing_ok=True)
        _finish(children, state)
    if code:
        stop("The demonstration ended because a part of it ended by itself.")


def _prepare(port: int) -> tuple[Path, int]:
    """Check what could go wrong, and set the environment before anything reads it. Returns the state folder,
    and the port of the application."""
    if os.environ.get("RESECURE_DATABASE_URL") or os.environ.get("RESECURE_PRODUCTION", "").lower() in {"1", "true"}:
        stop(
            "The demonstration begins by emptying its database, so it uses only one of its own. "
            "Unset RESECURE_DATABASE_URL and RESECURE_PRODUCTION.",
            Exit.CONFIGURATION,
        )
    _insist_free(port, "PORT")
    given = os.environ.get("APPLICATION_PORT") or str(port + 1)
    if not given.isdecimal() or not 0 < int(given) < 65536 or int(given) == port:
        stop(f"APPLICATION_PORT={given} is no port for the application.", Exit.CONFIGURATION)
    _insist_free(int(given), "APPLICATION_PORT")
    # Rota is told on this machine that a session is over; here only, for what is registered here is ours.
    os.environ["RESECURE_APPLICATION_NETWORKS"] = "127.0.0.1/32"
    os.environ["RESECURE_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    os.environ.setdefault("RESECURE_WEB_PROCESSES", "1")
    os.environ.setdefault("RESECURE_LOG_LEVEL", "warning")
    state = _state_directory()
    os.environ["RESECURE_STATE_DIRECTORY"] = str(state)
    return state, int(given)


def _insist_free(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            stop(f"Port {port} of 127.0.0.1 is in use. Choose another: {name}={port + 1} make demo")


def _state_directory() -> Path:
    """A folder beside everything else: whoever works here keeps the database they had."""
    if given := os.environ.get("RESECURE_STATE_DIRECTORY"):
        return Path(given).absolute() / "demo"
    if os.geteuid() != 0:
        return Path.cwd() / ".demo" / "state"
    from resecure.config.variables import Environment

    usual = Environment().state_directory
    return usual.with_name(f"{usual.name}-demo")


def _load_anew(state: Path, rota_port: int) -> tuple[str, str]:
    """Returns the client id of Rota and its secret."""
    from resecure.config import embedded_postgres

    begun = time.monotonic()
    say("Making a new database.")
    embedded_postgres.stop(state)
    if state.exists():
        if not (state / MARK).exists():
            stop(f"{state} was not made by a demonstration. Move it away, then start again.", Exit.CONFIGURATION)
        shutil.rmtree(state)
    state.mkdir(parents=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    (state / MARK).touch()
    ready()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    from resecure.entrypoints.console.demonstration.load import load, register_rota

    say("Loading 6,900 organisations and 5,000 invented people.")
    listed = load()
    registered = register_rota(f"http://127.0.0.1:{rota_port}")
    file = _write(listed)
    connections.close_all()
    _print(listed)
    say(f"\n{len(listed)} accounts with their passwords are in {file}. Loaded in {time.monotonic() - begun:.0f} s.")
    return registered


def _write(listed: list[Listed]) -> Path:
    """The passwords, for nobody else to read."""
    from resecure.config.private_files import write_private

    file = Path.cwd() / ".demo" / "accounts.json"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    write_private(file, json.dumps([each.as_dict() for each in listed], indent=1, ensure_ascii=False) + "\n")
    return file


def demo_code(name: str) -> None:
    """The code that the authenticator app of one account of the demonstration shows now."""
    from django_otp.oath import hotp

    file = Path.cwd() / ".demo" / "accounts.json"
    if not file.exists():
        stop("No demonstration was loaded in this folder. Start one: make demo")
    lines = [each for each in json.loads(file.read_text(encoding="utf-8")) if each.get("totp")]
    found = [each for each in lines if name.casefold() in each["address"]]
    exact = [each for each in found if each["address"] == name.casefold()]
    if len(exact or found) != 1:
        stop(f"{len(found)} accounts that hold a role have {name} in their address. Say one whole address.")
    [line] = exact or found
    # RFC 6238 by hand: this command needs neither the database nor its keys.
    key, (step, gone) = b32decode(line["totp"]), divmod(int(time.time()), 30)
    say(f"{line['address']}  {line['role']}")
    say(f"Code: {hotp(key, step):06d}  ({30 - gone} seconds more)")
    say(f"Next: {hotp(key, step + 1):06d}  (taken already; each works once)")


def write_environment() -> None:
    """What the console needs to work on this demonstration, for a shell to read. It holds no secret: keys and
    the database's password stand in the state folder, for who may read that."""
    from resecure.config.private_files import write_private

    ENVIRONMENT.unlink(missing_ok=True)
    names = ("RESECURE_LOG_LEVEL", "RESECURE_PUBLIC_URL", "RESECURE_STATE_DIRECTORY")
    lines = [f"export {name}={shlex.quote(os.environ[name])}" for name in names]
    write_private(ENVIRONMENT, "\n".join(lines) + "\n")


def _print(listed: list[Listed]) -> None:
    for organisation in dict.fromkeys(each.organisation for each in listed):
        here = [each for each in listed if each.organisation == organisation]
        say(f"\n{organisation}  {here[0].note.partition(': ')[2]}")
        for each in here:
            say(f"  {each.address:52} {each.password:32} {each.role}")
            if each.totp:
                say(f"  {'':52} key for an authenticator app: {each.totp}")
            if each.role == "Person":
                say(f"  {'':52} {each.status}: {each.note}")
    say("\nWhat each may do:")
    for role, sentence in MAY.items():
        say(f"  {role:28} {sentence}")


# --- the children


def _child(*words: str) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C reaches us alone, and we end them in order.
    return subprocess.Popen([sys.executable, "-m", "resecure", *words], start_new_session=True)


def _rota(port: int, rota_port: int, *, client: str, secret: str) -> subprocess.Popen[bytes]:
    """The application. It gets nothing of ours but its own secret, which stands on no command line."""
    own = {
        "ROTA_PORT": str(rota_port),
        "ROTA_ISSUER": f"http://127.0.0.1:{port}",
        "ROTA_CLIENT": client,
        "ROTA_SECRET": secret,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESECURE_")}
    command = [sys.executable, "-m", "resecure.entrypoints.console.demonstration.rota"]
    return subprocess.Popen(command, env={**kept, **own}, start_new_session=True)


def _wait_for_answer(port: int, children: list[subprocess.Popen[bytes]]) -> None:
    give_up = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < give_up and all(child.poll() is None for child in children):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait until one ends, which none should. Returns 1."""
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    return 1


def _finish(children: list[subprocess.Popen[bytes]], state: Path) -> None:
    """Afterwards no process of the demonstration runs. Asked twice, it still finishes."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children:
        if child.poll() is None:
            child.terminate()
    give_up = time.monotonic() + SECONDS_TO_END
    for child in children:
        try:
            child.wait(timeout=max(0.1, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    from resecure.config import embedded_postgres

    embedded_postgres.stop(state)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended
