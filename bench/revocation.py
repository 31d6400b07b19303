"""No request begun after a resecure returned is accepted: at any door, by any node, whatever dies meanwhile."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from bench.clients import Connection, request
from bench.figures import Figure
from bench.ground import administrator, ground, people, sessions
from bench.holdings import Holding, Registered, held, register
from bench.nodes import Nodes, nodes
from bench.recording import Door, Findings, Recording, Said, searched
from bench.telling import receiving

CLIENTS = 16
# Mostly what stands before everything else; what changes rows takes ten times as long.
DOORS = [Door.GATE, Door.INTROSPECTION, Door.USERINFO] * 10 + [Door.PAGE, Door.REFRESH, Door.CODE]
ROUNDS_BETWEEN_HARM = 4


@dataclass(kw_only=True)
class Stage:
    """What the administrator and the clients share: whose turn it is, and whether it goes on."""

    holdings: list[list[Holding]]  # of each account, of each client
    applications: list[Registered]
    current: int = 0
    over: bool = False
    asked: list[int] = field(default_factory=lambda: [0] * CLIENTS)
    late: list[int] = field(default_factory=lambda: [0] * CLIENTS)
    faults: list[str] = field(default_factory=list)


def run(*, short: bool = False) -> list[Figure]:
    """Sixteen clients, three web nodes and two workers that share nothing but the database, one administrator."""
    wanted, rounds = (2_000, 12) if short else (1_000_000, 400)
    chance = random.Random(1)
    with ground(), receiving() as port:
        by = administrator(hashed="!")
        accounts = people(rounds, hashed="argon2$unused")
        applications = register(CLIENTS, port=port)
        cookies = sessions(accounts)
        holdings = [held(each, cookie, applications) for each, cookie in zip(accounts, cookies, strict=True)]
        stage = Stage(holdings=holdings, applications=applications)
        [my_session] = sessions([by])
        recordings = [Recording() for _ in range(CLIENTS)]
        with nodes(chance=chance) as running:
            clients = [
                threading.Thread(target=_ask_on, args=(stage, number, running.ports, recordings[number]))
                for number in range(CLIENTS)
            ]
            for each in clients:
                each.start()
            try:
                administrator_at = _Administrator(my_session, running)
                ids = [str(each.pk) for each in accounts]
                returned = _administer(stage, ids, administrator_at, running, wanted=wanted)
            finally:
                stage.over = True
                for each in clients:
                    each.join()
            waiting, told = _all_told(seconds=300)
    assert not stage.faults, stage.faults[:3]
    return _judged(searched(recordings, returned), running, resecures=len(returned), waiting=waiting, told=told)


def _ask_on(stage: Stage, number: int, ports: Sequence[int], recording: Recording) -> None:
    """Ask with what is about to end, and twice as often with what has ended, the last one's or any one's."""
    chance, line = random.Random(number), _Line(ports, random.Random(number))
    try:
        for turn in count():
            if stage.over:
                break
            current = stage.current
            account = max(0, current - 1) if turn % 3 else current
            if turn % 30 == 1:
                account = chance.randint(0, current)
            holding, door = stage.holdings[account][number], chance.choice(DOORS)
            asked = holding.request(door, stage.applications[number], late=account < current)
            if asked is None:
                continue
            began = time.monotonic()
            try:
                status, body = line.ask(asked)
            except OSError:
                ended, said = time.monotonic(), Said.NOTHING
                if account >= current:
                    holding.used_up(door)
            else:
                ended, said = time.monotonic(), holding.heard(door, status, body)
            recording.write(account, door, line.node, said, began=began, ended=ended)
            stage.asked[number] += 1
            stage.late[number] += account < current
    except Exception as error:
        stage.faults.append(repr(error))
        raise
    finally:
        line.close()


class _Line:
    """A connection to one of the nodes; when it breaks, the next one is to any that answers. Nothing is sticky."""

    def __init__(self, ports: Sequence[int], chance: random.Random) -> None:
        self.ports, self.chance = ports, chance
        self.node, self.connection = -1, None

    def ask(self, asked: bytes) -> tuple[int, bytes]:
        """(status, body). Raises OSError when the connection breaks before the answer is whole."""
        connection: Connection | None = self.connection
        while connection is None:
            self.node = self.chance.randrange(len(self.ports))
            try:
                connection = self.connection = Connection(self.ports[self.node])
            except OSError:
                time.sleep(0.01)
        try:
            return connection.ask(asked)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class _Administrator:
    """Resecures by API at whichever node answers; asks again when the answer was lost."""

    def __init__(self, session: str, running: Nodes) -> None:
        self.session = session
        self.line = _Line(running.ports, running.chance)

    def resecure(self, account: str) -> float:
        """When it had returned, on the clock of the clients. An answer that was lost is no return: then once more."""
        for _try in range(50):
            confirmed = self._post(account, "confirmations", operation="resecure", method="in_person", reference="b")
            if confirmed is None:
                continue
            answer = self._post(account, "resecure", because="forgotten_secret", confirmation=confirmed["id"])
            if answer is not None:
                return time.monotonic()
        raise SystemExit("no node resecures")

    def _post(self, account: str, what: str, **body: str) -> dict[str, str] | None:
        path = f"/api/v1/accounts/{account}/{what}"
        try:
            status, answer = self.line.ask(request(path, session=self.session, method="POST", body=dict(body)))
        except OSError:
            return None
        if status == 503:
            return None
        assert status in {200, 201}, answer
        found: dict[str, str] = json.loads(answer)
        return found


def _administer(stage: Stage, ids: list[str], by: _Administrator, running: Nodes, *, wanted: int) -> list[float]:
    """Resecure one account after the other; when each returned."""
    returned: list[float] = []
    for number, account in enumerate(ids):
        stage.current = number
        if number % ROUNDS_BETWEEN_HARM == ROUNDS_BETWEEN_HARM - 1:
            running.harm()
        # Long enough that the clients are in the midst of it, and that the requests spread over the rounds.
        asked, late = sum(stage.asked), wanted * number // len(ids)
        while (sum(stage.late) < late or sum(stage.asked) < asked + 3 * CLIENTS) and not stage.faults:
            time.sleep(0.002)
        returned.append(by.resecure(account))
    stage.current = len(ids) - 1
    while sum(stage.late) < wanted and not stage.faults:
        time.sleep(0.01)
    return returned


def _all_told(*, seconds: float) -> tuple[int, int]:
    """(deliveries that still wait, deliveries acknowledged) once the workers had their time."""
    from resecure.propagation.models import Delivery

    give_up = time.monotonic() + seconds
    waiting = Delivery.objects.exclude(system="mail").exclude(state__in=("acknowledged", "confirmed"))
    while waiting.exists() and time.monotonic() < give_up:
        time.sleep(0.2)
    return waiting.count(), Delivery.objects.filter(system="application", state="acknowledged").count()


def _judged(found: Findings, running: Nodes, *, resecures: int, waiting: int, told: int) -> list[Figure]:
    for door in Door:
        assert found.accepted_before[door], f"{door.name}: nothing was accepted before, so a refusal says nothing"
        assert found.late_at[door], f"{door.name}: nothing was asked afterwards"
    assert not found.said[Said.OTHER], f"{found.said[Said.OTHER]} answers were neither a yes nor a no"
    for each in found.too_late[:10]:
        print(each)
    harm = ", ".join(f"{number} {what}" for what, number in sorted(running.done.items()))
    doors = ", ".join(f"{door.name.lower()} {found.late_at[door]:,}" for door in Door)
    yes, lost = found.said[Said.YES], found.said[Said.NOTHING]
    return [
        Figure(
            name=f"accepted requests begun after resecure returned, of {found.late:,} ({doors})",
            measured=f"{len(found.too_late)} ({found.asked:,} requests at {len(found.late_by_node)} nodes,"
            f" {yes:,} accepted, {resecures} resecures; {harm})",
            bound="0",
            holds=not found.too_late,
            bounded_by="nothing: what is shown is read with its account in one statement, without a cache",
        ),
        Figure(
            name="faults (5xx other than 503) meanwhile",
            measured=f"{found.said[Said.FAULT]} ({found.said[Said.UNAVAILABLE]} × 503, {lost} connections broke)",
            bound="0",
            holds=not found.said[Said.FAULT],
            bounded_by="a node that loses the database refuses with 503",
        ),
        Figure(
            name="deliveries to applications that still wait after workers were killed",
            measured=f"{waiting} ({told:,} acknowledged)",
            bound="0",
            holds=not waiting and told > 0,
            bounded_by="a dead worker's claim, which is free after four seconds",
        ),
    ]


if __name__ == "__main__":
    for figure in run():
        print(figure)
