"""How long after a resecure returned its mail and its text message were handed to a mail server and an SMS gateway."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Figure
from bench.ground import administrator, confirmations, ground, people
from bench.serving import free_port
from bench.telling import taken_back, working

LIMIT = 1000  # ms
APART = 0.05  # seconds between two resecures


def run(*, short: bool = False) -> list[Figure]:
    """A real SMTP server and a real gateway, each a process of its own, and two workers."""
    times = 10 if short else 300
    with (
        ground(),
        _mail_server() as port,
        _gateway() as variables,
        working(RESECURE_SMTP_URL=f"smtp://127.0.0.1:{port}", **variables),
    ):
        taken = sorted(_of(times))
    p99 = taken[max(0, round(len(taken) * 0.99) - 1)]
    return [
        Figure(
            name=f"resecure returned → handed to SMTP and to the SMS gateway, p99 of {len(taken)}",
            measured=f"{p99:.0f} ms (median {statistics.median(taken):.0f} ms)",
            bound=f"≤ {LIMIT} ms",
            holds=p99 <= LIMIT if not short else None,
            bounded_by="a connection to each server a message, two commits of the worker",
        )
    ]


def _of(times: int) -> list[float]:
    from resecure.identity.accounts import Account
    from resecure.propagation.models import Delivery

    by = administrator(hashed="argon2$unused")
    accounts = people(times, hashed="argon2$unused")
    Account.objects.filter(pk__in=[each.pk for each in accounts]).update(mobile="07700900982")
    returned = {}
    for account, confirmation in zip(accounts, confirmations(accounts, by=by), strict=True):
        returned[account.pk] = taken_back(account.pk, confirmation, by=by)
        time.sleep(APART)
    wanted = Delivery.objects.filter(account__in=returned, change="resecured", system__in=["mail", "sms"])
    give_up = time.monotonic() + 60
    while wanted.filter(state="requested").exists() and time.monotonic() < give_up:
        time.sleep(0.1)
    rows = list(wanted.values_list("account", "acknowledged_at"))
    if len(rows) != 2 * times or any(at is None for _account, at in rows):
        raise SystemExit("a message was never handed over")
    return [max(0.0, (at - returned[account]).total_seconds() * 1000) for account, at in rows if at]


@contextmanager
def _mail_server() -> Iterator[int]:
    port = free_port()
    handler = ["-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    process = subprocess.Popen([sys.executable, "-m", "aiosmtpd", *handler])
    try:
        time.sleep(2)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _gateway() -> Iterator[dict[str, str]]:
    from tests.worker.sms_gateway import KEY, SERVICE, TEMPLATE, sms_gateway

    with sms_gateway() as running:
        yield {
            "RESECURE_SMS_URL": running.gateway.url,
            "RESECURE_SMS_API_KEY": f"bench-{SERVICE}-{KEY}",
            "RESECURE_SMS_TEMPLATE": TEMPLATE,
        }


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
