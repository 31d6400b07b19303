"""The rules of the account secret, from one list for the page and the write."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.identity.accounts import Account
from resecure.identity.credentials import is_a_recent_secret, secret_key_of
from resecure.identity.folding import fold
from resecure.policy.passwords import Rule

LONGEST = 64
DIFFERENT = 4  # Three letters are asked for: with fewer different ones a stranger guesses them.


def secret_rules(account: Account | None = None) -> list[Rule]:
    """The rules in the words of the page. With the account, the page can judge the names as well: only for a
    page that this person alone sees."""
    least = settings.RESECURE.secret_min_letters
    return [
        Rule(_("at least %(least)d letters") % {"least": least}, "min-length", str(least)),
        Rule(_("letters only: no spaces, digits or signs"), "letters-only"),
        Rule(_("at least %(least)d different letters") % {"least": DIFFERENT}, "different", str(DIFFERENT)),
        Rule(
            _("not your name and not your organisation's name"),
            "not-one-of" if account else "",
            "|".join(sorted(_names(account))) if account else "",
        ),
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
    if len(set(key)) < DIFFERENT:
        faults.append(_("Use at least %(least)d different letters") % {"least": DIFFERENT})
    if fold(key) in _names(account):
        faults.append(_("Do not use your name or your organisation's name"))
    if not faults and is_a_recent_secret(account, secret, last=settings.RESECURE.secret_history):
        faults.append(_("Choose a secret that you have not used before"))
    return faults


def _names(account: Account) -> set[str]:
    """What may not be the whole secret, folded, letters only."""
    names = [account.given_name, account.family_name, account.name, account.organisation.name]
    return {"".join(letter for letter in fold(name) if letter.isalpha()) for name in names}
