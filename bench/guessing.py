"""Guessing the account secret for a year, against the code that draws, compares, counts and locks.

No database, and a clock of its own. The secrets are words that people could choose: of the EFF's long list, one of nine
letters or more, or two together. The guesser never rests, has every administrator ask, knows how positions are drawn,
and tries the likeliest letters first.
"""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import django

from bench.figures import Figure

BOUND = 0.005
YEAR = timedelta(days=365)
LIFTS = 4  # an administrator of a higher tier is talked into a lift each quarter
HONEST = timedelta(days=7)  # the person calls every week, and is right
START = datetime(2026, 1, 1, tzinfo=UTC)
Guesses = Callable[[tuple[int, ...]], Iterator[str]]


def run(*, short: bool = False) -> list[Figure]:
    """The share of accounts guessed in a year: by letters, by a list of words, and under the plain rule."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "resecure.config.settings", "RESECURE_DATABASE_URL": "postgresql:///none"}
    with tempfile.TemporaryDirectory(prefix="resecure-guessing-") as folder:
        os.environ["RESECURE_STATE_DIRECTORY"] = folder
        django.setup()
        return _figures(short=short)


def _figures(*, short: bool) -> list[Figure]:
    chance = random.Random(4)
    every = _words()
    single = [each for each in every if len(each) >= 9]

    def chosen() -> str:
        if chance.random() < 0.6:
            return chance.choice(single)
        while len(two := chance.choice(every) + chance.choice(every)) < 9:
            pass
        return two

    years, of_list = (300, 30) if short else (20_000, 1_000)
    by_letters = _by_letters(_frequent(chosen))
    right = sum(_a_year(chosen(), by_letters) for _each in range(years))
    right_of_list = sum(_a_year(chance.choice(single), _by_list(single)) for _each in range(of_list))
    days, weeks = _plain(chosen, accounts=60 if short else 600)
    share = right / years
    above = (right + 2 + 2 * (right + 1) ** 0.5) / years
    return [
        Figure(
            name=f"secret guessed in a year by letter frequency, all administrators colluding, {years:,} accounts",
            measured=f"{share:.2%} (at most {above:.2%} with 95 % confidence)",
            bound=f"< {BOUND:.1%}",
            holds=None if short else share < BOUND,
            bounded_by="12 tries and 3 more for each of 4 lifts; letters drawn against their frequency",
        ),
        Figure(
            name="the same with a list of the 1,556 words of which the secret is one",
            measured=f"{right_of_list / of_list:.2%}",
            bound="",
            holds=None,
            bounded_by="a secret of one word on a known list: three letters tell much of it",
        ),
        Figure(
            name="the plain rule for comparison: 3 tries an hour, letters drawn evenly",
            measured=f"{days:.0%} of days, {weeks:.0%} of weeks",
            bound="",
            holds=None,
            bounded_by="72 tries a day",
        ),
    ]


def _a_year(secret: str, guesses: Guesses) -> bool:
    """Whether a guesser who never rests is right within a year. The rules are the service's own."""
    from resecure.identity.accounts import Account
    from resecure.identity.authentications import SECRET, Authentication, _drawn, kept_question, try_letters
    from resecure.identity.secret_store import encrypted
    from resecure.policy.authentication import AFTER_A_LIFT, lock_after

    pk = uuid4()
    sealed, key_name = encrypted(secret, account=pk, purpose=SECRET)
    account = Account(pk=pk, secret=sealed, secret_key_name=key_name, secret_set_at=START)
    state = Authentication(account=account)
    now, lifts, calls = START, 0, START + HONEST
    tried: Iterator[str] = iter(())
    keep = timedelta(days=7)
    while now < START + YEAR:
        if now >= calls:  # the person calls: answered rightly, so other positions are asked for next
            state.question, calls = None, calls + HONEST
        if state.is_locked(now):
            quarter = START + (lifts + 1) * YEAR / (LIFTS + 1)
            if state.needs_lift and lifts >= LIFTS:
                return False
            now = max(now, quarter) if state.needs_lift else max(now, state.locked_until or now)
            if state.needs_lift:
                lifts += 1
                state.failures, state.needs_lift, state.locked_until = min(state.failures, AFTER_A_LIFT), False, None
            continue
        if not kept_question(state, account, now=now, keep=keep):
            state.positions = ",".join(str(each) for each in sorted(_drawn(secret, set())))
            state.question, state.drawn_at = uuid4(), now
            state.generation, state.secret_set_at = account.generation, account.secret_set_at
            tried = guesses(tuple(state.asked))
        # Each time another administrator: nothing is forgiven, and nothing is counted apart.
        if try_letters(state, account, list(next(tried)), by=UUID(int=state.failures), standing=1, now=now):
            return True
        lock_after(state, now=now)
    return False


def _frequent(chosen: Callable[[], str]) -> list[str]:
    """The triples that are the likeliest where letters are drawn as the service draws them, the first first."""
    from resecure.identity.authentications import _drawn

    letters: Counter[str] = Counter()
    for _each in range(5_000):
        secret = chosen()
        letters.update(secret[place - 1] for place in _drawn(secret, set()))
    best = [letter for letter, _count in letters.most_common(8)]
    triples = ["".join(each) for each in itertools.product(best, repeat=3)]
    return sorted(triples, key=lambda each: -letters[each[0]] * letters[each[1]] * letters[each[2]])


def _by_letters(triples: list[str]) -> Guesses:
    return lambda _positions: iter(triples)


def _by_list(words: list[str]) -> Guesses:
    """The triples of the words of a list at these positions, the most frequent first."""

    def guesses(positions: tuple[int, ...]) -> Iterator[str]:
        found = Counter("".join(each[at - 1] for at in positions) for each in words if len(each) >= positions[-1])
        return iter([triple for triple, _count in found.most_common(500)])

    return guesses


def _plain(chosen: Callable[[], str], *, accounts: int) -> tuple[float, float]:
    """In how many days and weeks a guesser is right at 3 tries an hour, at three even positions anew each hour."""
    chance = random.Random(5)
    letters = Counter("".join(chosen() for _each in range(5_000)))
    best = [letter for letter, _count in letters.most_common(3)]
    triples = [best[0] * 3, best[0] * 2 + best[1], best[1] + best[0] * 2]
    days = weeks = 0
    for _account in range(accounts):
        secret, in_week = chosen(), 0
        for _day in range(7):
            hours = [chance.sample(secret, 3) for _hour in range(24)]
            in_week += any("".join(each) in triples for each in hours)
        days += in_week
        weeks += in_week > 0
    return days / accounts / 7, weeks / accounts


def _words() -> list[str]:
    from xkcdpass import xkcd_password

    return list(
        xkcd_password.generate_wordlist(
            wordfile=xkcd_password.locate_wordfile("eff-long"), min_length=3, max_length=9, valid_chars="[a-z]"
        )
    )
