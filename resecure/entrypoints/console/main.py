"""The console: ``resecure …``. One file for each group of commands."""

from __future__ import annotations

import typer

from resecure.entrypoints.console import accounts, applications, audit, aup, doctor, keys, migrate, resecuring, serve
from resecure.entrypoints.console.shared import Group

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    # A traceback with the values of variables would print passwords.
    pretty_exceptions_enable=False,
    help="Resecure: an account portal in which an administrator takes an account back in one action. "
    "Configured by the environment; `resecure doctor` says what is wrong. "
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 wrong configuration.",
)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("demo")(serve.demonstration)
app.command("demo-code")(serve.demo_code)
app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)
app.command("resecure")(resecuring.resecure_account)
app.command("temporary-password")(resecuring.temporary_password)
app.command("lift-authentication-lock")(resecuring.lift_authentication_lock)
app.command("close-delivery")(resecuring.close_delivery)
app.command("status")(accounts.status)
app.command("create-account")(accounts.create)
app.command("grant")(accounts.grant)
app.command("end-every-session")(accounts.end_every_session)
app.command("rotate-encryption-key")(keys.rotate)
app.command("rotate-signing-key")(keys.rotate_signing)
app.add_typer(audit.commands, name="audit")
app.add_typer(aup.commands, name="aup")
app.add_typer(applications.commands, name="application")


def main() -> int:
    """Run the command of the command line."""
    app()
    return 0
