"""Sealing again, under the current key, what is sealed under an older one: a batch at a time, beside the service."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from resecure.identity import secret_store
from resecure.identity.accounts import Account
from resecure.identity.credentials import OLD_SECRET, QUESTION, SECRET, SecretHistory, SecurityQuestion
from resecure.identity.sealed_words import PURPOSE as MESSAGE
from resecure.identity.sealed_words import SEALED, sealed_text
from resecure.identity.second_factors import TOTP_SECRET, SecondFactor
from resecure.identity.signing_keys import PURPOSE, SigningKey
from resecure.propagation.models import Delivery, State

# A batch holds its accounts' rows for some hundredths of a second, and no sign-in waits longer. Rows that
# somebody else holds are passed over: a resecure that is about to forget the secret must not wait for us.
BATCH = 200
_SECRETS = """
SELECT id, secret, secret_key_name FROM identity_account
WHERE id > %s AND secret IS NOT NULL AND secret_key_name = ANY(%s)
ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_ANSWERS = """
SELECT id, account_id, answer, key_name FROM identity_securityquestion
WHERE id > %s AND key_name = ANY(%s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_KEYS = """
SELECT id, private, private_key_name FROM identity_signingkey
WHERE id > %s AND ended_at IS NULL AND private_key_name = ANY(%s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""


_APPS = """
SELECT id, account_id, secret, secret_key_name FROM identity_secondfactor
WHERE id > %s AND secret IS NOT NULL AND secret_key_name = ANY(%s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""


# Messages that wait, or failed and can be asked for again. What was handed over holds nothing sealed.
_MESSAGES = """
SELECT id, account, decode(payload->'sealed'->>'words', 'base64'), payload->'sealed'->>'key' FROM propagation_delivery
WHERE id > %s AND state IN ('requested', 'failed') AND payload->'sealed'->>'key' = ANY(%s)
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""


_SEAL_MESSAGE = "UPDATE propagation_delivery SET payload = jsonb_set(payload, '{sealed}', %s::jsonb) WHERE id = %s"


@dataclass(kw_only=True)
class Stored:
    """How many rows name each key: sealed texts, and digests of secrets, which only notice a repeat."""

    sealed: Counter[str] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)


def stored() -> Stored:
    """Count what is stored under each key, also under keys that are gone. Reads every account."""
    found = Stored()
    secrets = Account.objects.filter(secret__isnull=False).values_list("secret_key_name").annotate(Count("pk"))
    apps = SecondFactor.objects.filter(secret__isnull=False).values_list("secret_key_name").annotate(Count("pk"))
    for rows in (secrets, apps, SecurityQuestion.objects.values_list("key_name").annotate(Count("pk"))):
        for name, number in rows.order_by():
            found.sealed[name] += number
    messages = Delivery.objects.filter(state__in=[State.REQUESTED, State.FAILED], payload__has_key=SEALED)
    for name in messages.values_list("payload__sealed__key", flat=True):
        found.sealed[name] += 1
    for name in SigningKey.objects.filter(ended_at=None).values_list("private_key_name", flat=True):
        found.sealed[name] += 1
    for name, number in SecretHistory.objects.values_list("key_name").annotate(Count("pk")).order_by():
        found.digests[name] += number
    return found


def older_keys() -> list[str]:
    """The keys of the list that only decrypt."""
    return [key.name for key in settings.RESECURE.keys[1:]]


@dataclass(kw_only=True)
class Batch:
    """What one batch did. ``last`` is the key to go on after; None at the end."""

    last: Any
    moved: int
    broken: set[UUID]


def move_secrets(*, after: UUID, limit: int = BATCH) -> Batch:
    """Afterwards the next secrets that an older key of the list opens are sealed under the current one, each with
    the digest that notices its repeat; in one transaction. What was tampered with is left and named."""
    with transaction.atomic():
        rows = _locked(_SECRETS, after, limit)
        opened, broken = _opened(((pk, pk, sealed, name) for pk, sealed, name in rows), purpose=SECRET)
        _write("UPDATE identity_account SET secret = %s, secret_key_name = %s WHERE id = %s", opened, purpose=SECRET)
        _digest_again({account: text for _pk, account, text in opened})
    return Batch(last=rows[-1][0] if rows else None, moved=len(opened), broken=broken)


def move_answers(*, after: int, limit: int = BATCH) -> Batch:
    """The same for the answers to legacy security questions."""
    with transaction.atomic():
        rows = _locked(_ANSWERS, after, limit)
        opened, broken = _opened(rows, purpose=QUESTION)
        statement = "UPDATE identity_securityquestion SET answer = %s, key_name = %s WHERE id = %s"
        _write(statement, opened, purpose=QUESTION)
    return Batch(last=rows[-1][0] if rows else None, moved=len(opened), broken=broken)


def move_signing_keys(*, after: UUID, limit: int = BATCH) -> Batch:
    """The same for the keys that tokens are signed with."""
    with transaction.atomic():
        rows = _locked(_KEYS, after, limit)
        opened, broken = _opened(((pk, pk, sealed, name) for pk, sealed, name in rows), purpose=PURPOSE)
        statement = "UPDATE identity_signingkey SET private = %s, private_key_name = %s WHERE id = %s"
        _write(statement, opened, purpose=PURPOSE)
    return Batch(last=rows[-1][0] if rows else None, moved=len(opened), broken=broken)


def move_apps(*, after: UUID, limit: int = BATCH) -> Batch:
    """The same for the secrets of authenticator apps."""
    with transaction.atomic():
        rows = _locked(_APPS, after, limit)
        opened, broken = _opened(rows, purpose=TOTP_SECRET)
        statement = "UPDATE identity_secondfactor SET secret = %s, secret_key_name = %s WHERE id = %s"
        _write(statement, opened, purpose=TOTP_SECRET)
    return Batch(last=rows[-1][0] if rows else None, moved=len(opened), broken=broken)


def move_messages(*, after: UUID, limit: int = BATCH) -> Batch:
    """The same for the codes and links of messages that wait for their gateway, which may be a week."""
    with transaction.atomic():
        rows = _locked(_MESSAGES, after, limit)
        opened, broken = _opened(rows, purpose=MESSAGE)
        for pk, account, text in opened:
            words = json.dumps(sealed_text(account, text))
            with connection.cursor() as cursor:
                cursor.execute(_SEAL_MESSAGE, [words, pk])
    return Batch(last=rows[-1][0] if rows else None, moved=len(opened), broken=broken)


def _locked(statement: str, after: UUID | int, limit: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, older_keys(), limit])
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _opened(rows: Iterable[Sequence[Any]], *, purpose: str) -> tuple[list[tuple[Any, UUID, str]], set[UUID]]:
    """([(key of the row, account, text)], the accounts whose row does not open)."""
    opened, broken = [], set()
    for pk, account, sealed, name in rows:
        try:
            opened.append((pk, account, secret_store.decrypted(sealed, name, account=account, purpose=purpose)))
        except InvalidTag:
            broken.add(account)
    return opened, broken


def _write(statement: str, opened: list[tuple[Any, UUID, str]], *, purpose: str) -> None:
    if opened:
        values = [(*secret_store.encrypted(text, account=account, purpose=purpose), pk) for pk, account, text in opened]
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)


def _digest_again(texts: dict[UUID, str]) -> None:
    """The digest of a present secret can be made anew, as we have its text. Those of earlier ones cannot."""
    values = []
    for row in SecretHistory.objects.filter(account__in=texts, key_name__in=older_keys()):
        text, account = texts[row.account_id], row.account_id
        was, _name = secret_store.keyed_digest(text, account=account, purpose=OLD_SECRET, key_name=row.key_name)
        if hmac.compare_digest(was, bytes(row.digest)):
            values.append((*secret_store.keyed_digest(text, account=account, purpose=OLD_SECRET), row.pk))
    if values:
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE identity_secrethistory SET digest = %s, key_name = %s WHERE id = %s", values)
