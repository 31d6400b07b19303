"""What every command needs: Django when it is wanted, plain output, errors as sentences, exit codes."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from django.db.models import TextChoices

    from resecure.identity.accounts import Account

    Choice = TypeVar("Choice", bound=TextChoices)


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    CONFIGURATION = 3


def ready() -> None:
    """Afterwards Django is set up. Called by a command, not by this module: ``--help`` needs no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "resecure.config.settings")
    import django

    django.setup()


def say(text: str = "") -> None:
    """A line of the answer, on stdout."""
    typer.echo(clean(text))


def complain(text: str) -> None:
    """A line about what is wrong, on stderr."""
    typer.echo(clean(text), err=True)


def clean(text: str) -> str:
    """The text without control characters: a name or a reference could hold one that rewrites the screen."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)


def stop(text: str, code: Exit = Exit.REFUSED) -> NoReturn:
    """Say why, and end."""
    complain(text)
    raise typer.Exit(int(code))


def account_at(address: str) -> Account:
    """The account with this address; ends the command when there is none."""
    from resecure.identity.accounts import Account, address_key

    rows = Account.objects.select_related("organisation")
    found = rows.filter(address=address_key(address), is_system=False).first()
    if found is None:
        stop(f"There is no account with the address {address}.")
    return found


def one_of(choices: type[Choice], given: str, option: str) -> Choice:
    """The choice of this name; hyphens serve for underscores. A usage error lists the names."""
    try:
        return choices(given.strip().lower().replace("-", "_"))
    except ValueError:
        names = ", ".join(choices.values)
        raise typer.BadParameter(f"{given!r} is none of: {names}", param_hint=option) from None


def explain(error: Exception) -> tuple[str, Exit] | None:
    """The sentence and exit code for what a command may meet; None for what is a fault of ours."""
    from resecure.config.environment import ConfigurationError
    from resecure.config.postgres_host import EmbeddedPostgresError
    from resecure.policy.refusals import Invalid, NotFound, Refused

    if isinstance(error, ConfigurationError):
        return str(error), Exit.CONFIGURATION
    if isinstance(error, EmbeddedPostgresError):
        return f"The embedded database does not start: {error}", Exit.CONFIGURATION
    if isinstance(error, Refused):
        return "\n".join(reason.whole for reason in error.reasons), Exit.REFUSED
    if isinstance(error, Invalid):
        return "\n".join(f"{name}: {text}." for name, texts in error.errors.items() for text in texts), Exit.REFUSED
    if isinstance(error, NotFound):
        return "There is no such account or organisation.", Exit.REFUSED
    return _explain_database(error)


def _explain_database(error: Exception) -> tuple[str, Exit] | None:
    from django.db import InterfaceError, OperationalError, ProgrammingError

    if isinstance(error, OperationalError | InterfaceError):
        # The first line only: what follows may repeat a statement with its values.
        first = str(error).partition("\n")[0]
        return f"The database does not answer: {first}", Exit.REFUSED
    if isinstance(error, ProgrammingError) and getattr(error.__cause__, "sqlstate", "") in {"42P01", "42703"}:
        return "The database has not been brought up to date. Run: resecure migrate", Exit.REFUSED
    return None


class Group(TyperGroup):
    """The group of commands: what operations refuse becomes a sentence on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            stop(*explained)
