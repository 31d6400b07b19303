"""A figure, its bound, and what bounds it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. ``holds`` is None for a figure that has no bound."""

    name: str
    measured: str
    bound: str
    holds: bool | None
    bounded_by: str


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_ms(samples: list[float]) -> float:
    """The p50 in milliseconds."""
    return statistics.median(samples) * 1000
