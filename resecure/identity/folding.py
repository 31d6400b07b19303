"""Folding: how text is compared in search, so that case and accents do not matter."""

from __future__ import annotations

import unicodedata

# NFKD leaves these whole, though people type them with plain letters.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'"}
)


def fold(text: str) -> str:
    """Lower case, no accents, one space between words: ``"Siân  ÓBrien"`` becomes ``"sian obrien"``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split())
