"""Signing keys: what ID tokens and logout tokens are signed with, and what applications check them by (RFC 7517)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models, transaction
from joserfc import jwt
from joserfc.jwk import RSAKey

from resecure.identity import secret_store

ALGORITHM = "RS256"  # the one that every OpenID client must know (OpenID Connect Core 1.0, 15.1)
BITS = 2048
PURPOSE = "signing key"
# Published so long before it signs: an application reads our keys now and then, and must know it by then.
AHEAD = timedelta(days=1)


class SigningKey(models.Model):
    """A key pair. The private half is sealed with ``RESECURE_ENCRYPTION_KEYS`` as the account secrets are."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    public = models.JSONField()
    private = models.BinaryField()
    private_key_name = models.CharField(max_length=50)
    made_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


def make(*, now: datetime, signs_from: datetime) -> SigningKey:
    """A new key that signs from then on, and is published from now on."""
    made = SigningKey(made_at=now, signs_from=signs_from)
    key = RSAKey.generate_key(BITS, {"kid": str(made.pk), "use": "sig", "alg": ALGORITHM}, private=True)
    made.public = key.as_dict(private=False)
    pem = key.as_pem(private=True).decode()
    made.private, made.private_key_name = secret_store.encrypted(pem, account=made.pk, purpose=PURPOSE)
    made.save(force_insert=True)
    return made


def published() -> list[dict[str, Any]]:
    """The public halves of all keys that sign, signed or will sign, for ``jwks.json``."""
    return [each.public for each in SigningKey.objects.filter(ended_at__isnull=True).order_by("signs_from")]


def signing(*, now: datetime) -> SigningKey | None:
    """The key that signs now: the youngest whose time has come."""
    return SigningKey.objects.filter(ended_at__isnull=True, signs_from__lte=now).order_by("-signs_from").first()


Signer = Callable[[dict[str, Any], str], str]


def signed(claims: dict[str, Any], *, typ: str, now: datetime) -> str:
    """These claims as a compact JWS of this type (RFC 7515, RFC 7519)."""
    return signer(now=now)(claims, typ)


def signer(*, now: datetime) -> Signer:
    """What signs claims under a type with the key of now, for many in a row. The first use makes the first key."""
    key = signing(now=now) or _first(now=now)
    # Only the opened key is remembered, never which one signs: a key that was ended signs nothing from then on.
    opened, kid = _opened(key.pk, bytes(key.private), key.private_key_name), str(key.pk)

    def sign(claims: dict[str, Any], typ: str) -> str:
        return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": kid}, claims, opened, [ALGORITHM])

    return sign


@lru_cache(maxsize=4)
def _opened(key: UUID, private: bytes, key_name: str) -> RSAKey:
    pem = secret_store.decrypted(private, key_name, account=key, purpose=PURPOSE)
    return RSAKey.import_key(pem, {"kid": str(key), "use": "sig", "alg": ALGORITHM})


def _first(*, now: datetime) -> SigningKey:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('resecure signing key'))")
        return signing(now=now) or make(now=now, signs_from=now)


def end_all_but(key: SigningKey, *, now: datetime) -> int:
    """Take every other key off the list at once, also one that was to sign later. Returns how many."""
    return SigningKey.objects.filter(ended_at=None).exclude(pk=key.pk).update(ended_at=now, private=b"")


def end_older(*, before: datetime, now: datetime) -> int:
    """Take keys off the list that were followed by another before this time. Returns how many."""
    followed = SigningKey.objects.filter(ended_at__isnull=True, signs_from__lte=before).order_by("-signs_from")
    older = list(followed.values_list("pk", flat=True)[1:])
    # What signed with it is long over; without its private half nobody can sign with it again.
    return SigningKey.objects.filter(pk__in=older).update(ended_at=now, private=b"")
