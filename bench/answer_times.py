"""What the time of an answer tells: nothing about which answer it is."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import combinations
from typing import Any
from uuid import uuid4

from bench.clients import Connection, request
from bench.figures import Figure
from bench.ground import PASSWORD, administrator, elsewhere, ground, people, sessions
from bench.ranks import two_sided_p
from bench.serving import served

PAIRS = 1000
BOUND = 0.01
# How many connections, each of which asks one thing at a time. Answers that wait for their slot leave the cores free.
LETTERS_AT_ONCE, SIGN_INS_AT_ONCE = 6, 2
SECRET = "marmaladesky"

# The answers, and what each looks like from outside.
LETTERS = {"yes": 200, "no": 200, "locked": 409, "no such account": 404, "out of scope": 404}
# Those of a sign-in that must not be told apart, all 401.
SIGN_INS = (
    *("wrong password", "no such account", "locked, wrong password", "locked, right password"),
    *("disabled, right password",),
)
Times = dict[str, list[float]]


def run(*, short: bool = False) -> list[Figure]:
    """A thousand answers of each kind, in rounds that hold one of each in an order drawn anew."""
    pairs = 15 if short else PAIRS
    # A thousand failures of one place are what the throttle is there to stop: here they are to be measured.
    for name in ("PER_ACCOUNT_AND_NETWORK_PER_HOUR", "PER_NETWORK_PER_QUARTER_HOUR"):
        os.environ[f"RESECURE_THROTTLE_{name}"] = str(100 * PAIRS)
    os.environ["RESECURE_SECOND_FACTOR_REQUIRED"] = "false"  # the administrator here is a program
    with ground():
        from resecure.identity.passwords import hashed

        stored = hashed(PASSWORD)
        letters, by = _letters(pairs), sessions([administrator(hashed=stored)])[0]
        sign_ins = _sign_ins(pairs, stored)
        with served(processes=1) as port:
            asking = {kind: (partial(_ask, by=by), at) for kind, at in letters.items()}
            trying = {kind: (_try, at) for kind, at in sign_ins.items()}
            of_letters = _taken(port, asking, LETTERS, at_once=LETTERS_AT_ONCE)
            of_sign_ins = _taken(port, trying, dict.fromkeys(SIGN_INS, 401), at_once=SIGN_INS_AT_ONCE)
    return [
        _figure(
            "Authenticate User",
            of_letters,
            short=short,
            bounded_by="the slots of half a second in which its answers leave",
        ),
        _figure("sign-in", of_sign_ins, short=short, bounded_by="the hash, the same for each; the statements, too"),
    ]


def _figure(what: str, times: Times, *, short: bool, bounded_by: str) -> Figure:
    found = {(one, other): two_sided_p(times[one], times[other]) for one, other in combinations(times, 2)}
    least = min(found.values())
    medians = ", ".join(f"{kind} {statistics.median(taken) * 1000:.2f}" for kind, taken in times.items())
    pairs = len(next(iter(times.values())))
    listed = "; ".join(f"{one} / {other} p = {p:.3f}" for (one, other), p in found.items())
    return Figure(
        name=f"time tells the answers of {what} apart, {pairs:,} pairs each, Mann-Whitney U, two-sided",
        measured=f"{listed}. Medians in ms: {medians}",
        bound=f"p ≥ {BOUND} for each pair",
        holds=None if short else least >= BOUND,
        bounded_by=f"{bounded_by}. Of {len(found)} pairs that are truly alike, "
        f"about one in {round(1 / (1 - (1 - BOUND) ** len(found)))} runs shows one below {BOUND}",
    )


def _letters(pairs: int) -> dict[str, Iterator[tuple[Any, Any, list[str]]]]:
    """For each answer, accounts that will give it: (account, question, the letters to send)."""
    from django.utils import timezone

    from resecure.identity.authentications import Authentication

    now = timezone.now()
    right, wrong = list(SECRET[:3]), ["0", "0", "0"]
    outside = elsewhere()
    given: dict[str, Iterator[tuple[Any, Any, list[str]]]] = {
        "no such account": iter([(uuid4(), uuid4(), wrong) for _each in range(pairs)])
    }
    for kind in ("yes", "no", "locked", "out of scope"):
        accounts = _with_secret(people(pairs, hashed="!", place=outside if kind == "out of scope" else None))
        states = [
            Authentication(
                account=each,
                question=uuid4(),
                positions="1,2,3",
                generation=each.generation,
                secret_set_at=each.secret_set_at,
                drawn_at=now,
                locked_until=now + timedelta(hours=4) if kind == "locked" else None,
                failures=3 if kind == "locked" else 0,
            )
            for each in accounts
        ]
        Authentication.objects.bulk_create(states, batch_size=1000)
        given[kind] = iter([(each.account_id, each.question, right if kind == "yes" else wrong) for each in states])
    return {kind: given[kind] for kind in LETTERS}


def _with_secret(accounts: list[Any]) -> list[Any]:
    from resecure.identity.accounts import Account
    from resecure.identity.credentials import SECRET as PURPOSE
    from resecure.identity.secret_store import encrypted

    for each in accounts:
        each.secret, each.secret_key_name = encrypted(SECRET, account=each.pk, purpose=PURPOSE)
    Account.objects.bulk_update(accounts, ["secret", "secret_key_name"], batch_size=500)
    return accounts


def _sign_ins(pairs: int, stored: str) -> dict[str, Iterator[tuple[str, str]]]:
    """For each kind of failure, (address, password): each account is tried once, so none is locked by it."""
    from resecure.identity.accounts import Account

    given: dict[str, Iterator[tuple[str, str]]] = {}
    for kind in SIGN_INS:
        if kind == "no such account":
            addresses = [f"{uuid4().hex}@example.org" for _each in range(pairs)]
        else:
            accounts = people(pairs, hashed=stored)
            addresses = [each.address for each in accounts]
            if (status := kind.partition(",")[0]) in {"locked", "disabled"}:
                Account.objects.filter(pk__in=[each.pk for each in accounts]).update(status=status)
        password = PASSWORD if "right" in kind else "another " + PASSWORD
        given[kind] = iter([(address, password) for address in addresses])
    return given


def _ask(at: tuple[Any, Any, list[str]], *, by: str) -> bytes:
    account, question, letters = at
    body = {"question": str(question), "letters": letters, "operation": "resecure", "reference": "call 1"}
    return request(f"/api/v1/accounts/{account}/authenticate", session=by, method="POST", body=body)


def _try(at: tuple[str, str]) -> bytes:
    return request("/api/v1/sign-in", method="POST", body={"address": at[0], "password": at[1]})


def _taken(
    port: int,
    kinds: dict[str, tuple[Callable[[Any], bytes], Iterator[Any]]],
    statuses: dict[str, int],
    *,
    at_once: int,
) -> Times:
    """The times of all, by kind. A round that is on its way when the machine stumbles has one of each in it."""
    chance = random.Random(4)
    rounds = []
    for given in zip(*(map(make, at) for make, at in kinds.values()), strict=True):
        requests = list(zip(kinds, given, strict=True))
        chance.shuffle(requests)
        rounds.append(requests)
    with ThreadPoolExecutor(at_once) as threads:
        shares = threads.map(lambda number: _asked(port, rounds[number::at_once], statuses), range(at_once))
    times: Times = {kind: [] for kind in kinds}
    for kind, seconds in (each for share in shares for each in share):
        times[kind].append(seconds)
    return times


def _asked(port: int, rounds: list[list[tuple[str, bytes]]], statuses: dict[str, int]) -> list[tuple[str, float]]:
    connection = Connection(port)
    connection.ask(request("/api/v1/aup"))  # what is done once a process is done now
    taken = []
    for kind, asked in (each for one in rounds for each in one):
        began = time.perf_counter()
        status, body = connection.ask(asked)
        taken.append((kind, time.perf_counter() - began))
        assert status == statuses[kind], (kind, status, body)
    connection.close()
    return taken


if __name__ == "__main__":
    for figure in run(short="--short" in sys.argv):
        print(figure)
