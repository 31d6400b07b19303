"""The rules of the account secret, from one list for the page and the write."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.identity.accounts import Account
from resecure.identity.credentials import is_a_recent_secret, secret_key_of
from resecure.identity.folding import fold
from resecure.policy.passwords import Rule

LONGEST = 64


def secret_rules() -> list[Rule]:
    """The rules in the words of the page."""
    least = settings.RESECURE.secret_min_letters
    return [
        Rule(_("at least %(least)d letters") % {"least": least}, "min-length", str(least)),
        Rule(_("letters only: no spaces, digits or signs"), "letters-only"),
        Rule(_("not your name and not your organisation's name")),
        Rule(_("not one of your last %(last)d secrets") % {"last": settings.RESECURE.secret_history}),
    ]


def faults_of_secret(secret: str, account: Account) -> list[str]:
    """Every rule this secret breaks; an empty list if it may be used. Capital letters make no difference."""
    key = secret_key_of(secret)
    least = settings.RESECURE.secret_min_letters
    if not key:
        return [_("Enter an account secret")]
    faults = []
    if not key.isalpha():
        faults.append(_("Use letters only, without spaces, digits or signs"))
    if len(key) < least:
        faults.append(_("Use at least %(least)d letters") % {"least": least})
    if len(key) > LONGEST:
        faults.append(_("Use at most %(most)d letters") % {"most": LONGEST})
    if len(set(key)) < 4:
        # Three characters are asked for: with so few different letters a stranger guesses them.
        faults.append(_("Use at least 4 different letters"))
    names = [account.given_name, account.family_name, account.name, account.organisation.name]
    squeezed = {"".join(letter for letter in fold(name) if letter.isalpha()) for name in names}
    if fold(key) in squeezed:
        faults.append(_("Do not use your name or your organisation's name"))
    if not faults and is_a_recent_secret(account, secret, last=settings.RESECURE.secret_history):
        faults.append(_("Choose a secret that you have not used before"))
    return faults
