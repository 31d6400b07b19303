"""An application is down for a day while thousands of deliveries gather for it; then it is back."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from datetime import timedelta
from uuid import UUID, uuid4

from bench.figures import Figure
from bench.ground import ground
from bench.later import older, wake
from bench.receiver import came
from bench.serving import free_port
from bench.telling import applications, receiving, working

DAY = timedelta(hours=24)
OF_ONE_ACCOUNT = 4
LONGEST = 60.0


def run(*, short: bool = False) -> list[Figure]:
    """The day is simulated: before each question the world is made older, by the longest pause or in the short form
    by half an hour. The last time that is done when the application is back, so that its next question is due."""
    number, step_of = (600, timedelta(minutes=30)) if short else (10_000, timedelta(minutes=5))
    port = free_port()
    with ground(), working():
        [application] = applications(1, port)
        steps = DAY // step_of
        written: list[tuple[UUID, str]] = []
        asked = 0
        for step in range(steps):
            older(step_of)
            for _each in range(number * (step + 1) // steps - len(written)):
                written.append(_write(application, port, account=_account(written)))
            asked = _asked_again(application, more_than=asked)
        with receiving(port):
            older(step_of)
            wake()
            began = time.monotonic()
            left = _caught_up(application, seconds=10 * LONGEST)
            took = time.monotonic() - began
            told = came(port)
    return _judged(written, told, left=left, took=took, asked=asked)


def _account(written: list[tuple[UUID, str]]) -> UUID:
    """Every account has several deliveries, far apart, so that there is an order to keep."""
    spacing = 75
    if len(written) % (spacing * OF_ONE_ACCOUNT) < spacing:
        return uuid4()
    return written[len(written) - spacing][0]


def _write(application: UUID, port: int, *, account: UUID) -> tuple[UUID, str]:
    from django.utils import timezone

    from resecure.propagation import telling
    from resecure.propagation.models import Change
    from resecure.propagation.telling import Listener

    now, sid = timezone.now(), uuid4()
    listener = Listener(
        application=application,
        name="Rota",
        sid=sid,
        logout_address=f"http://127.0.0.1:{port}/out",
        question_address="",
        asks_each_time=False,
    )
    telling.write([listener], change=Change.RESECURED, account=account, resecuring=None, requested_at=now, now=now)
    return account, str(sid)


def _asked_again(application: UUID, *, more_than: int) -> int:
    """How often it was asked so far, once that is more than before."""
    from resecure.propagation.models import Pause

    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found = Pause.objects.filter(target=application).values_list("failures", flat=True).first() or 0
        if found > more_than:
            return found
        wake()
        time.sleep(0.01)
    raise SystemExit("the application that is down was not asked again")


def _caught_up(application: UUID, *, seconds: float) -> int:
    """How many still wait when none does any more, or after so long."""
    from resecure.propagation.models import Delivery

    waiting = Delivery.objects.filter(target=application).exclude(state="acknowledged")
    give_up = time.monotonic() + seconds
    while waiting.exists() and time.monotonic() < give_up:
        time.sleep(0.1)
    return waiting.count()


def _judged(written: list[tuple[UUID, str]], told: list[str], *, left: int, took: float, asked: int) -> list[Figure]:
    times = Counter(told)
    lost = sum(sid not in times for _account, sid in written)
    twice = sum(number - 1 for number in times.values())
    place = {sid: number for number, sid in reversed(list(enumerate(told)))}
    of: dict[UUID, list[int]] = defaultdict(list)
    for account, sid in written:
        of[account].append(place.get(sid, -1))
    assert max(len(each) for each in of.values()) == OF_ONE_ACCOUNT
    disordered = sum(each != sorted(each) for each in of.values())
    farthest = max(abs(number - place.get(sid, number)) for number, (_account, sid) in enumerate(written))
    return [
        Figure(
            name=f"an application back after 24 hours, {len(written):,} deliveries waiting: all acknowledged after",
            measured=f"{took:.1f} s (asked {asked} times while it was down)",
            bound=f"≤ {LONGEST:.0f} s",
            holds=took <= LONGEST,
            bounded_by="sixteen at once to one application; signatures, claims and answers share two cores",
        ),
        Figure(
            name="of these lost, told twice, told to an account out of order",
            measured=f"{lost + left}, {twice}, {disordered} (the farthest from its place among all: {farthest})",
            bound="0, 0, 0",
            holds=lost + left + twice + disordered == 0,
            bounded_by="nothing; twice only when a worker dies between sending and writing",
        ),
    ]


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
