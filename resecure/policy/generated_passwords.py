"""Generate Password: random words that can be read over the phone, from the machine's random source."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from xkcdpass import xkcd_password

from resecure.identity.accounts import Account
from resecure.policy.passwords import faults_of_temporary_password

WORDS = 4  # of 7,776: 51 bits; a temporary password lives a day and is tried at most a few hundred times


@cache
def word_list() -> tuple[str, ...]:
    """The EFF long list, all 7,776 words: 12.9 bits each."""
    words = xkcd_password.generate_wordlist(
        wordfile=xkcd_password.locate_wordfile("eff-long"), min_length=3, max_length=9, valid_chars="."
    )
    return tuple(sorted(set(words)))


def generate(account: Account) -> str:
    """A password of random words that meets the policy for this person."""
    words = WORDS
    while len("-".join(["aaaa"] * words)) < settings.RESECURE.password_min_length:
        words += 1
    while True:
        made = str(xkcd_password.generate_xkcdpassword(list(word_list()), numwords=words, delimiter="-"))
        # Once in a long while the words hold a part of the person's name, or come out too short.
        if not faults_of_temporary_password(made, account):
            return made
