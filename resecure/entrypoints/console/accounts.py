"""`resecure status`, `create-account`, `grant`: how the first administrator comes to be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from resecure.entrypoints.console.shared import account_at, one_of, ready, say

if TYPE_CHECKING:
    from resecure.identity.accounts import Account

Address = Annotated[str, typer.Argument(help="Address of the account.")]


def create(
    address: Address,
    given_name: Annotated[str, typer.Option()],
    family_name: Annotated[str, typer.Option()],
    organisation: Annotated[str, typer.Option(help="Code of the organisation.")],
    job_title: Annotated[str, typer.Option()] = "",
    mobile: Annotated[str, typer.Option()] = "",
) -> None:
    """Create an account. It waits for its first temporary password."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.create_account import create_account

    made = create_account(
        by=system_account(),
        organisation_code=organisation,
        address=address,
        given_name=given_name,
        family_name=family_name,
        job_title=job_title,
        mobile=mobile,
    )
    say(f"The account of {made.name} ({made.address}) is created.")
    say(f"It opens after: resecure temporary-password {made.address}")


def grant(
    address: Address,
    role: Annotated[str, typer.Argument(help="Role, for example global_administrator.")],
    organisation: Annotated[str, typer.Option(help="Code of the organisation in which it is held.")],
    below: Annotated[bool, typer.Option(help="Whether it reaches the organisations below.")] = True,
) -> None:
    """Grant a role to an Active account: so the first administrator comes to be."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.identity.roles import RoleName
    from resecure.operations.grant_role import grant_role

    wanted = one_of(RoleName, role, "ROLE")
    account = account_at(address)
    made = grant_role(
        account.pk, role=wanted, organisation_code=organisation, reaches_children=below, by=system_account()
    )
    reach = " and the organisations below" if made.reaches_children else ""
    say(f"{account.name} ({account.address}) is {wanted.label} in {made.organisation.name}{reach}.")


def status(address: Address) -> None:
    """Show how an account stands, with what its person must still do. Never a password or secret."""
    ready()
    from resecure.identity.accounts import Status

    account = account_at(address)
    lines = {
        "Name": account.name,
        "Address": account.address,
        "Organisation": f"{account.organisation.name} ({account.organisation.code})",
        "Status": f"{Status(account.status).label}, since {account.status_since:%Y-%m-%d %H:%M} UTC",
        "Password": _password(account),
        "Account secret": "set" if account.has_secret else "not set",
        "Acceptable use policy": _agreement(account),
        **_surroundings(account),
    }
    for name, value in lines.items():
        say(f"{name + ':':<23} {value}")


def _password(account: Account) -> str:
    if not account.has_password:
        return "none: waits for a temporary password"
    if account.password_is_temporary:
        return f"temporary, until {account.temporary_password_expires_at:%Y-%m-%d %H:%M} UTC"
    return "set"


def _agreement(account: Account) -> str:
    from resecure.identity.agreements import acceptance_of

    accepted = acceptance_of(account.pk)
    return f"version {accepted.version.version} accepted" if accepted else "not accepted"


def _surroundings(account: Account) -> dict[str, str]:
    from django.conf import settings
    from django.utils import timezone

    from resecure.identity import resecurings, roles, sessions
    from resecure.propagation.models import Delivery, State

    idle = timedelta(minutes=settings.RESECURE.session_idle_minutes)
    grants = roles.held_by(account.pk)[account.pk]
    resecuring = resecurings.unfinished(account.pk)
    deliveries = Delivery.objects.filter(account=account.pk)
    waiting = deliveries.filter(state=State.REQUESTED).count()
    failed = deliveries.filter(state=State.FAILED).count()
    return {
        "Live sessions": str(sessions.live(account, now=timezone.now(), idle=idle).count()),
        "Roles": ", ".join(f"{each.get_role_display()} in {each.organisation.code}" for each in grants) or "none",
        "Resecuring": f"unfinished, since {resecuring.begun_at:%Y-%m-%d %H:%M} UTC" if resecuring else "none open",
        "Messages": f"{waiting} waiting, {failed} failed",
    }


def end_every_session(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """End every session of everybody. Needed after restoring a backup, which brings ended ones back to life."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.end_every_session import end_every_session as operation

    if not yes:
        typer.confirm("Everybody must sign in again, now. Go on?", abort=True)
    say(f"Every session is over; {operation(by=system_account())} accounts must sign in again.")
