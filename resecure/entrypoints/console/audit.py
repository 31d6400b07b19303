"""`resecure audit …`: check the record, and read it."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from resecure.entrypoints.console.shared import Exit, Group, account_at, clean, complain, ready, say, stop

if TYPE_CHECKING:
    from resecure.audit.checkpoints import Verifier
    from resecure.audit.models import Record
    from resecure.audit.record import Fault

commands = typer.Typer(cls=Group, no_args_is_help=True, help="The record of everything that was done or refused.")


@commands.command("verify")
def verify(
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint that was kept elsewhere.")] = None,
    key: Annotated[str, typer.Option(help="The public key line it was signed by. Without: that of this one.")] = "",
) -> None:
    """Check every record against its chain; 1 when one was changed, removed or added by hand."""
    if key and checkpoint is None:
        raise typer.BadParameter("it checks a checkpoint: name one", param_hint="--key")
    ready()
    from resecure.audit import record

    cut = _against(checkpoint, key) if checkpoint else []

    began = perf_counter()
    read, faults = record.verify()
    faults = [*cut, *faults]
    seconds = perf_counter() - began
    say(f"{read} records read, {read / max(seconds, 0.001):.0f} a second.")
    if not faults:
        say("The record is whole, and has all that the checkpoint names." if checkpoint else "The record is whole.")
        return
    for fault in faults:
        complain(f"chain {fault.chain}, record {fault.position}: {fault.text}")
    raise typer.Exit(Exit.REFUSED)


def _against(file: Path, key: str) -> list[Fault]:
    """The first chain that does not have what a checkpoint names. Ends the command where it is none that counts."""
    from resecure.audit import checkpoints, record

    own = _own_key()
    try:
        with file.open("rb") as stream:
            note = stream.read(4 * checkpoints.LARGEST).decode()
        heads = checkpoints.heads_in(note, key=checkpoints.verifier_in(key) if key else own, origin=own.name)
    except checkpoints.NoCheckpoint as no:
        stop(str(no))
    except UnicodeDecodeError:
        stop("The checkpoint is no text.")
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}.")
    missing = checkpoints.first_missing(heads, record.hashes_at([head.position for head in heads]))
    return [missing] if missing else []


def _own_key() -> Verifier:
    from django.conf import settings

    from resecure.audit import checkpoints

    origin = checkpoints.origin_of(settings.RESECURE.public_url)
    return checkpoints.verifier_of(b64decode(settings.RESECURE.audit_key.get_secret_value()), origin)


@commands.command("key")
def key_line() -> None:
    """Print the public key by which checkpoints are checked. Keep it where nobody here can write."""
    ready()
    say(_own_key().line)


@commands.command("checkpoint")
def checkpoint(
    into: Annotated[Path | None, typer.Option(help="A new file for it. Without: stdout.")] = None,
) -> None:
    """Make a signed checkpoint of the record, to be kept elsewhere."""
    if into is not None and into.exists():
        stop(f"{into} is there already: name a new file.")
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.make_checkpoint import make_checkpoint

    note = make_checkpoint(by=system_account()).encode()
    if into is None:
        typer.echo(note, nl=False)
        return
    try:
        with into.open("xb") as stream:
            stream.write(note)
    except OSError as error:
        stop(f"{into} cannot be written: {error.strerror}.")


@commands.command("show")
def show(
    address: Annotated[str, typer.Argument(help="Address of the account.")],
    most: Annotated[int, typer.Option(min=1, help="How many records, the newest.")] = 50,
) -> None:
    """Show what happened to an account, the newest last."""
    ready()
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from resecure.audit.models import Record
    from resecure.entrypoints.record_words import more, sentence

    account = account_at(address)
    rows = list(Record.objects.filter(target=account.pk).order_by("-at", "-id")[:most])[::-1]
    if not rows:
        say("Nothing is on record about this account.")
        return
    names = _names_of(rows)
    table = Table("When (UTC)", "What", "Details", box=None, pad_edge=False)
    for row in rows:
        cells = (f"{row.at:%Y-%m-%d %H:%M:%S}", sentence(row, names=names), more(row))
        table.add_row(*(Text(clean(cell)) for cell in cells))  # Text: nothing in a name is read as markup
    Console(soft_wrap=False).print(table)


def _names_of(rows: list[Record]) -> dict[UUID, str]:
    from resecure.identity.accounts import Account

    wanted = {each for row in rows for each in (row.actor, row.target) if each}
    known = {found.pk: f"{found.name} ({found.address})" for found in Account.objects.filter(pk__in=wanted)}
    return {each: str(each) for each in wanted} | known  # of somebody who is gone, the id is what is left
