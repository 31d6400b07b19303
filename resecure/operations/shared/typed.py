"""Text that people typed, made fit to be stored: stored as given, or refused, never silently mangled."""

from __future__ import annotations

import hashlib
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from resecure.policy.refusals import Invalid

# Marks that turn the direction of text could make one name read as another on an administrator's screen.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


def one_line(text: str) -> str:
    """The text in one line: NFC, without control characters or marks that turn its direction, trimmed."""
    kept = "".join(
        " " if letter in "\n\r\t" else letter
        for letter in unicodedata.normalize("NFC", text)
        if letter in "\n\r\t" or (unicodedata.category(letter) not in {"Cc", "Cs", "Co"} and letter not in _TURNING)
    )
    return " ".join(kept.split())


def request_key(text: str | None) -> str | None:
    """What an idempotency key is stored as: a digest, so that whatever a program sends as its key fits, and two
    long keys that begin alike are two keys."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else None


def name_part(field: str, text: str, *, most: int, required: bool = True) -> str:
    """A name or title as given, or Invalid naming the field."""
    given = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Co"} or letter in _TURNING for letter in given):
        raise Invalid({field: [_("Use letters, spaces, hyphens and apostrophes; this holds invisible characters")]})
    if required and not given:
        raise Invalid({field: [_("Enter this; it cannot be empty")]})
    if len(given) > most:
        raise Invalid({field: [_("Use at most %(most)d characters") % {"most": most}]})
    return given


def mobile_number(text: str) -> str:
    """A mobile number as digits with an optional plus, or empty. Raises Invalid."""
    kept = "".join(letter for letter in text if letter not in " ()-.\u00a0")
    digits = kept.removeprefix("+")
    if kept and not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise Invalid({"mobile": [_("Enter a mobile number, like 07700 900982 or +44 7700 900982")]})
    return kept


def languages() -> dict[str, str]:
    """What can be chosen, by its short name, and what it is called in the settings. ``en`` is a choice; ``en-gb``, with
    which every account begins, is none."""
    return {code.partition("-")[0]: code for code, _name in settings.LANGUAGES}


def language(text: str) -> str:
    """One of :func:`languages`. Raises Invalid."""
    if text not in languages():
        raise Invalid({"language": [_("Choose a language")]})
    return text


def mail_address(text: str) -> str:
    """An address in lower case, or Invalid. Only what every mail system carries is taken."""
    given = text.strip().lower()
    try:
        validate_email(given)
    except ValidationError:
        raise Invalid({"address": [_("Enter an email address, like name@example.org")]}) from None
    if len(given) > 254 or not given.isascii():
        raise Invalid({"address": [_("Enter an email address of plain letters, at most 254 characters")]})
    return given
