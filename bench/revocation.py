"""No request that begins after a resecure has returned is accepted: by any server process, at any door."""

from __future__ import annotations

import threading
import time
from array import array
from dataclasses import dataclass, field
from itertools import count

from bench.clients import Connection, request
from bench.figures import Figure
from bench.ground import administrator, ground, people, sessions
from bench.serving import served

CLIENTS = 16
DOORS = ("/gate", "/gate", "/gate", "/api/v1/me")  # mostly the gate: it is what stands before everything else
ACCEPTED = {200, 204}
REFUSED = {401}


@dataclass(kw_only=True)
class Stage:
    """What the administrator and the clients share: whose turn it is, and whether it goes on."""

    tokens: list[str]
    current: int = 0
    over: bool = False
    asked: list[int] = field(default_factory=lambda: [0] * CLIENTS)
    faults: list[str] = field(default_factory=list)


class Log:
    """The requests of one client: whose session, when it began, how it was answered. 20 bytes each."""

    def __init__(self) -> None:
        self.accounts, self.began, self.answers = array("l"), array("d"), array("l")

    def write(self, account: int, began: float, answer: int) -> None:
        """One request."""
        self.accounts.append(account)
        self.began.append(began)
        self.answers.append(answer)


def run(*, short: bool = False) -> list[Figure]:
    """Sixteen clients, two servers that share nothing but the database, one administrator."""
    requests, rounds = (1_500, 12) if short else (105_000, 400)
    with ground():
        by = administrator(hashed="!")
        accounts = people(20 * rounds, hashed="argon2$unused")
        stage = Stage(tokens=sessions(accounts))
        [my_session] = sessions([by])
        logs = [Log() for _ in range(CLIENTS)]
        with served() as one, served() as other:
            ports = (one, other)
            clients = [
                threading.Thread(target=_hammer, args=(stage, number, ports[number % 2], logs[number]))
                for number in range(CLIENTS)
            ]
            for each in clients:
                each.start()
            try:
                ids = [str(each.pk) for each in accounts]
                returned = _administer(stage, ids, my_session, ports, requests=requests, rounds=rounds)
            finally:
                stage.over = True
                for each in clients:
                    each.join()
    assert not stage.faults, stage.faults[:3]
    return _judged(logs, returned)


def _hammer(stage: Stage, number: int, port: int, log: Log) -> None:
    """Ask with the session that is about to end, and, in turn, with the one that ended last."""
    try:
        connection = Connection(port)
        for turn in count():
            if stage.over:
                break
            account = max(0, stage.current - turn % 2)
            asked = request(DOORS[turn // 2 % len(DOORS)], session=stage.tokens[account])
            began = time.monotonic()
            answer, _body = connection.ask(asked)
            log.write(account, began, answer)
            stage.asked[number] = turn + 1
        connection.close()
    except Exception as error:
        stage.faults.append(repr(error))
        raise


def _administer(
    stage: Stage, ids: list[str], session: str, ports: tuple[int, int], *, requests: int, rounds: int
) -> list[float]:
    """Resecure one account after the other, by either server; when each returned, on the clients' clock."""
    doors = [Connection(port) for port in ports]
    returned: list[float] = []
    for number, account in enumerate(ids):
        if number >= rounds and sum(stage.asked) >= requests:
            break
        stage.current = number
        # Long enough that the clients are in the midst of it, and that the requests spread over the rounds.
        enough = requests * (number + 1) / rounds
        while sum(stage.asked) < min(enough, requests) and not stage.faults:
            time.sleep(0.002)
        path = f"/api/v1/accounts/{account}"
        connection = doors[number % 2]
        body = {"operation": "resecure", "method": "in_person", "reference": "bench"}
        status, answer = connection.ask(request(f"{path}/confirmations", session=session, method="POST", body=body))
        assert status == 201, answer
        body = {"because": "forgotten_secret", "confirmation": _value(answer, "id")}
        status, answer = connection.ask(request(f"{path}/resecure", session=session, method="POST", body=body))
        returned.append(time.monotonic())
        assert status == 200, answer
    time.sleep(0.2)  # requests with the last one's session
    return returned


def _value(answer: bytes, name: str) -> str:
    import json

    return str(json.loads(answer)[name])


def _judged(logs: list[Log], returned: list[float]) -> list[Figure]:
    asked = accepted = late = too_late = other = broken = 0
    for log in logs:
        for account, began, answer in zip(log.accounts, log.began, log.answers, strict=True):
            asked += 1
            accepted += answer in ACCEPTED
            broken += answer >= 500
            other += answer not in ACCEPTED | REFUSED and answer < 500
            if account < len(returned) and began > returned[account]:
                late += 1
                too_late += answer in ACCEPTED
    assert accepted, "nothing was accepted before: then a refusal afterwards says nothing"
    assert late, "nothing was asked afterwards"
    assert not other, f"{other} answers were neither a yes nor a no"
    return [
        Figure(
            name=f"accepted requests begun after resecure returned, of {late:,}",
            measured=f"{too_late} ({asked:,} requests, {accepted:,} accepted, {len(returned)} resecures)",
            bound="0",
            holds=too_late == 0,
            bounded_by="nothing: session and account are read in one statement, without a cache",
        ),
        Figure(
            name="answers 5xx meanwhile",
            measured=f"{broken}",
            bound="0",
            holds=broken == 0,
            bounded_by="nothing",
        ),
    ]


if __name__ == "__main__":
    for figure in run():
        print(figure)
