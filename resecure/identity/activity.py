"""What happened lately around an account: counts and times for the rules of watching and of approvals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from resecure.database import statements
from resecure.identity.organisations import PolicyOf

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(hours=24), timedelta(days=30)

# Those by one administrator, and those in one organisation, are counted one after the other: otherwise a hundred at
# one moment would all see the count of before. Always after the account's row, and the administrator first.
_IN_TURN = """
SELECT pg_advisory_xact_lock(hashtextextended(%(actor)s::text, 7265)),
       pg_advisory_xact_lock(hashtextextended(a.organisation_path, 7266))
FROM identity_account a WHERE a.id = %(account)s
"""
_READ = """
SELECT
  (SELECT count(*) FROM identity_resecuring r WHERE r.by = %(actor)s AND r.begun_at > %(hour)s),
  EXISTS (SELECT 1 FROM identity_resecuring r WHERE r.by = %(actor)s),
  (SELECT count(*) FROM identity_resecuring r WHERE r.account_id = a.id AND r.begun_at > %(month)s),
  (SELECT max(r.begun_at) FROM identity_resecuring r WHERE r.account_id = a.id),
  (SELECT count(*) FROM identity_resecuring r
     WHERE r.organisation_path = a.organisation_path AND r.begun_at > %(hour)s),
  (SELECT max(c.at) FROM identity_caution c WHERE c.account_id = a.id AND c.until > %(now)s),
  greatest(a.mobile_changed_at, (SELECT max(f.changed_at) FROM identity_formercontact f WHERE f.account_id = a.id)),
  (SELECT jsonb_agg(jsonb_build_array(o.code, o.name, o.policy) ORDER BY o.path)
     FROM identity_organisation o WHERE o.path IN (
     SELECT array_to_string(c.codes[1:n], '.') || '.'
     FROM (SELECT string_to_array(rtrim(a.organisation_path, '.'), '.') AS codes) c,
       generate_subscripts(c.codes, 1) n)),
  (SELECT p.id FROM identity_approval p
     WHERE p.account_id = a.id AND p.operation = %(operation)s AND p.state IN ('waiting', 'approved')),
  (SELECT p.id FROM identity_approval p WHERE p.asker = %(actor)s AND p.idempotency_key = %(key)s::text),
  a.second_factor_changed_at,
  (SELECT max(g.withdrawn_at) FROM identity_rolegrant g WHERE g.account_id = a.id AND g.withdrawn_at IS NOT NULL)
FROM identity_account a WHERE a.id = %(account)s
"""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """How often and when, up to now. ``policies``: what is set from the top down to the place."""

    by_administrator: int = 0
    administrator_is_new: bool = False
    of_account: int = 0
    last_of_account: datetime | None = None
    in_organisation: int = 0
    not_confirmed_at: datetime | None = None
    contact_changed_at: datetime | None = None
    policies: list[PolicyOf] = field(default_factory=list)
    open_approval: UUID | None = None
    asked_with_key: UUID | None = None
    second_factor_changed_at: datetime | None = None
    role_ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What to count for: an operation, and the key it was asked with."""

    operation: str
    key: str | None = None


def statements_of(
    counting: Counting, *, account: UUID, actor: UUID, now: datetime
) -> tuple[tuple[str, str], dict[str, Any]]:
    """The statement that waits for its turn, the one that reads, and the values of both."""
    values = {
        "actor": actor,
        "account": account,
        "operation": counting.operation,
        "key": counting.key,
        "now": now,
        "hour": now - HOUR,
        "month": now - MONTH,
    }
    return (_IN_TURN, _READ), values


def activity_of_row(row: tuple[Any, ...] | None) -> Activity:
    """From the row of the reading statement; nothing for an account that is not there."""
    if row is None:
        return Activity()
    return Activity(
        by_administrator=row[0],
        administrator_is_new=not row[1],
        of_account=row[2],
        last_of_account=row[3],
        in_organisation=row[4],
        not_confirmed_at=row[5],
        contact_changed_at=row[6],
        policies=[PolicyOf(*each) for each in row[7] or ()],
        open_approval=row[8],
        asked_with_key=row[9],
        second_factor_changed_at=row[10],
        role_ended_at=row[11],
    )


def activity_of(
    account: UUID, *, by: UUID, now: datetime, operation: str, key: str | None = None, in_turn: bool = False
) -> Activity:
    """Read it now, to show it or where no hot path is. ``in_turn``: wait for one's turn first, within a transaction
    that holds the account's row lock."""
    (turn, read), values = statements_of(Counting(operation=operation, key=key), account=account, actor=by, now=now)
    if in_turn:
        statements.rows(turn, values)
    found = statements.rows(read, values)
    return activity_of_row(found[0] if found else None)
