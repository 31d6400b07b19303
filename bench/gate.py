"""What the gate costs over a bare callable that does the same look-up on the same server."""

from __future__ import annotations

import statistics

from bench.clients import pressed, request
from bench.figures import Figure
from bench.ground import ground, people, sessions
from bench.serving import SERVICE, served

BARE = "bench.bare_gate:application"
CONNECTIONS = 8


def run(*, short: bool = False) -> list[Figure]:
    """Both servers stand side by side and are asked in turn, so that a noisy machine is noisy for both."""
    rounds, seconds = (2, 0.5) if short else (12, 3.0)
    with ground():
        requests = [request("/gate", session=each) for each in sessions(people(64, hashed="argon2$unused"))]
        with served(SERVICE) as gate, served(BARE) as bare:
            for port in (gate, bare):  # prepared statements, imports, the processor's caches
                pressed(port, requests, connections=CONNECTIONS, seconds=0.5)
            rates: dict[int, list[float]] = {gate: [], bare: []}
            for number in range(rounds):
                for port in (gate, bare) if number % 2 else (bare, gate):
                    counted = pressed(port, requests, connections=CONNECTIONS, seconds=seconds)
                    assert set(counted) == {204}, counted
                    rates[port].append(counted[204] / seconds)
        ours, theirs = statistics.median(rates[gate]), statistics.median(rates[bare])
    return [
        Figure(
            name="/gate against a bare WSGI callable doing the same look-up, requests a second",
            measured=f"{ours / theirs:.2f} × ({ours:,.0f} against {theirs:,.0f})",
            bound="≥ 0.9 ×",
            holds=ours >= 0.9 * theirs,
            bounded_by="one process of the server: its interpreter lock and psycopg; the client shares the cores",
        )
    ]


if __name__ == "__main__":
    for figure in run():
        print(figure)
