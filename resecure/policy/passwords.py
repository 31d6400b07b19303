"""The rules of a password, as the page shows them and as the write checks them: from one list."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from zxcvbn_rs_py import zxcvbn

from resecure.identity.accounts import Account
from resecure.identity.credentials import is_a_recent_choice, is_a_recent_password
from resecure.identity.folding import fold
from resecure.identity.passwords import normal
from resecure.identity.second_factors import has_one
from resecure.policy.common_passwords import is_common

LONGEST = 256  # A whole book would make hashing a way to keep the service busy.
SERVICE_NAME = "resecure"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in words; ``check`` and ``value`` let the page tick it off while one types."""

    text: str
    check: str = ""
    value: str = ""


def password_rules(account: Account | None = None) -> list[Rule]:
    """The rules for this person's password, in the words of the page. With the account, the page can judge the
    names as well: only for a page that this person alone sees."""
    least = least_length(account)
    return [
        Rule(
            _("at least %(least)d characters: a few random words do well") % {"least": least},
            "min-length",
            str(least),
        ),
        Rule(_("any characters you like, spaces and accents included"), "min-length", "1"),
        Rule(
            _("without your name, your organisation's name or the name of this service"),
            "not-containing" if account else "",
            "|".join(_names(account)) if account else "",
        ),
        Rule(_("not common, and not known from a breach")),
        Rule(
            _("not one of your last %(last)d passwords, nor a temporary one")
            % {"last": settings.RESECURE.password_history}
        ),
    ]


def least_length(account: Account | None = None) -> int:
    """How long this person's password must be: shorter is enough where it is not all that is asked."""
    if account is not None and has_one(account.pk):
        return settings.RESECURE.password_min_length_with_second_factor
    return settings.RESECURE.password_min_length


def is_short(password: str) -> bool:
    """Whether this password counts only beside a second factor."""
    return len(normal(password)) < settings.RESECURE.password_min_length


def temporary_password_rules() -> list[Rule]:
    """The rules of a temporary password, in words for the administrator who types one."""
    least = settings.RESECURE.password_min_length
    return [
        Rule(_("at least %(least)d characters") % {"least": least}, "min-length", str(least)),
        Rule(_("any characters, spaces included")),
        Rule(_("not common, and not known from a breach")),
        Rule(_("without the person's name, their organisation's name or the name of this service")),
    ]


def faults_of_password(password: str, account: Account) -> list[str]:
    """Every rule this password breaks, in the words to show; an empty list if it may be used.

    Compares with old hashes, so it takes up to five hashes' time: call it before any row is locked.
    """
    faults = _faults_without_history(password, account, least=least_length(account))
    if not faults and is_a_recent_password(account, password, last=settings.RESECURE.password_history):
        faults.append(_("Choose a password that you have not used before"))
    return faults


def faults_of_temporary_password(password: str, account: Account) -> list[str]:
    """As :func:`faults_of_password`, without the history: for one that is generated."""
    return _faults_without_history(password, account, least=least_length())


def faults_of_typed_temporary_password(password: str, account: Account) -> list[str]:
    """As :func:`faults_of_password`, for one that an administrator types. What the person had chosen before is refused
    in the words for one that is easily guessed: an old password opens nothing again, and the history is not told."""
    if faults := _faults_without_history(password, account, least=least_length()):
        return faults
    had = is_a_recent_choice(account, normal(password), last=settings.RESECURE.password_history)
    return [_easily_guessed()] if had else []


def _faults_without_history(password: str, account: Account, *, least: int) -> list[str]:
    password = normal(password)
    if not password:
        return [_("Enter a password")]
    if len(password) > LONGEST:
        return [_("Choose a password of at most %(most)d characters") % {"most": LONGEST}]
    if "\x00" in password:
        return [_("Choose a password without control characters")]
    faults = []
    if len(password) < least:
        faults.append(_("Choose a password of at least %(least)d characters") % {"least": least})
    names = _names(account)
    if _holds_a_name(password, names):
        faults.append(_("Choose a password without your name, your organisation's name or the name of this service"))
    if is_common(password) or _is_easily_guessed(password, names):
        faults.append(_easily_guessed())
    return faults


def _easily_guessed() -> str:
    return _("This password is easy to guess. Choose another, for example four random words")


def _names(account: Account) -> list[str]:
    """What a stranger would try first: each part of the person's name, and the whole of the other names."""
    person = f"{account.given_name} {account.family_name}".replace("-", " ").replace("'", " ")
    whole = [account.organisation.name, account.address.partition("@")[0], SERVICE_NAME]
    # Shorter names (Ng, Li, Amy) stand in too many ordinary words.
    return sorted({name for name in [*fold(person).split(), *map(fold, whole)] if len(name) > 3})


def _holds_a_name(password: str, names: list[str]) -> bool:
    folded = fold(password)
    squeezed = "".join(letter for letter in folded if letter.isalnum())
    return any(name in folded or name.replace(" ", "") in squeezed for name in names)


def _is_easily_guessed(password: str, names: list[str]) -> bool:
    # zxcvbn's 3 of 4: more than 10^8 guesses. It reads the first 100 characters, more tell it nothing new.
    return int(zxcvbn(password[:100], names).score) < 3
