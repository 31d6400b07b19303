"""`resecure resecure` and `resecure temporary-password`: taking an account back, by an operator.

What an operator does here is done by the service's own account and stands on record as such. A password is
never taken from the command line, where every user of the machine could read it; it is generated and printed
once, only when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from resecure.entrypoints.console.shared import account_at, complain, one_of, ready, say, stop

if TYPE_CHECKING:
    from resecure.identity.accounts import Account

Address = Annotated[str, typer.Argument(help="Address of the account.")]
MethodOption = Annotated[
    str,
    typer.Option(help="How the person was identified: in_person, video_call, call_back or line_manager."),
]
Reference = Annotated[str, typer.Option(help="Where that is written down, for example the number of the call.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def resecure_account(
    address: Address,
    because: Annotated[str, typer.Option(help="Why: forgotten_secret, forgotten_answers or failed_authentication.")],
    method: MethodOption,
    reference: Reference,
    yes: Yes = False,
    temporary_password: Annotated[
        bool, typer.Option("--temporary-password", help="Then set a temporary password and print it.")
    ] = False,
) -> None:
    """Take an account back: nothing that anybody held before opens it any more."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.identity.confirmations import Method
    from resecure.identity.resecurings import Trigger
    from resecure.operations.confirm_identity import confirm_identity
    from resecure.operations.resecure import resecure

    trigger, how = one_of(Trigger, because, "--because"), one_of(Method, method, "--method")
    account, by = account_at(address), system_account()
    if not yes:
        _ask(f"Resecure {account.name} ({account.address}), {account.organisation.name}?")
    confirmed = confirm_identity(account.pk, by=by, method=how, reference=reference)
    made = resecure(account.pk, by=by, because=trigger, confirmation=confirmed.pk)
    say(f"{account.name} ({account.address}) is resecured:")
    for line in (
        "the password and the account secret, or the security questions, no longer count",
        "the acceptance of the acceptable use policy is withdrawn",
        "every session, half-finished sign-in and token has ended",
        f"the person must come back by the steps until {made.finish_by:%d %B %Y}",
    ):
        say(f"  - {line}")
    if temporary_password:
        _set_and_print(account, by=by)
    else:
        say(f"Nothing opens the account until: resecure temporary-password {account.address}")


def temporary_password(address: Address, yes: Yes = False) -> None:
    """Set a temporary password for an account that waits for one, and print it once."""
    ready()
    from resecure.identity.accounts import system_account

    account = account_at(address)
    if not yes:
        _ask(f"Set a temporary password for {account.name} ({account.address}) and print it?")
    _set_and_print(account, by=system_account())


def lift_authentication_lock(address: Address, yes: Yes = False) -> None:
    """Allow Authenticate User again for an account where wrong letters of the secret were given too often."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.lift_authentication_lock import lift_authentication_lock as lift

    account = account_at(address)
    if not yes:
        _ask(f"Allow Authenticate User again for {account.name} ({account.address})?")
    lift(account.pk, by=system_account())
    say(f"Letters of the secret of {account.name} may be asked for again.")


def close_delivery(
    address: Address,
    application: Annotated[str, typer.Option(help="Name of the application, as the page of the resecuring shows it.")],
    because: Annotated[str, typer.Option(help="Why it can never be told; stands on the page and in the record.")],
    yes: Yes = False,
) -> None:
    """Say that an application can never be told of the account's latest resecure. It does not count as told."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.identity.resecurings import Resecuring
    from resecure.operations.close_delivery import close_delivery as close
    from resecure.propagation import outbox

    account = account_at(address)
    resecuring = Resecuring.objects.filter(account=account.pk).order_by("-begun_at").first()
    if resecuring is None:
        stop(f"{account.name} was never resecured.")
    open_ones = [each for each in outbox.progress(resecuring=resecuring.pk) if each.may_be_closed and each.name]
    found = [each for each in open_ones if each.name == application]
    if not found:
        names = ", ".join(sorted({each.name for each in open_ones})) or "none"
        stop(f"No application of this name must still answer. Those that must: {names}.")
    if not yes:
        _ask(f"Close {application} without an answer for {account.name}? Sessions may live on there.")
    for each in found:
        close(each.delivery, resecuring=resecuring.pk, because=because, by=system_account())
    say(f"{application} is closed without an answer: {len(found)}.")


def _ask(question: str) -> None:
    """Go on only after a yes. The question is on stderr, so that stdout holds the answer alone."""
    if not typer.confirm(question, err=True):
        complain("Nothing was done.")
        raise typer.Exit(1)


def _set_and_print(account: Account, *, by: Account) -> None:
    from resecure.operations.set_temporary_password import set_temporary_password

    made = set_temporary_password(account.pk, by=by)
    complain(f"Good for one sign-in, until {made.expires_at:%d %B %Y %H:%M} UTC. It is not shown again:")
    typer.echo(made.password)
