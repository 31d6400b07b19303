"""Encrypting the account secret: AES-256-GCM with keys that the database never sees (NIST SP 800-38D)."""

from __future__ import annotations

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


def encrypted(text: str, *, account: UUID, purpose: str) -> tuple[bytes, str]:
    """The sealed text, and the name of the key that opens it. Bound to the account and the purpose:
    pasted into another row it does not open."""
    key = settings.RESECURE.keys[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key.key).encrypt(nonce, text.encode(), _bound_to(account, purpose))
    return nonce + sealed, key.name


def decrypted(sealed: bytes, key_name: str, *, account: UUID, purpose: str) -> str:
    """The text. Raises LookupError when the key is gone, cryptography's InvalidTag when it was tampered with."""
    for key in settings.RESECURE.keys:
        if key.name == key_name:
            sealed = bytes(sealed)
            opened = AESGCM(key.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(account, purpose))
            return opened.decode()
    raise LookupError(f"RESECURE_ENCRYPTION_KEYS has no key named {key_name}")


def keyed_digest(text: str, *, account: UUID, purpose: str, key_name: str = "") -> tuple[bytes, str]:
    """HMAC-SHA-256 under a key of the list: enough to notice a repeat, useless without the key."""
    keys = {key.name: key.key for key in settings.RESECURE.keys}
    name = key_name or settings.RESECURE.keys[0].name
    made = hmac.new(keys[name], _bound_to(account, purpose) + text.encode(), hashlib.sha256)
    return made.digest(), name


def known_key(name: str) -> bool:
    """Whether a digest made under this key can still be compared."""
    return any(key.name == name for key in settings.RESECURE.keys)


def _bound_to(account: UUID, purpose: str) -> bytes:
    return f"resecure:{purpose}:{account}:".encode()
