"""What decisions about an account rest on: its row, locked or not, and roles, acceptance, resecuring, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from resecure.identity import statements
from resecure.identity.accounts import Account, account_of, locking
from resecure.identity.agreements import AupAcceptance
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.organisations import Organisation
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import RoleGrant


@dataclass(kw_only=True)
class Standing:
    """The live grants of both, the acceptance that counts, the unfinished resecuring, the evidence named."""

    actor_grants: list[RoleGrant] = field(default_factory=list)
    target_grants: list[RoleGrant] = field(default_factory=list)
    acceptance: AupAcceptance | None = None
    resecuring: Resecuring | None = None
    evidence: IdentityConfirmation | None = None


@cache
def _statement() -> str:
    parts = {"g": RoleGrant, "o": Organisation, "p": AupAcceptance, "r": Resecuring, "c": IdentityConfirmation}
    columns = ", ".join(statements.columns(model, alias) for alias, model in parts.items())
    return (
        f"SELECT {columns} FROM (SELECT %s::uuid AS actor, %s::uuid AS target, %s::uuid AS evidence) k"  # noqa: S608
        " LEFT JOIN identity_rolegrant g ON g.account_id IN (k.actor, k.target) AND g.withdrawn_at IS NULL"
        " LEFT JOIN identity_organisation o ON o.id = g.organisation_id"
        " LEFT JOIN identity_aupacceptance p ON p.account_id = k.target AND p.withdrawn_at IS NULL"
        " LEFT JOIN identity_resecuring r ON r.account_id = k.target AND r.ended_at IS NULL"
        " LEFT JOIN identity_identityconfirmation c ON c.id = k.evidence"
        " ORDER BY g.id"
    )


def standing_facts(account: UUID, *, by: UUID, confirmation: UUID | None = None) -> Standing:
    """All of it, as it is now."""
    return _standing(statements.rows(_statement(), [by, account, confirmation]), account=account, by=by)


def lock_with_standing(account: UUID, *, by: UUID, confirmation: UUID | None = None) -> tuple[Account, Standing] | None:
    """Lock the account's row, then read what stands around it; None if there is no such account.

    The two statements travel together but run one after the other: the second sees what was committed
    when the lock was granted, and under the lock it stays so. (But for roles, which others may withdraw:
    whoever does so a moment later was too late for this operation.)
    """
    with connection.cursor() as row, connection.cursor() as around:
        with statements.queued():
            row.execute(*locking(account))
            around.execute(_statement(), [by, account, confirmation])
        found = row.fetchall()
        if not found:
            return None
        return account_of(found[0]), _standing(around.fetchall(), account=account, by=by)


def _standing(rows: Sequence[tuple[Any, ...]], *, account: UUID, by: UUID) -> Standing:
    models = (RoleGrant, Organisation, AupAcceptance, Resecuring, IdentityConfirmation)
    standing = Standing()
    for number, row in enumerate(rows):
        parts, at = [], 0
        for model in models:
            parts.append(row[at : at + statements.width(model)])
            at += statements.width(model)
        grant, organisation, acceptance, resecuring, evidence = parts
        if grant[0] is not None:
            held = statements.built(RoleGrant, grant)
            held.organisation = statements.built(Organisation, organisation)
            (standing.actor_grants if held.account_id == by else standing.target_grants).append(held)
        if number == 0:
            standing.acceptance = _unless_missing(AupAcceptance, acceptance)
            standing.resecuring = _unless_missing(Resecuring, resecuring)
            standing.evidence = _unless_missing(IdentityConfirmation, evidence)
    if by == account:
        standing.target_grants = standing.actor_grants
    return standing


def _unless_missing(model: type[statements.M], values: Sequence[Any]) -> statements.M | None:
    return None if values[0] is None else statements.built(model, values)
