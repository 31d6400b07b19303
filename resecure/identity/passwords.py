"""The password hash: Argon2id by Django's hasher, sized for a service that signs thousands in at once."""

from __future__ import annotations

import os
import threading
import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher

# RFC 9106 section 4 and OWASP: m=46 MiB, t=1, p=1. Each hash fills its own memory, so no more run at once
# than there are cores: a burst of sign-ins queues instead of taking the machine's memory.
_AT_ONCE = threading.BoundedSemaphore(os.cpu_count() or 1)


class Argon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 47_104
    parallelism = 1


_hasher = Argon2()


def normal(password: str) -> str:
    """NFC, so that the same password typed on another keyboard is the same (NIST SP 800-63B-4, 3.1.1.2)."""
    whole = unicodedata.normalize("NFC", password)
    # Halves of characters, which JSON can carry and UTF-8 cannot.
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in whole)


def hashed(password: str) -> str:
    """The hash to store. Takes about 30 to 60 ms of a core: never call it with a row locked."""
    with _AT_ONCE:
        return _hasher.encode(normal(password), _hasher.salt())


def stretched(password: str, *, salt: str) -> str:
    """The same hash for the same password and salt, to notice that it is the same. As slow as :func:`hashed`."""
    with _AT_ONCE:
        return _hasher.encode(normal(password), salt)


def matches(password: str, stored: str) -> bool:
    """Whether the password is the stored one. Takes as long as :func:`hashed`, whatever the answer."""
    with _AT_ONCE:
        if not stored:
            # An attacker who measures must not learn that there is no password here.
            _hasher.verify(normal(password), NOBODYS)
            return False
        return _hasher.verify(normal(password), stored)


# A hash of random bytes that nobody knows, for accounts that do not exist.
NOBODYS = _hasher.encode(os.urandom(32).hex(), _hasher.salt())
