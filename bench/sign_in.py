"""How many sign-ins a second, against raw Argon2 verifies on the same cores."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time

from bench.clients import pressed, request
from bench.figures import Figure
from bench.ground import PASSWORD, ground, people
from bench.serving import served


def run(*, short: bool = False) -> list[Figure]:
    """Sign-ins and verifies in turn. Right passwords, nothing owed: a session each."""
    rounds, seconds = (2, 1.0) if short else (10, 5.0)
    cores = os.cpu_count() or 1
    with ground():
        from resecure.identity.passwords import hashed

        stored = hashed(PASSWORD)
        requests = [
            request("/api/v1/sign-in", method="POST", body={"address": each.address, "password": PASSWORD})
            for each in people(256, hashed=stored)
        ]
        with served(processes=cores) as port, multiprocessing.get_context("spawn").Pool(cores) as pool:
            pressed(port, requests, connections=2 * cores, seconds=1.0)
            pool.map(_verifies, [(stored, 0.5)] * cores, chunksize=1)
            sign_ins, verifies = [], []
            for _number in range(rounds):
                counted = pressed(port, requests, connections=2 * cores, seconds=seconds)
                assert set(counted) == {200}, counted
                sign_ins.append(counted[200] / seconds)
                verifies.append(sum(pool.map(_verifies, [(stored, seconds)] * cores, chunksize=1)))
        ours, raw = statistics.median(sign_ins), statistics.median(verifies)
    return [
        Figure(
            name=f"sign-ins a second against raw Argon2 verifies on the same {cores} cores",
            measured=f"{ours / raw:.2f} × ({ours:.1f} against {raw:.1f})",
            bound="≥ 0.9 ×",
            holds=ours >= 0.9 * raw,
            bounded_by="the hash, by design; the database and the client run on the same cores",
        )
    ]


def _verifies(given: tuple[str, float]) -> float:
    """Verifies a second by one process alone."""
    from resecure.identity.passwords import matches

    stored, seconds = given
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        assert matches(PASSWORD, stored)
        done += 1
    return done / took


if __name__ == "__main__":
    for figure in run():
        print(figure)
