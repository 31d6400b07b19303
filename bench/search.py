"""How long User Management's search takes, at 20,000 and at 2,000,000 accounts, on one server in one run."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.ground import ground

SMALL, LARGE = 20_000, 2_000_000
LONGEST_P95 = 50.0  # milliseconds
WIDEST_RATIO = 1.5  # of the p95 at 2,000,000 to that at 20,000
ROUNDS = 60
ORGANISATIONS = Path("resecure/entrypoints/console/demonstration/organisations.csv")


def run(*, small: int = SMALL, large: int = LARGE) -> dict[str, Any]:
    """Figures in milliseconds, by size and kind of query; ``holds`` says whether the limits do."""
    import psycopg

    from bench.load import load

    figures: dict[str, Any] = {}
    with ground(durable=False):
        from django.conf import settings
        from django.db import connection as django_connection

        django_connection.close()
        given = settings.DATABASES["default"]
        where = {
            "user": given["USER"],
            "password": given["PASSWORD"],
            "host": given["HOST"],
            "port": given["PORT"] or None,
        }
        for size in (small, large):
            name = f"search_{size}"
            with psycopg.connect(dbname=given["NAME"], autocommit=True, **where) as server:
                server.execute(f"CREATE DATABASE {name}")
            settings.DATABASES["default"]["NAME"] = django_connection.settings_dict["NAME"] = name
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            django_connection.close()
            begun = time.perf_counter()
            with psycopg.connect(dbname=name, **where) as connection, ORGANISATIONS.open() as file:
                load(connection, size, csv_file=file)
            print(f"loaded {size:,} in {time.perf_counter() - begun:.0f} s", flush=True)
            figures[str(size)] = _measure()
            django_connection.close()
            given["NAME"] = name
    return _judged(figures, small=small, large=large)


def _measure() -> dict[str, list[float]]:
    from resecure.identity.search import search

    questions = _questions()
    took: dict[str, list[float]] = defaultdict(list)
    for _kind, question in questions:  # once to warm: a service that is used has its indexes in memory
        search(**question)
    for kind, question in questions:
        begun = time.perf_counter()
        search(**question)
        took[kind].append((time.perf_counter() - begun) * 1000)
    return {**took, "all": [each for times in took.values() for each in times]}


def _questions() -> list[tuple[str, dict[str, Any]]]:
    """A realistic mix, the same for both sizes: what is asked, by whom, narrowed how."""
    chance = random.Random(1)
    scopes = _scopes()
    texts: dict[str, Callable[[], str]] = {
        "common name": lambda: chance.choice(
            ["smith", "jones", "Williams", "TAYLOR", "Brown", "david", "Siân", "susan"]
        ),
        "rare name": lambda: chance.choice(["llwyd", "Ó Súilleabháin", "gwenllian", "Sorensen", "d'souza", "nunez"]),
        "fragment": lambda: chance.choice(
            ["mith", "ones", "illia", "ewis", "ston", "arri", "wyd-p", "haw", "zq", "orth"]
        ),
        "given and family": lambda: chance.choice(
            ["john smith", "siân jones", "da wil", "smith john", "gwen llw", "susan brown", "llyr sorensen", "x smit"]
        ),
        "address": lambda: chance.choice(
            ["john.smith", "david.jones1", "susan.brown@", "sian.", "paul.taylor12", "john.smith1@example.org"]
        ),
        "misspelt": lambda: chance.choice(["smiht", "jnoes", "wlliams", "qwerty", "jonse david", "gwenlian"]),
        "a letter or three": lambda: chance.choice(["s", "jo", "smi", "q", "xy", "ann", "zw"]),
        "organisation": lambda: chance.choice(["surgery hill", "Y63", "medical centre", "QHM", "A8300", "infirmary"]),
        "nothing typed": lambda: "",
    }
    filters: list[dict[str, Any]] = [{}, {}, {}, {}, {"statuses": ["locked"]}, {"statuses": ["inactive", "disabled"]},
                                     {"statuses": ["active", "leaver"]}]  # fmt: skip
    result = []
    for _ in range(ROUNDS):
        for kind, text in texts.items():
            for reach, paths in scopes.items():
                question = {"scope": [(chance.choice(paths), True)], "text": text(), **chance.choice(filters)}
                if reach == "everything" and chance.random() < 0.2:
                    question["organisation_path"] = chance.choice(scopes["ics"] + scopes["practice"])
                result.append((f"{kind}, {reach}", question))
    return result


def _scopes() -> dict[str, list[str]]:
    from django.db.models.functions import Length

    from resecure.identity.organisations import Organisation

    def paths(kind: str) -> list[str]:
        return list(
            Organisation.objects.filter(kind=kind).order_by(Length("path"), "path").values_list("path", flat=True)
        )

    return {
        "practice": paths("practice")[::100],
        "ics": paths("integrated care system"),
        "region": paths("region"),
        "everything": ["ALL."],
    }


def _judged(figures: dict[str, Any], *, small: int, large: int) -> dict[str, Any]:
    summary = {size: {kind: _percentiles(times) for kind, times in kinds.items()} for size, kinds in figures.items()}
    few, many = summary[str(small)], summary[str(large)]
    print(f"{'milliseconds':34}{'at ' + format(small, ','):>27}{'at ' + format(large, ','):>27}")
    print(f"{'':34}{'p50':>9}{'p95':>9}{'p99':>9}{'p50':>9}{'p95':>9}{'p99':>9}")
    for kind in many:
        print(f"{kind:34}" + "".join(f"{value:9.1f}" for value in [*few[kind].values(), *many[kind].values()]))
    p95, ratio = many["all"]["p95"], many["all"]["p95"] / few["all"]["p95"]
    holds = p95 <= LONGEST_P95 and ratio <= WIDEST_RATIO
    print(f"p95 {p95:.1f} ms (bound {LONGEST_P95:.0f}); {ratio:.2f} times that of the small one (bound {WIDEST_RATIO})")
    return {"milliseconds": summary, "p95": p95, "ratio": ratio, "holds": holds}


def _percentiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


if __name__ == "__main__":
    sys.exit(0 if run()["holds"] else 1)
