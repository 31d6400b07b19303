"""Saying a value over the telephone, letter by letter."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The spelling alphabet of the International Civil Aviation Organization: the same words in every language.
ALPHABET = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        [
            "Alfa",
            "Bravo",
            "Charlie",
            "Delta",
            "Echo",
            "Foxtrot",
            "Golf",
            "Hotel",
            "India",
            "Juliett",
            "Kilo",
            "Lima",
            "Mike",
            "November",
            "Oscar",
            "Papa",
            "Quebec",
            "Romeo",
            "Sierra",
            "Tango",
            "Uniform",
            "Victor",
            "Whiskey",
            "X-ray",
            "Yankee",
            "Zulu",
        ],
        strict=True,
    )
)
DIGITS = [
    gettext_lazy("zero"),
    gettext_lazy("one"),
    gettext_lazy("two"),
    gettext_lazy("three"),
    gettext_lazy("four"),
    gettext_lazy("five"),
    gettext_lazy("six"),
    gettext_lazy("seven"),
    gettext_lazy("eight"),
    gettext_lazy("nine"),
]


class Part(NamedTuple):
    """A piece of the value as it is written, and how to say it."""

    written: str
    said: str


def spelled(value: str) -> list[Part]:
    """The value in order, cut at every change between letters or digits and signs; nothing is left out."""
    pieces = re.findall(r"[^\W_]+|[\W_]", value)
    return [Part(piece, ", ".join(_say(character) for character in piece)) for piece in pieces]


def _say(character: str) -> str:
    if word := ALPHABET.get(character.lower()):
        return _("capital %(letter)s") % {"letter": word} if character.isupper() else word
    if character in "0123456789":
        return str(DIGITS[int(character)])
    return str(_signs().get(character, character))


def _signs() -> dict[str, str]:
    return {
        " ": _("space"),
        "-": _("hyphen"),
        "_": _("underscore"),
        ".": _("full stop"),
        ",": _("comma"),
        "!": _("exclamation mark"),
        "?": _("question mark"),
        "@": _("at sign"),
        "#": _("hash"),
        "/": _("slash"),
        "'": _("apostrophe"),
        "&": _("ampersand"),
    }
