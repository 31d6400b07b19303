"""Run the benchmarks, show their figures, and write them down.

python -m bench [NAME …] [--short]
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure
from bench.page import page

NAMES = (
    "revocation",
    "race",
    "evidence",
    "second_person",
    "resecure_cost",
    "gate",
    "provider",
    "telling",
    "catching_up",
    "notices",
    "gateways",
    "sign_in",
    "passkey",
    "audit",
    "search",
    "first_page",
    "guessing",
    "answer_times",
)
NOT_SHORT = ("search", "first_page")  # what they measure takes its time
PAGE = Path("docs/performance.md")


def main() -> int:
    """0 if every bound holds; 1 if one does not, or if a benchmark could not measure."""
    given = _arguments()
    if given.into:
        [name] = given.names
        taken = _figures(importlib.import_module(f"bench.{name}").run, short=given.short)
        given.into.write_text(json.dumps([asdict(each) for each in taken]))
        return 0
    names = given.names or [name for name in NAMES if not (given.short and name in NOT_SHORT)]
    console = Console(stderr=True)
    measured: dict[str, list[Figure]] = {}
    broken: list[str] = []
    for name in names:
        console.print(f"[dim]measuring {name} …[/dim]", highlight=False)
        figures = _measured(name, short=given.short)
        if figures is None:
            broken.append(name)
        else:
            measured[name] = figures
    every = [each for name in names for each in measured.get(name, [])]
    Console().print(_table(every))
    # The page holds the whole of it at full length, or is left as it was.
    if not given.short and not broken and set(names) == set(NAMES):
        PAGE.write_text(page(every))
    failed = [f"{each.name}: {each.measured}, bound {each.bound}" for each in every if each.holds is False]
    for line in [*(f"could not measure {name}" for name in broken), *(f"does not hold: {line}" for line in failed)]:
        console.print(line, style="red", highlight=False, markup=False)
    return 1 if failed or broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="The benchmarks, each against its bound.")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--short", action="store_true", help="a few seconds each: that they run, not what they say")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(name: str, *, short: bool) -> list[Figure] | None:
    """The figures of one benchmark, run in a process of its own: each has its own database and settings."""
    with tempfile.TemporaryDirectory(prefix="resecure-figures-") as folder:
        into = Path(folder, "figures.json")
        command = [sys.executable, "-m", "bench", name, "--into", str(into), *(["--short"] if short else [])]
        if subprocess.run(command, stdout=sys.stderr).returncode or not into.exists():
            return None
        return [Figure(**each) for each in json.loads(into.read_text())]


def _figures(run: Any, *, short: bool) -> Iterable[Figure]:
    found = run(short=short) if "short" in run.__annotations__ else run()
    return _of_search(found) if isinstance(found, Mapping) else found


def _of_search(found: Mapping[str, Any]) -> list[Figure]:
    from bench.search import LARGE, LONGEST_P95, SMALL, WIDEST_RATIO

    return [
        Figure(
            name=f"User Management search at {LARGE:,} accounts, p95",
            measured=f"{found['p95']:.1f} ms",
            bound=f"≤ {LONGEST_P95:.0f} ms",
            holds=found["p95"] <= LONGEST_P95,
            bounded_by="the rows that the index of three-letter groups offers and the name does not match",
        ),
        Figure(
            name=f"the same against {SMALL:,} accounts",
            measured=f"{found['ratio']:.2f} ×",
            bound=f"≤ {WIDEST_RATIO} ×",
            holds=found["ratio"] <= WIDEST_RATIO,
            bounded_by="a page of results is a page, however many there are; the indexes are deeper",
        ),
    ]


def _table(figures: list[Figure]) -> Table:
    table = Table(show_lines=True)
    for heading in ("figure", "measured", "bound", "holds", "what bounds it"):
        table.add_column(heading)
    for each in figures:
        holds = {True: "[green]yes", False: "[red]no", None: ""}[each.holds]
        table.add_row(each.name, each.measured, each.bound, holds, each.bounded_by)
    return table


if __name__ == "__main__":
    sys.exit(main())
