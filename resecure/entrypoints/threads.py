"""How many threads a process serves with."""

from __future__ import annotations

# Each thread may hold one connection of the database, whose usual limit is 100.
CONNECTIONS = 64


def threads_for(processes: int) -> int:
    """Threads of one process: enough to wait for the database side by side, few enough for its connections.

    More than there are cores, on purpose: a request mostly waits, for the database or for the lock of an account's
    row. With as few threads as cores, whoever sends a handful of requests that wait for one row stops a process.
    """
    return min(16, max(4, CONNECTIONS // processes))
