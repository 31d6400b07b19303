"""Common and breached passwords, looked up offline: no call out of the sign-in path."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import django.contrib.auth.password_validation as django_validation

# The 20,000 most common passwords, kept up by Django.
_LIST = Path(django_validation.__file__).parent / "common-passwords.txt.gz"


@cache
def _common() -> frozenset[str]:
    with gzip.open(_LIST, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def is_common(password: str) -> bool:
    """Whether the password, or what is left of it without digits and signs around it, is on the list."""
    lowered = password.lower().strip()
    bare = lowered.strip("0123456789!?.,-_ ")
    return lowered in _common() or bare in _common() or bare * 2 == lowered
