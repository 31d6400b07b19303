"""`resecure application …`: what people sign in to through us, for whoever sets the service up."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from resecure.entrypoints.console.shared import Exit, Group, ready, say, stop

commands = typer.Typer(cls=Group, no_args_is_help=True, help="Applications: list, register, secrets, remove.")
Id = Annotated[UUID, typer.Argument(help="The client id.")]


@commands.command("list")
def list_all() -> None:
    """Every registered application: client id, kind, name."""
    ready()
    from resecure.identity.applications import registered

    for each in registered():
        say(f"{each.pk}  {each.kind:8} {each.name}")


@commands.command("register")
def register(
    name: Annotated[str, typer.Argument(help="As people know it.")],
    kind: Annotated[str, typer.Option(help="web, public, machine or forward.")] = "web",
    address: Annotated[str, typer.Option(help="Where it begins.")] = "",
    redirect_address: Annotated[
        list[str] | None, typer.Option(help="Where people are sent back to; may be repeated.")
    ] = None,
    after_sign_out_address: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    logout_address: Annotated[str, typer.Option(help="Where it is told that a session is over.")] = "",
    question_address: Annotated[str, typer.Option(help="Where it may be asked whether a session goes on.")] = "",
    asks_each_time: Annotated[bool, typer.Option(help="It asks us at every request.")] = False,
    organisation: Annotated[
        list[str] | None, typer.Option(help="Whose people may use it, and all below; may be repeated.")
    ] = None,
) -> None:
    """Register an application. Its secret is printed once."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.identity.applications import Kind
    from resecure.operations.register_application import register_application
    from resecure.operations.shared.application_frame import Registration
    from resecure.policy.refusals import Invalid

    if kind not in Kind.values:
        stop(f"--kind is one of {', '.join(Kind.values)}.", Exit.USAGE)
    typed = Registration(
        name=name,
        address=address,
        redirect_addresses=redirect_address or [],
        after_sign_out_addresses=after_sign_out_address or [],
        logout_address=logout_address,
        question_address=question_address,
        asks_each_time=asks_each_time,
        organisations=organisation or [],
    )
    try:
        made, secret = register_application(typed, kind=Kind(kind), by=system_account())
    except Invalid as invalid:
        stop("\n".join(f"{field}: {text}" for field, texts in invalid.errors.items() for text in texts), Exit.USAGE)
    say(f"Client id:     {made.pk}")
    if secret:
        say(f"Client secret: {secret}")
        say("It is shown once: nobody can see it again.")


@commands.command("new-secret")
def new_secret(application: Id) -> None:
    """Make a new secret beside the one before; it is printed once."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.register_application import make_application_secret
    from resecure.policy.refusals import NotFound, Refused

    try:
        say(make_application_secret(application, by=system_account()))
    except NotFound:
        stop("There is no application with this client id.")
    except Refused as refused:
        stop(" ".join(reason.whole for reason in refused.reasons))


@commands.command("end-older-secrets")
def end_older_secrets(application: Id) -> None:
    """Only the newest secret counts from now on."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.register_application import end_older_application_secrets
    from resecure.policy.refusals import NotFound, Refused

    try:
        say(f"{end_older_application_secrets(application, by=system_account())} ended.")
    except NotFound:
        stop("There is no application with this client id.")
    except Refused as refused:
        stop(" ".join(reason.whole for reason in refused.reasons))


@commands.command("remove")
def remove(application: Id) -> None:
    """Nobody can sign in to it any more, and whoever is signed in there is signed out."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.register_application import remove_application
    from resecure.policy.refusals import NotFound

    try:
        remove_application(application, by=system_account())
    except NotFound:
        stop("There is no application with this client id.")
    say("Removed.")
