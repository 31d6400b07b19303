"""How many sign-ins a second, against raw Argon2 verifies on the same cores."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from typing import TYPE_CHECKING

from bench.clients import pressed, request
from bench.figures import Figure
from bench.ground import PASSWORD, ground, people
from bench.serving import served

if TYPE_CHECKING:
    from multiprocessing.pool import Pool


def run(*, short: bool = False) -> list[Figure]:
    """Sign-ins and verifies in turn. Right passwords, nothing owed: a session each."""
    rounds, seconds = (2, 1.0) if short else (10, 5.0)
    cores = os.cpu_count() or 1
    with ground():
        from resecure.entrypoints.console.serve import large_pages
        from resecure.identity.passwords import hashed

        stored = hashed(PASSWORD)
        requests = [
            request("/api/v1/sign-in", method="POST", body={"address": each.address, "password": PASSWORD})
            for each in people(256, hashed=stored)
        ]
        with served(processes=cores) as port, _verifiers(cores) as plain, _verifiers(cores, large_pages()) as large:
            pressed(port, requests, connections=2 * cores, seconds=1.0)
            for pool in (plain, large):
                pool.map(_verifies, [(stored, 0.5)] * cores, chunksize=1)
            sign_ins, raw, raw_large = [], [], []
            for _number in range(rounds):
                counted = pressed(port, requests, connections=2 * cores, seconds=seconds)
                assert set(counted) == {200}, counted
                sign_ins.append(counted[200] / seconds)
                for pool, verifies in ((plain, raw), (large, raw_large)):
                    verifies.append(sum(pool.map(_verifies, [(stored, seconds)] * cores, chunksize=1)))
        ours, bare, bare_large = (statistics.median(each) for each in (sign_ins, raw, raw_large))
    return [
        Figure(
            name=f"sign-ins a second against raw Argon2 verifies on the same {cores} cores",
            measured=f"{ours / bare:.2f} × ({ours:.1f} against {bare:.1f}); against verifies in large pages, as the "
            f"server makes them, {ours / bare_large:.2f} × ({bare_large:.1f})",
            bound="≥ 0.9 ×",
            holds=ours >= 0.9 * bare,
            bounded_by="the hash, by design; the database and the client run on the same cores. The server is spared "
            "the page faults of a hash by pages of 2 MiB (`large_pages`), which raw verifies are not",
        )
    ]


def _verifiers(cores: int, environment: dict[str, str] | None = None) -> Pool:
    """Processes that verify, started under this environment."""
    before = dict(os.environ)
    os.environ.update(environment or {})
    try:
        return multiprocessing.get_context("spawn").Pool(cores)
    finally:
        os.environ.clear()
        os.environ.update(before)


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
