"""`resecure doctor`: everything that is wrong with the configuration and the database, in sentences."""

from __future__ import annotations

from typing import Annotated

import typer

from resecure.config.environment import ConfigurationError, Problem, problems, read
from resecure.entrypoints.console.shared import Exit, complain, explain, ready, say


def doctor(
    production: Annotated[bool, typer.Option("--production", help="Check as if RESECURE_PRODUCTION were set.")] = False,
) -> None:
    """Say what is wrong: errors must be put right, warnings say what a choice costs. 1 when there are errors."""
    found = [*_problems_of_environment(production), *_problems_of_database(), *_problems_of_provider()]
    for problem in found:
        complain(f"{problem.weight}: {problem.text}")
    errors = sum(problem.weight == "error" for problem in found)
    say(f"{errors} errors, {len(found) - errors} warnings." if found else "Nothing is wrong.")
    if errors:
        raise typer.Exit(Exit.REFUSED)


def _problems_of_environment(production: bool) -> list[Problem]:
    try:
        configured = read()
    except ConfigurationError as error:
        return error.problems
    if production:
        configured = configured.model_copy(update={"production": True})
    return problems(configured)


def _problems_of_provider() -> list[Problem]:
    """The switches of RFC 9700 that are off: with one of them, nobody should sign in to anything through us."""
    try:
        ready()
    except ConfigurationError:
        return []
    except Exception as error:
        if explain(error) is None:
            raise
        return []
    from resecure.entrypoints.oidc.switches import switched_off

    return [
        Problem(code=f"oauth_{name}", text=f"The OpenID provider is not safe: a switch of RFC 9700 is off. {text}")
        for name, text in switched_off().items()
    ]


def _problems_of_database() -> list[Problem]:
    """The checks of the database, or the one problem that keeps us from asking it."""
    try:
        ready()
        from resecure.entrypoints.console.database_checks import problems_of_database

        return problems_of_database()
    except ConfigurationError:
        return []  # said already, by the checks of the environment
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        return [Problem(code="database_unreachable", text=explained[0])]
