"""`resecure aup …`: the acceptable use policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resecure.entrypoints.console.shared import Exit, Group, ready, say, stop

commands = typer.Typer(cls=Group, no_args_is_help=True, help="The acceptable use policy.")


@commands.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(help="The text, in UTF-8.", exists=True, dir_okay=False, readable=True)],
    version: Annotated[str, typer.Option(help="Its version, as people will see it.")],
) -> None:
    """Publish a version: everybody accepts it at the next sign-in. A published text never changes."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        stop(f"{file} is not a text in UTF-8.", Exit.USAGE)
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.publish_aup import publish_aup

    made = publish_aup(version=version, text=text, by=system_account())
    say(f"Version {made.version} of the acceptable use policy is published.")
