"""How long a sign-in by a passkey alone keeps somebody waiting: from the press of the button to the portal."""

from __future__ import annotations

import json
import statistics
import time

from bench.figures import Figure
from bench.ground import PASSWORD, ground, people

MOST_MS = 150


def run(*, short: bool = False) -> list[Figure]:
    """The three answers of one sign-in, in a process without a network: the question to the authenticator, its answer
    judged and a session opened, the portal. What the authenticator and the person take is not counted."""
    rounds = 30 if short else 200
    with ground():
        from django.conf import settings
        from django.test import Client

        from resecure.identity.passwords import hashed
        from tests.identity.authenticator import Authenticator

        waited, judged = [], []
        for account in people(rounds, hashed=hashed(PASSWORD)):
            device, browser = Authenticator(), Client(HTTP_HOST="localhost")
            device.added_to(account)
            begun = time.perf_counter()
            asked = browser.post("/sign-in/passkey/ask/").json()
            took = time.perf_counter() - begun
            answer = device.answer(json.dumps(asked["options"]))
            begun = time.perf_counter()
            opened = browser.post("/sign-in/passkey/", {"passkey": answer, "challenge": asked["challenge"]})
            one = time.perf_counter() - begun
            assert opened.status_code == 302, opened.status_code
            assert settings.SESSION_COOKIE in browser.cookies
            portal = browser.get(opened["Location"])
            assert portal.status_code == 200, portal.status_code
            waited.append(took + time.perf_counter() - begun)
            judged.append(one)
    middle, worst = statistics.median(waited) * 1000, statistics.quantiles(waited, n=20)[-1] * 1000
    return [
        Figure(
            name="a sign-in by passkey alone, from the press of the button to the portal, server time of three answers",
            measured=f"p50 {middle:.1f} ms, p95 {worst:.1f} ms; of it judging the answer and opening the session "
            f"p50 {statistics.median(judged) * 1000:.1f} ms ({rounds} sign-ins, one after the other)",
            bound=f"p50 ≤ {MOST_MS} ms",
            holds=middle <= MOST_MS,
            bounded_by="two commits to disk, and the pages; no password is hashed. In one process, without network, "
            "authenticator and person",
        )
    ]
