"""Bearer values. What the client holds is random; what we store is its SHA-256, useless to a thief."""

from __future__ import annotations

import hashlib
import secrets

# The prefix says which table to look in and lets scanners find a leaked one; it protects nothing.
SESSION = "rss_"
SIGN_IN = "rsi_"
APPLICATION_SECRET = "ras_"
CODE = "rac_"
ACCESS = "rat_"
REFRESH = "rrt_"
HANDOVER = "rho_"
FORWARD = "rft_"
NOT_ME = "rnm_"
BROWSER = "rbr_"


def new(prefix: str) -> tuple[str, bytes]:
    """A fresh value of 256 random bits, and the digest to store."""
    value = prefix + secrets.token_urlsafe(32)
    return value, digest(value)


def digest(value: str) -> bytes:
    """What is stored and looked up. No salt: the value is random, and the look-up must be by index."""
    return hashlib.sha256(value.encode()).digest()
