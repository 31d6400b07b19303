"""Applications, registered by the operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from resecure.entrypoints import database
from tests.conftest import World
from tests.oidc.party import Register, registering


@pytest.fixture
def register(committed_world: World) -> Iterator[Register]:
    """Registers applications. What is asked beside Django has a connection of its own, which must go before the
    tables are emptied."""
    database.forget_connection()
    yield registering(committed_world)
    database.forget_connection()


@pytest.fixture
def world_of(committed_world: World, register: Register) -> tuple[World, Register, Any]:
    return committed_world, register, committed_world.person()
