"""`resecure audit …`: check the record, and read it."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from resecure.entrypoints.console.shared import Exit, Group, account_at, clean, complain, ready, say

if TYPE_CHECKING:
    from resecure.audit.models import Record

commands = typer.Typer(cls=Group, no_args_is_help=True, help="The record of everything that was done or refused.")


@commands.command("verify")
def verify() -> None:
    """Check every record against its chain; 1 when one was changed, removed or added by hand."""
    ready()
    from resecure.audit import record

    began = perf_counter()
    read, faults = record.verify()
    seconds = perf_counter() - began
    say(f"{read} records read, {read / max(seconds, 0.001):.0f} a second.")
    if not faults:
        say("The record is whole.")
        return
    for fault in faults:
        complain(f"chain {fault.chain}, record {fault.position}: {fault.text}")
    raise typer.Exit(Exit.REFUSED)


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

    account = account_at(address)
    rows = list(Record.objects.filter(target=account.pk).order_by("-at", "-id")[:most])[::-1]
    if not rows:
        say("Nothing is on record about this account.")
        return
    names = _names_of(rows)
    table = Table("When (UTC)", "What", "Details", box=None, pad_edge=False)
    for row in rows:
        cells = (f"{row.at:%Y-%m-%d %H:%M:%S}", _sentence(row, names), _details(row.details))
        table.add_row(*(Text(clean(cell)) for cell in cells))  # Text: nothing in a name is read as markup
    Console(soft_wrap=False).print(table)


def _names_of(rows: list[Record]) -> dict[UUID, str]:
    from resecure.identity.accounts import Account

    wanted = {each for row in rows for each in (row.actor, row.target) if each}
    return {found.pk: f"{found.name} ({found.address})" for found in Account.objects.filter(pk__in=wanted)}


def _sentence(row: Record, names: dict[UUID, str]) -> str:
    from resecure.audit.events import SENTENCES, Event

    def name(account: UUID | None) -> str:
        return names.get(account, str(account)) if account else "Nobody known"

    return str(SENTENCES[Event(row.event)]).format(actor=name(row.actor), target=name(row.target))


def _details(stored: str) -> str:
    return ", ".join(f"{name}: {value}" for name, value in json.loads(stored).items())
