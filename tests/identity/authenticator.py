"""An authenticator in software, written from the standard (WebAuthn Level 2, 6) and not with the service's library."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from resecure.identity import passkeys, second_factors

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey. ``count`` goes up with each use; ``flags`` say whether its person was verified."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = hashlib.sha256(str(id(self)).encode() + str(timezone.now()).encode()).digest()
        self.count = 0
        self.flags = PRESENT | VERIFIED

    @property
    def public_key(self) -> bytes:
        """As COSE writes it (RFC 9053): an EC2 key on P-256 for ES256."""
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        made: bytes = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return made

    def added_to(self, account: Any) -> Any:
        """Put into the account as if it had been added; returns the id of the factor."""
        return second_factors.add_passkey(
            account,
            name="laptop",
            credential=self.credential,
            public_key=self.public_key,
            count=self.count,
            now=timezone.now(),
        )

    def made(self, options: str, *, origin: str | None = None) -> str:
        """What it answers when asked to make a passkey."""
        client = self._client("webauthn.create", options, origin)
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + self.public_key
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._said({"clientDataJSON": text_of(client), "attestationObject": text_of(attestation)})

    def answer(self, options: str, *, origin: str | None = None, counts: bool = True) -> str:
        """What it answers when asked to use the passkey."""
        if counts:
            self.count += 1
        client, data = self._client("webauthn.get", options, origin), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._said(
            {
                "clientDataJSON": text_of(client),
                "authenticatorData": text_of(data),
                "signature": text_of(signature),
            }
        )

    def _client(self, kind: str, options: str, origin: str | None) -> bytes:
        challenge = json.loads(options)["challenge"]
        origin = origin or passkeys.relying_party()[1]
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        domain = hashlib.sha256(passkeys.relying_party()[0].encode()).digest()
        return domain + bytes([flags]) + self.count.to_bytes(4, "big")

    def _said(self, response: dict[str, str]) -> str:
        name = text_of(self.credential)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )
