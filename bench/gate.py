"""What the gate costs over a bare callable that does the same look-up on the same server."""

from __future__ import annotations

from bench.clients import request
from bench.figures import Figure
from bench.ground import ground, people, sessions
from bench.serving import SERVICE, served
from bench.turns import LIBPQ, against_bare, rates


def run(*, short: bool = False) -> list[Figure]:
    """Both servers stand side by side."""
    rounds, lasting = (3, 0.5) if short else (12, 3.0)
    with ground():
        tokens = sessions(people(64, hashed="argon2$unused"))
        with served(SERVICE) as gate, served("bench.bare_gate:application") as bare:
            measured = rates(
                {
                    "ours": (gate, [request("/gate", session=each) for each in tokens]),
                    "bare": (bare, [request("/", session=each) for each in tokens]),
                    "libpq": (bare, [request(LIBPQ, session=each) for each in tokens]),
                },
                expected=204,
                rounds=rounds,
                lasting=lasting,
            )
    return [against_bare("/gate", measured)]


if __name__ == "__main__":
    for figure in run():
        print(figure)
