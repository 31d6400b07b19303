"""The page that the benchmarks write: every figure with the machine it was taken on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure


def page(figures: list[Figure]) -> str:
    """docs/performance.md. It names no host and no folder."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; a change by hand is lost at the next run. Every comparison is with a peer measured",
        "in the same run, in turns, on the same machine.",
        "",
        "| figure | measured | bound | holds | what bounds it |",
        "|---|---|---|---|---|",
    ]
    for each in figures:
        holds = {True: "yes", False: "**no**", None: "–"}[each.holds]
        cells = [each.name, each.measured, each.bound, holds, each.bounded_by]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    lines += ["", f"Taken on {datetime.now(UTC):%-d %B %Y} on:", ""]
    lines += [f"- {name}: {value}" for name, value in machine().items()]
    return "\n".join(lines) + "\n"


def machine() -> dict[str, str]:
    """What the figures depend on."""
    from resecure.config.postgres_host import wheel_binaries

    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "PostgreSQL": f"{wheel_binaries().version}, set up as the embedded server is; durable, but for the search",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
