"""No session opened with the old password outlives a resecure, however the two overlap."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from bench.clients import Connection, request
from bench.figures import Figure
from bench.ground import PASSWORD, administrator, confirmations, ground, people, sessions
from bench.serving import served

AT_ONCE = 3


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A sign-in with the old password and a resecure of the same account, and what came of them."""

    overlapped: bool
    session: str
    passes: bool


class _Doors(threading.local):
    """Each thread its own connections."""

    def __init__(self) -> None:
        self.opened: dict[int, Connection] = {}

    def ask(self, port: int, asked: bytes) -> tuple[int, bytes]:
        if port not in self.opened:
            self.opened[port] = Connection(port)
        return self.opened[port].ask(asked)


def run(*, short: bool = False) -> list[Figure]:
    """Pairs until enough have overlapped: the sign-in at one server, the resecure at the other."""
    wanted = 12 if short else 520
    # Half of the sign-ins fail, as they must, and all come from one place.
    os.environ["RESECURE_THROTTLE_PER_NETWORK_PER_QUARTER_HOUR"] = "100000"
    with ground():
        from resecure.identity.passwords import hashed

        by = administrator(hashed="!")
        accounts = people(3 * wanted, hashed=hashed(PASSWORD))
        evidence = confirmations(accounts, by=by)
        [session] = sessions([by])
        pairs: list[Pair] = []
        with served() as one, served() as other:
            race = _Race(_Doors(), session, sign_in_at=one, resecure_at=other)
            with ThreadPoolExecutor(AT_ONCE) as several, ThreadPoolExecutor(AT_ONCE) as resecurers:
                left = list(zip(accounts, evidence, strict=True))
                while left and sum(each.overlapped for each in pairs) < wanted:
                    batch, left = left[:30], left[30:]
                    jobs = [
                        several.submit(race.pair, resecurers, each.pk, each.address, confirmation)
                        for each, confirmation in batch
                    ]
                    pairs += [job.result() for job in jobs]
        open_still = _open_in_the_database()
    overlapped = [each for each in pairs if each.overlapped]
    opened = sum(bool(each.session) for each in overlapped)
    first = sum(bool(each.session) for each in pairs)
    outlived = sum(each.passes for each in pairs)
    assert first, "no sign-in came before its resecure"
    assert first < len(pairs), "no resecure came before its sign-in"
    assert opened or short, "none of the sign-ins that came first overlapped its resecure"
    assert len(overlapped) >= wanted, f"only {len(overlapped)} overlapped"
    return [
        Figure(
            name=f"sessions opened with the old password that outlive a resecure, of {len(overlapped)} races",
            measured=f"{max(outlived, open_still)} ({opened} sign-ins were first, {len(overlapped) - opened} refused)",
            bound="0",
            holds=outlived == 0 and open_still == 0,
            bounded_by="nothing: a session is opened under the row lock, at the generation that was verified",
        )
    ]


class _Race:
    def __init__(self, doors: _Doors, session: str, *, sign_in_at: int, resecure_at: int) -> None:
        self.doors, self.session = doors, session
        self.sign_in_at, self.resecure_at = sign_in_at, resecure_at
        self.wait, self.chance = 0.1, random.Random(1)

    def pair(self, resecurers: ThreadPoolExecutor, account: UUID, address: str, confirmation: UUID) -> Pair:
        """Both at once. Afterwards both doors are asked whether the session still passes."""
        wait = self.wait * self.chance.uniform(0.8, 1.2)
        resecured = resecurers.submit(self._resecure, account, confirmation, wait)
        began = time.monotonic()
        status, answer = self.doors.ask(
            self.sign_in_at,
            request("/api/v1/sign-in", method="POST", body={"address": address, "password": PASSWORD}),
        )
        ended = time.monotonic()
        assert status in {200, 401}, answer
        # Whoever came first comes later next time: so the races gather where the two meet.
        self.wait *= 0.9 if status == 200 else 1.1
        other_began, other_ended = resecured.result()
        token = json.loads(answer)["session"] if status == 200 else ""
        asked = request("/gate", session=token)
        answers = [self.doors.ask(port, asked)[0] for port in (self.sign_in_at, self.resecure_at)]
        assert set(answers) <= {204, 401}, answers
        return Pair(overlapped=began < other_ended and other_began < ended, session=token, passes=204 in answers)

    def _resecure(self, account: UUID, confirmation: UUID, wait: float) -> tuple[float, float]:
        time.sleep(wait)
        body = {"because": "forgotten_secret", "confirmation": str(confirmation)}
        asked = request(f"/api/v1/accounts/{account}/resecure", session=self.session, method="POST", body=body)
        began = time.monotonic()
        status, answer = self.doors.ask(self.resecure_at, asked)
        assert status == 200, answer
        return began, time.monotonic()


def _open_in_the_database() -> int:
    """Sessions of resecured accounts under the generation that is true now; also those nobody was told of."""
    from django.db.models import F

    from resecure.identity.resecurings import Resecuring
    from resecure.identity.sessions import Session

    return Session.objects.filter(
        account__in=Resecuring.objects.values("account"), generation=F("account__generation")
    ).count()


if __name__ == "__main__":
    for figure in run():
        print(figure)
