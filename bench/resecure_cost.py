"""What a resecure costs: against one durable single-row UPDATE, and with 100,000 sessions against one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from bench.figures import Figure, median_ms, seconds
from bench.ground import administrator, confirmations, ground, people

if TYPE_CHECKING:
    from resecure.identity.accounts import Account

SHORT, LONG = 60, 400
BEFORE = 1000  # resecures that the tables hold already, as they do in any service but one that opened this morning


def run(*, short: bool = False) -> list[Figure]:
    """Alternate the two in one loop, so that a noisy machine is noisy for both."""
    with ground():
        from django.db import connection

        from resecure.identity.resecurings import Trigger
        from resecure.operations.resecure import resecure

        count = SHORT if short else LONG
        by = administrator(hashed="!")
        accounts = people(count, hashed="argon2$unused")
        evidence = confirmations(accounts, by=by)
        earlier = people(BEFORE, hashed="argon2$unused")
        for account, confirmation in zip(earlier, confirmations(earlier, by=by), strict=True):
            resecure(account.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_row (id int PRIMARY KEY, n int)")
            cursor.execute("INSERT INTO bench_row SELECT g, 0 FROM generate_series(1, 1000) g")
            # As autovacuum has done anywhere that has been running for a minute. Of a table that is still empty the
            # server would keep a plan that reads all of it, while it fills.
            cursor.execute("ANALYZE")
        raw = connection.connection

        def update(number: int) -> None:
            raw.execute("UPDATE bench_row SET n = n + 1 WHERE id = %s", [number % 1000 + 1])

        def take_back(account: Account, confirmation: UUID) -> None:
            resecure(account.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)

        updates, resecures = [], []
        for number, (account, confirmation) in enumerate(zip(accounts, evidence, strict=True)):
            updates.append(seconds(partial(update, number)))
            resecures.append(seconds(partial(take_back, account, confirmation)))
        one, many = median_ms(updates[10:]), median_ms(resecures[10:])
        return [
            Figure(
                name="resecure against one durable single-row UPDATE, p50",
                measured=f"{many / one:.2f} × ({many:.2f} ms against {one:.2f} ms)",
                bound="≤ 4 ×",
                holds=many <= 4 * one,
                bounded_by="two trips to the server where the UPDATE takes one, the row work of eight rows and the "
                "seal of the record, and the Python of driver and cursors, which takes longer than the whole UPDATE",
            ),
            *_sessions(by, short=short),
        ]


def _sessions(by: Account, *, short: bool) -> list[Figure]:
    from resecure.identity.resecurings import Trigger
    from resecure.operations.resecure import resecure

    many_sessions = 5_000 if short else 100_000
    rounds = 30
    few, many = people(rounds, hashed="argon2$unused"), people(rounds, hashed="argon2$unused")
    _open(few, 1)
    _open(many, many_sessions)
    samples: dict[int, list[float]] = {1: [], many_sessions: []}
    pairs = zip(few, confirmations(few, by=by), many, confirmations(many, by=by), strict=True)
    for one, one_evidence, hundred, hundred_evidence in pairs:
        for sessions, account, evidence in ((1, one, one_evidence), (many_sessions, hundred, hundred_evidence)):
            taken_back = partial(resecure, account.pk, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=evidence)
            samples[sessions].append(seconds(taken_back))
    low, high = median_ms(samples[1]), median_ms(samples[many_sessions])
    return [
        Figure(
            name=f"resecure with {many_sessions:,} sessions against 1, p50 of {rounds}",
            measured=f"{high / low:.2f} × ({high:.2f} ms against {low:.2f} ms)",
            bound="≤ 1.1 ×",
            holds=high <= 1.1 * low,
            bounded_by="nothing that grows: one number of one row changes",
        )
    ]


def _open(accounts: list[Account], each: int) -> None:
    """Sessions by one statement an account; a hundred thousand by the ORM would take minutes."""
    from django.db import connection

    with connection.cursor() as cursor:
        for account in accounts:
            cursor.execute(
                "INSERT INTO identity_session (id, token, account_id, generation, started_at, last_seen_at,"
                " expires_at, client_name) SELECT gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), %s, %s,"
                " now(), now(), now() + interval '12 hours', '' FROM generate_series(1, %s)",
                [account.pk, account.generation, each],
            )
        cursor.execute("ANALYZE identity_session")


if __name__ == "__main__":
    for figure in run():
        print(figure)
