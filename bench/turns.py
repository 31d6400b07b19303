"""A door of the service and its bare peers, asked in turn, so that a noisy machine is noisy for all."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from bench.clients import pressed
from bench.figures import Figure

CONNECTIONS = 8
LIBPQ = "/libpq"  # the path at which a bare callable asks the database as the service does
WARM = 0.5  # seconds: prepared statements, imports, the processor's caches


def rates(
    asked: Mapping[str, tuple[int, Sequence[bytes]]], *, expected: int, rounds: int, lasting: float
) -> dict[str, float]:
    """The median of requests a second of each. ``asked``: for each name the port, and the requests it gets."""
    for port, requests in asked.values():
        pressed(port, list(requests), connections=CONNECTIONS, seconds=WARM)
    found: dict[str, list[float]] = {name: [] for name in asked}
    names = list(asked)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            port, requests = asked[name]
            counted = pressed(port, list(requests), connections=CONNECTIONS, seconds=lasting)
            assert set(counted) == {expected}, counted
            found[name].append(counted[expected] / lasting)
    return {name: statistics.median(each) for name, each in found.items()}


def against_bare(door: str, measured: Mapping[str, float]) -> Figure:
    """``measured``: of ``ours``, of the ``bare`` callable, and of that by ``libpq``, as the service asks."""
    ours, bare, libpq = measured["ours"], measured["bare"], measured["libpq"]
    return Figure(
        name=f"{door} against a bare WSGI callable doing the same look-up, requests a second",
        measured=f"{ours / bare:.2f} × ({ours:,.0f} against {bare:,.0f} through a cursor of psycopg); against one that "
        f"asks by libpq as the service does {ours / libpq:.2f} × ({libpq:,.0f})",
        bound="≥ 0.9 ×",
        holds=ours >= 0.9 * bare,
        bounded_by="one process of the server: its interpreter lock; headers, form and digests are read in Python, "
        "which the bare ones are spared; the client shares the cores",
    )
