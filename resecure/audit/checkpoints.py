"""Checkpoints: where every chain ended at one moment, signed, for somebody outside to keep.

A signed note as C2SP describes it. Its text: the origin, the number of records, SHA-256 of what follows, and of each
chain a line ``chain position hash``. Nothing here reads the database or the environment.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from resecure.audit.record import CHAINS, START, Fault

_ED25519 = b"\x01"
_DASH = "\u2014 "
_HEAD = re.compile(r"(0|[1-9][0-9]{0,2}) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})")
LARGEST = 20_000  # characters; a checkpoint has about six thousand


class NoCheckpoint(Exception):
    """This is no checkpoint that counts here. The text says why."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where a chain ended."""

    position: int
    hash: bytes


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """The public half of a key, and its name. Its line is what an auditor keeps beside the checkpoints."""

    name: str
    public: bytes

    @property
    def number(self) -> bytes:
        """The key id of the standard: four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def line(self) -> str:
        """``name+id+key``, in one line."""
        return f"{self.name}+{self.number.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


def origin_of(public_url: str) -> str:
    """The name of an installation's record: host (and port, where it has one) of its public address, and /audit."""
    return urlsplit(public_url).netloc.rpartition("@")[2].lower() + "/audit"


def verifier_of(seed: bytes, origin: str) -> Verifier:
    """The public half of the key with this seed."""
    return Verifier(name=origin, public=Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def verifier_in(line: str) -> Verifier:
    """The key in a line ``name+id+key``. Raises NoCheckpoint where it is none."""
    parts = line.strip().split("+", 2)
    try:
        key = base64.b64decode(parts[2], validate=True)
        found = Verifier(name=parts[0], public=key[1:])
        if key[:1] == _ED25519 and len(key) == 33 and found.name and found.number.hex() == parts[1]:
            return found
    except (binascii.Error, IndexError, ValueError):
        pass
    raise NoCheckpoint("The key is none: give the whole line that `resecure audit key` prints.")


def made(heads: list[Head], *, seed: bytes, origin: str) -> str:
    """A checkpoint of these ends, in the order of the chains, signed."""
    lines = "".join(f"{chain} {head.position} {head.hash.hex()}\n" for chain, head in enumerate(heads))
    size = sum(head.position for head in heads)
    return signed(f"{origin}\n{size}\n{_digest(lines)}\n{lines}", seed=seed, name=origin)


def signed(text: str, *, seed: bytes, name: str) -> str:
    """The text as a signed note."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    packed = base64.b64encode(verifier_of(seed, name).number + signature).decode()
    return f"{text}\n{_DASH}{name} {packed}\n"


def opened(note: str, key: Verifier) -> str:
    """The text of a note that this key signed. Signatures of other keys say nothing. Raises NoCheckpoint."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n") or len(note) > LARGEST:
        raise NoCheckpoint("The checkpoint is not whole: its end, with the signature, is missing.")
    text += "\n"
    for line in signatures[:-1].split("\n"):
        name, _space, packed = line.removeprefix(_DASH).partition(" ")
        try:
            signature = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        if not line.startswith(_DASH) or len(signature) < 5:
            raise NoCheckpoint("The checkpoint is not whole: a line of its signatures is malformed.")
        if (name, signature[:4]) == (key.name, key.number):
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
            except (InvalidSignature, ValueError):
                raise NoCheckpoint("The signature is wrong: the checkpoint was changed, or is forged.") from None
            return text
    raise NoCheckpoint("The checkpoint was not signed by this key.")


def heads_in(note: str, *, key: Verifier, origin: str) -> list[Head]:
    """The ends that a checkpoint of this installation names, signature and form checked. Raises NoCheckpoint."""
    if note.partition("\n")[0] != origin:
        raise NoCheckpoint(f"The checkpoint is of another installation than {origin}.")
    lines = opened(note, key).split("\n")[:-1]
    found = [_HEAD.fullmatch(line) for line in lines[3:]]
    if [each and int(each[1]) for each in found] != list(range(CHAINS)):
        raise NoCheckpoint(f"The checkpoint does not name the {CHAINS} chains in their order.")
    heads = [Head(position=int(each[2]), hash=bytes.fromhex(each[3])) for each in found if each]
    if lines[1:3] != [str(sum(head.position for head in heads)), _digest("".join(f"{x}\n" for x in lines[3:]))]:
        raise NoCheckpoint("The number of records or the digest in the checkpoint does not fit its chains.")
    return heads


def first_missing(heads: list[Head], stored: dict[int, bytes]) -> Fault | None:
    """The first chain whose record at the checkpoint's place is gone or another. ``stored``: the hashes there."""
    for chain, head in enumerate(heads):
        there = stored.get(chain) if head.position else START
        if there != head.hash:
            text = (
                "the checkpoint has this record, and it is gone"
                if there is None
                else ("the checkpoint has another record here: the chain was made anew")
            )
            return Fault(chain=chain, position=head.position, text=text)
    return None


def _digest(lines: str) -> str:
    return base64.b64encode(sha256(lines.encode()).digest()).decode()
