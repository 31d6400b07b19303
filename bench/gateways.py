"""The mail server and the SMS gateway are down for a day while thousands of messages gather; then both are back."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from bench.figures import Figure
from bench.ground import ground, people
from bench.later import older, wake
from bench.serving import free_port
from bench.telling import working

DAY = timedelta(hours=24)
OF_ONE_PERSON = 4  # changes, each told by mail and by text message
LONGEST = 900.0  # s
SYSTEMS = ("mail", "sms")


def run(*, short: bool = False) -> list[Figure]:
    """The day is simulated: before each question the world is made older, by five minutes or in the short form by half
    an hour, which is more than the longest pause. Both gateways are processes of their own."""
    number, step_of = (200, timedelta(minutes=30)) if short else (10_000, timedelta(minutes=5))
    from tests.worker.sms_gateway import KEY, SERVICE, TEMPLATE, Running

    mail_port, gateway = free_port(), Running(port=free_port())
    variables = {
        "RESECURE_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
        "RESECURE_SMS_URL": f"http://127.0.0.1:{gateway.port}",
        "RESECURE_SMS_API_KEY": f"bench-{SERVICE}-{KEY}",
        "RESECURE_SMS_TEMPLATE": TEMPLATE,
    }
    with ground(), working(**variables), tempfile.TemporaryDirectory(prefix="resecure-postbox-") as folder:
        accounts = _people(number // (OF_ONE_PERSON * len(SYSTEMS)))
        steps, told, asked = DAY // step_of, 0, 0
        changes = len(accounts) * OF_ONE_PERSON
        for step in range(steps):
            older(step_of)
            while told < changes * (step + 1) // steps:
                _tell(accounts[told % len(accounts)])  # round and round: each person hears again after a quarter
                told += 1
            asked = _asked_again(more_than=asked)
        waited = _waiting()
        came = Path(folder, "came")
        with _postbox(mail_port, came), _gateway(gateway):
            older(step_of)
            wake()
            began = time.monotonic()
            left = _caught_up(seconds=2 * LONGEST)
            took = time.monotonic() - began
            taken = {
                "mail": [line.split(" <")[1].partition("@")[0] for line in came.read_text().splitlines()],
                "sms": [each["reference"] for each in gateway.taken()],
            }
        return _judged(taken, waited=waited, expected=number, left=left, took=took, asked=asked, short=short)


def _people(number: int) -> list[UUID]:
    from resecure.identity.accounts import Account

    made = [each.pk for each in people(number, hashed="argon2$unused")]
    for each, pk in enumerate(made):
        Account.objects.filter(pk=pk).update(mobile=f"07700{each:06}")
    return made


def _tell(account: UUID) -> None:
    """As an operation does it: a mail and a text message, with a link that travels sealed."""
    from django.db import transaction
    from django.utils import timezone

    from resecure.identity.accounts import Account
    from resecure.operations.shared.telling import tell
    from resecure.propagation.models import Change

    with transaction.atomic():
        tell(Change.UNLOCKED, Account.objects.locked(account), at=timezone.now())


def _asked_again(*, more_than: int) -> int:
    """How often the one that was asked less was asked so far, once that is more than before."""
    from resecure.propagation.models import Pause

    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found = dict(Pause.objects.filter(target__in=SYSTEMS).values_list("target", "failures"))
        if len(found) == len(SYSTEMS) and min(found.values()) > more_than:
            return min(found.values())
        wake()
        time.sleep(0.01)
    raise SystemExit("a gateway that is down was not asked again")


def _waiting() -> int:
    from resecure.propagation.models import Delivery

    return Delivery.objects.filter(state="requested", system__in=SYSTEMS).count()


def _caught_up(*, seconds: float) -> int:
    """How many still wait when none does any more, or after so long."""
    give_up = time.monotonic() + seconds
    while (left := _waiting()) and time.monotonic() < give_up:
        time.sleep(0.2)
    return left


def _judged(
    taken: dict[str, list[str]], *, waited: int, expected: int, left: int, took: float, asked: int, short: bool
) -> list[Figure]:
    from resecure.propagation.models import Delivery

    written: dict[tuple[UUID, str], list[str]] = defaultdict(list)
    in_order = Delivery.objects.filter(system__in=SYSTEMS).order_by("order")
    for pk, account, system in in_order.values_list("pk", "account", "system"):
        written[account, system].append(str(pk))
    number = sum(map(len, written.values()))
    place = {each: at for ids in taken.values() for at, each in reversed(list(enumerate(ids)))}
    times = Counter(each for ids in taken.values() for each in ids)
    lost = sum(each not in times for ids in written.values() for each in ids)
    twice = sum(count - 1 for count in times.values())
    disordered = sum(
        [place.get(each, -1) for each in ids] != sorted(place.get(each, -1) for each in ids) for ids in written.values()
    )
    whole = number == waited == expected and all(len(ids) == OF_ONE_PERSON for ids in written.values())
    return [
        Figure(
            name=f"mail and SMS gateway back after 24 hours, {waited:,} messages waiting: all sent after",
            measured=f"{took:.0f} s (each asked {asked} times while it was down)",
            bound=f"≤ {LONGEST:.0f} s",
            holds=None if short else took <= LONGEST,
            bounded_by="a connection to a gateway for each message; workers and both gateways share two cores",
        ),
        Figure(
            name="of these lost, sent twice, sent to a person out of order",
            measured=f"{lost + left}, {twice}, {disordered}",
            bound="0, 0, 0",
            holds=whole and lost + left + twice + disordered == 0,
            bounded_by="nothing; twice, under the same id, only when a worker dies between sending and writing",
        ),
    ]


@contextmanager
def _postbox(port: int, into: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "bench.postbox", str(port), str(into)])
    try:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _gateway(running: object) -> Iterator[None]:
    from tests.worker.sms_gateway import Running

    assert isinstance(running, Running)
    running.start()
    try:
        yield
    finally:
        running.stop()


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
