"""How long after a resecure returned the last of many applications has acknowledged, by two workers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID, uuid4

from bench.figures import Figure
from bench.ground import administrator, confirmations, ground, people, sessions
from bench.serving import answers, free_port

WORKERS = 2


def run(*, short: bool = False) -> list[Figure]:
    """Ten applications many times over; then a thousand at once, with others resecured meanwhile."""
    times, many, beside = (10, 50, 3) if short else (300, 1000, 20)
    with ground(), receiving() as port, working():
        by = administrator(hashed="argon2$unused")
        ten = applications(10, port)
        usual = sorted(_of_ten(times, ten, by=by))
        alone, during, thousand = _of_many(many, beside, ten, port, by=by)
    p99 = usual[max(0, round(len(usual) * 0.99) - 1)]
    ratio = statistics.median(during) / statistics.median(alone)
    return [
        Figure(
            name=f"resecure returned → last of 10 applications acknowledged, p99 of {times}",
            measured=f"{p99:.0f} ms (median {statistics.median(usual):.0f} ms)",
            bound="≤ 250 ms",
            holds=p99 <= 250,
            bounded_by="two commits of the worker, ten RS256 signatures, the application's own answer",
        ),
        Figure(
            name=f"the same for {many:,} applications",
            measured=f"{thousand / 1000:.2f} s",
            bound="≤ 2 s",
            holds=thousand <= 2000 if not short else None,
            bounded_by="the workers, the database and the applications share two cores",
        ),
        Figure(
            name="deliveries of other accounts meanwhile against just before, median",
            measured=f"{ratio:.2f} × ({statistics.median(during):.0f} against {statistics.median(alone):.0f} ms)",
            bound="≤ 2 ×",
            holds=ratio <= 2 if not short else None,
            bounded_by="turns: the next person's come before most of the thousand",
        ),
    ]


@contextmanager
def receiving(port: int = 0) -> Iterator[int]:
    """The applications, at this port or any; gives their port."""
    port = port or free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.receiver", str(port)])
    try:
        # Until it listens: asked a moment too early, it would count as out of reach for another five minutes.
        give_up = time.monotonic() + 60
        while not answers(port):
            assert time.monotonic() < give_up, "the applications do not listen"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def working(workers: int = WORKERS, **variables: str) -> Iterator[None]:
    """Workers as `resecure worker` runs them, beside each other, with these variables besides."""
    from django.db import connection

    given = connection.settings_dict
    url = f"postgresql://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"
    environment = {
        **os.environ,
        "RESECURE_DATABASE_URL": os.environ.get("RESECURE_DATABASE_URL") or url,
        "RESECURE_APPLICATION_NETWORKS": "127.0.0.0/8",
        "RESECURE_LOG_LEVEL": "error",
        **variables,
    }
    running = [
        subprocess.Popen([sys.executable, "-m", "resecure", "worker"], env=environment) for _each in range(workers)
    ]
    try:
        time.sleep(3)
        yield
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(timeout=60)


def applications(number: int, port: int) -> list[UUID]:
    """Registered applications that can be told."""
    from django.utils import timezone

    from resecure.identity.applications import Application

    now = timezone.now()
    made = Application.objects.bulk_create(
        Application(
            name=f"Application {uuid4()}",
            kind="web",
            logout_address=f"http://127.0.0.1:{port}/{each}",
            registered_at=now,
            registered_by=uuid4(),
            changed_at=now,
        )
        for each in range(number)
    )
    return [each.pk for each in made]


def signed_in(accounts: list[UUID], where: list[UUID]) -> None:
    """Each of these accounts has a session, and in it an application session in each of these applications."""
    from django.utils import timezone

    from resecure.identity.accounts import Account
    from resecure.identity.application_sessions import ApplicationSession
    from resecure.identity.sessions import Session

    found = list(Account.objects.filter(pk__in=accounts))
    sessions(found)
    now = timezone.now()
    ApplicationSession.objects.bulk_create(
        ApplicationSession(
            session_id=session, application_id=each, account_id=account, generation=generation, started_at=now
        )
        for session, account, generation in Session.objects.filter(account__in=accounts).values_list(
            "pk", "account", "generation"
        )
        for each in where
    )


def taken_back(account: UUID, confirmation: UUID, *, by: object) -> datetime:
    """Resecure; returns when that returned."""
    from django.utils import timezone

    from resecure.identity.resecurings import Trigger
    from resecure.operations.resecure import resecure

    resecure(account, by=by, because=Trigger.FORGOTTEN_SECRET, confirmation=confirmation)  # type: ignore[arg-type]
    return timezone.now()


def waited(account: UUID, number: int, returned: datetime) -> float:
    """Milliseconds from then to the last acknowledgement; waits for it."""
    from resecure.propagation.models import Delivery

    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        told = Delivery.objects.filter(account=account, system="application", state="acknowledged")
        times = list(told.values_list("acknowledged_at", flat=True))
        if len(times) == number:
            return max(0.0, (max(each for each in times if each) - returned).total_seconds() * 1000)
        time.sleep(0.02 if number < 100 else 0.2)
    raise SystemExit("the applications were never told")


def _of_ten(times: int, ten: list[UUID], *, by: object) -> list[float]:
    accounts = people(times, hashed="argon2$unused")
    signed_in([each.pk for each in accounts], ten)
    found = []
    for account, confirmation in zip(accounts, confirmations(accounts, by=by), strict=True):  # type: ignore[arg-type]
        found.append(waited(account.pk, 10, taken_back(account.pk, confirmation, by=by)))
    return found


def _of_many(
    many: int, beside: int, ten: list[UUID], port: int, *, by: object
) -> tuple[list[float], list[float], float]:
    """(others before, others meanwhile, the many), in milliseconds."""
    accounts = people(2 * beside + 1, hashed="argon2$unused")
    big, others = accounts[0], accounts[1:]
    signed_in([each.pk for each in others], ten)
    signed_in([big.pk], applications(many, port))
    given = dict(zip(accounts, confirmations(accounts, by=by), strict=True))  # type: ignore[arg-type]

    def spaced(some: list[object]) -> list[float]:
        returned = []
        for each in some:
            returned.append((each, taken_back(each.pk, given[each], by=by)))  # type: ignore[attr-defined, index]
            time.sleep(0.1)
        return [waited(each.pk, 10, at) for each, at in returned]  # type: ignore[attr-defined]

    alone = spaced(list(others[:beside]))
    returned = taken_back(big.pk, given[big], by=by)
    during = spaced(list(others[beside:]))
    return alone, during, waited(big.pk, many, returned)


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
