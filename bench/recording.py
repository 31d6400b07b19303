"""What was asked, when, and how it was answered; and the search for a yes that began after the return."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class Door(IntEnum):
    """Where something that was issued before is shown."""

    GATE = 0
    INTROSPECTION = 1
    USERINFO = 2
    PAGE = 3
    REFRESH = 4
    CODE = 5


class Said(IntEnum):
    """What the answer comes to."""

    NO = 0
    YES = 1
    UNAVAILABLE = 2  # 503: a node that cannot know
    FAULT = 3  # any other 5xx
    NOTHING = 4  # the connection broke: whoever asked has no answer
    OTHER = 5


class Recording:
    """The requests of one client. Times are of the monotonic clock, which everybody in this process shares."""

    def __init__(self) -> None:
        self.accounts, self.doors, self.nodes, self.said = array("l"), array("b"), array("b"), array("b")
        self.began, self.ended = array("d"), array("d")

    def write(self, account: int, door: Door, node: int, said: Said, *, began: float, ended: float) -> None:
        """One request: ``began`` before its first byte was sent, ``ended`` after the last of the answer was read."""
        self.accounts.append(account)
        self.doors.append(door)
        self.nodes.append(node)
        self.said.append(said)
        self.began.append(began)
        self.ended.append(ended)


@dataclass(kw_only=True)
class Findings:
    """What the search came to. ``too_late`` is what must be empty."""

    asked: int = 0
    late: int = 0
    said: Counter[Said] = field(default_factory=Counter)
    accepted_before: Counter[Door] = field(default_factory=Counter)
    late_at: Counter[Door] = field(default_factory=Counter)
    late_by_node: Counter[int] = field(default_factory=Counter)
    too_late: list[str] = field(default_factory=list)


def searched(recordings: Sequence[Recording], returned: Sequence[float]) -> Findings:
    """Every request against the moment at which resecuring its account had returned (``returned[account]``).

    An account that was never resecured has no such moment; its requests count as asked and no more.
    """
    found = Findings()
    for client, each in enumerate(recordings):
        rows = zip(each.accounts, each.doors, each.nodes, each.said, each.began, each.ended, strict=True)
        for account, number, node, said, began, ended in rows:
            door = Door(number)
            found.asked += 1
            found.said[Said(said)] += 1
            if account >= len(returned) or began <= returned[account]:
                found.accepted_before[door] += said == Said.YES
                continue
            found.late += 1
            found.late_at[door] += 1
            found.late_by_node[node] += 1
            if said == Said.YES:
                found.too_late.append(
                    f"client {client}, {door.name.lower()} at node {node}: began {began - returned[account]:.6f} s"
                    f" after the return and took {ended - began:.6f} s"
                )
    return found
