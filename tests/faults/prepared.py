"""Every operation with something prepared for it: what the tests of faults break on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import World

Prepared = Callable[[], Any]
PREPARED: dict[str, Callable[[World], Prepared]] = {}


def prepares(make: Callable[[World], Prepared]) -> Callable[[World], Prepared]:
    PREPARED[make.__name__] = make
    return make
