"""What decisions about an account rest on: its row, locked or not, and roles, acceptance, resecuring, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

from django.db import models

from resecure.database import statements
from resecure.identity.accounts import Account, account_of, locking
from resecure.identity.activity import Activity, Counting, activity_of_row, statements_of
from resecure.identity.agreements import AupAcceptance
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import RoleGrant
from resecure.identity.sessions import SQL_PROVEN, SQL_STILL_ACTS, SQL_WHO_ACTS, who_acts


@dataclass(kw_only=True)
class Standing:
    """Whether the actor's session still counts and a second factor was given lately in it, the live grants of both,
    the acceptance that counts, the unfinished resecuring, the evidence named."""

    actor_still_acts: bool
    actor_is_proven: bool
    actor_grants: list[RoleGrant] = field(default_factory=list)
    target_grants: list[RoleGrant] = field(default_factory=list)
    acceptance: AupAcceptance | None = None
    resecuring: Resecuring | None = None
    evidence: IdentityConfirmation | None = None
    activity: Activity | None = None


_Part: TypeAlias = tuple[type[models.Model], tuple[str, ...]]

# Under a lock every column costs time for which others wait; what decides is read, the rest where it is shown.
_WHOLE: tuple[_Part, ...] = ((RoleGrant, ()), (Organisation, ()), (AupAcceptance, ()))
_WHAT_DECIDES: tuple[_Part, ...] = (
    (RoleGrant, ("id", "account_id", "role", "organisation_id", "reaches_children")),
    (Organisation, ("id", "code", "name", "path")),
    (AupAcceptance, ("id", "account_id", "version_id")),
)
_IN_ANY_CASE: tuple[_Part, ...] = ((Resecuring, ()), (IdentityConfirmation, ()))


@cache
def _statement(parts: tuple[_Part, ...]) -> str:
    aliased = zip("goprc", (*parts, *_IN_ANY_CASE), strict=True)
    columns = ", ".join(statements.columns(model, alias, only) for alias, (model, only) in aliased)
    return (
        f"SELECT {SQL_STILL_ACTS} IS TRUE, {SQL_PROVEN} IS TRUE, {columns}"  # noqa: S608 - names of ours
        f" FROM ({SQL_WHO_ACTS}, %s::uuid AS target, %s::uuid AS evidence) k"
        " LEFT JOIN identity_account a ON a.id = k.actor"
        " LEFT JOIN identity_rolegrant g ON g.account_id IN (k.actor, k.target) AND g.withdrawn_at IS NULL"
        " LEFT JOIN identity_organisation o ON o.id = g.organisation_id"
        " LEFT JOIN identity_aupacceptance p ON p.account_id = k.target AND p.withdrawn_at IS NULL"
        " LEFT JOIN identity_resecuring r ON r.account_id = k.target AND r.ended_at IS NULL"
        " LEFT JOIN identity_identityconfirmation c ON c.id = k.evidence"
        " ORDER BY g.id"
    )


def standing_facts(account: UUID, *, by: Account, confirmation: UUID | None = None) -> Standing:
    """All of it, as it is now."""
    found = statements.rows(_statement(_WHOLE), [*who_acts(by), account, confirmation])
    return _standing(found, _WHOLE, account=account, by=by.pk)


def lock_with_standing(
    account: UUID,
    *,
    by: Account,
    confirmation: UUID | None = None,
    counting: Counting | None = None,
    now: datetime | None = None,
) -> tuple[Account | None, Standing]:
    """Lock the account's row, then read what stands around it; None if there is no such account.

    The two statements travel together but run one after the other: the second sees what was committed
    when the lock was granted, and under the lock it stays so. (But for roles, which others may withdraw:
    whoever does so a moment later was too late for this operation.) With ``counting``, what happened lately is
    read in the same trip, in turn with everybody who is counted with it.
    """
    asked = None
    if counting is not None:
        assert now is not None
        asked = statements_of(counting, account=account, actor=by.pk, now=now)
    with statements.reading() as row, statements.reading() as around, statements.reading() as lately:
        with statements.queued(first=True):
            row.execute(*locking(account))
            if asked is not None:
                statements.run(asked[0][0], asked[1])
            around.execute(_statement(_WHAT_DECIDES), [*who_acts(by), account, confirmation])
            if asked is not None:
                lately.execute(asked[0][1], asked[1])
        found = row.fetchone()
        standing = _standing(around.fetchall(), _WHAT_DECIDES, account=account, by=by.pk)
        if asked is not None:
            standing.activity = activity_of_row(lately.fetchone())
        return account_of(found) if found else None, standing


def _standing(rows: Sequence[tuple[Any, ...]], parts: tuple[_Part, ...], *, account: UUID, by: UUID) -> Standing:
    standing = Standing(actor_still_acts=rows[0][0], actor_is_proven=rows[0][1])
    for number, row in enumerate(rows):
        cut, at = [], 2
        for model, only in (*parts, *_IN_ANY_CASE):
            cut.append(row[at : at + statements.width(model, only)])
            at += statements.width(model, only)
        grant, organisation, acceptance, resecuring, evidence = cut
        if grant[0] is not None:
            held = statements.built(RoleGrant, grant, parts[0][1])
            held.organisation = statements.built(Organisation, organisation, parts[1][1])
            (standing.actor_grants if held.account_id == by else standing.target_grants).append(held)
        if number == 0:
            standing.acceptance = _unless_missing(AupAcceptance, acceptance, parts[2][1])
            standing.resecuring = _unless_missing(Resecuring, resecuring)
            standing.evidence = _unless_missing(IdentityConfirmation, evidence)
    if by == account:
        standing.target_grants = standing.actor_grants
    return standing


def _unless_missing(
    model: type[statements.M], values: Sequence[Any], only: tuple[str, ...] = ()
) -> statements.M | None:
    return None if values[0] is None else statements.built(model, values, only)
