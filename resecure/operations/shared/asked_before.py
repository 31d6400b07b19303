"""What is kept of a request with a key, so that the same one again is known, and another one under its key."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from resecure.identity import passwords, secret_store
from resecure.identity.accounts import Account

PURPOSE = "temporary password request"
# Hexadecimal digits kept of the key, the content and the confirmation; together they fit their column.
KEY, CONTENT, CONFIRMATION = 40, 32, 24


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a temporary password: the digest of its key, and what it says."""

    account: UUID
    key: str
    content: str = field(repr=False)
    confirmation: UUID | None

    @classmethod
    def of(
        cls,
        account: UUID,
        *,
        by: Account,
        idempotency_key: str,
        typed: str | None,
        require_change: bool,
        because: str,
        seen_generation: int | None,
        confirmation: UUID | None = None,
    ) -> Asked | None:
        """The request; None without a key. A typed password costs a hash: never call it with a row locked.

        The password goes through the slow hash first. Whoever steals the database and the service's key as well
        then has nothing that is guessed faster than the password's own hash.
        """
        if not idempotency_key:
            return None
        key = _key_of(idempotency_key, by=by)
        slow = None if typed is None else passwords.stretched(typed, salt=key)
        content = json.dumps([slow, require_change, because, seen_generation])
        return cls(account=account, key=key, content=content, confirmation=confirmation)

    @property
    def kept(self) -> str:
        """What is stored of it. Nobody can guess the content from it without the service's key."""
        return f"{self.key}.{self._content(settings.RESECURE.keys[0].name)}.{_of_confirmation(self.confirmation)}"

    def has_the_key_of(self, kept: str) -> bool:
        """Whether the request that was kept had the same key."""
        return kept.partition(".")[0] == self.key

    def says_what_was_kept(self, kept: str, *, confirmation_too: bool = True) -> bool:
        """Whether it is the same request, not another one under the same key. A page confirms anew each time it
        is sent, so that it leaves the confirmation out."""
        key, _dot, rest = kept.partition(".")
        content, _dot, confirmation = rest.partition(".")
        said = [self._content(each.name) for each in settings.RESECURE.keys]  # made under a key of before, perhaps
        same = key == self.key and any(hmac.compare_digest(each, content) for each in said)
        return same and (not confirmation_too or confirmation == _of_confirmation(self.confirmation))

    def _content(self, key_name: str) -> str:
        made, _name = secret_store.keyed_digest(self.content, account=self.account, purpose=PURPOSE, key_name=key_name)
        return made.hex()[:CONTENT]


def key_was_used(kept: str, idempotency_key: str, *, by: Account) -> bool:
    """Whether the request that was kept had this key, whatever it said."""
    return bool(idempotency_key) and kept.partition(".")[0] == _key_of(idempotency_key, by=by)


def _key_of(idempotency_key: str, *, by: Account) -> str:
    whole = f"{by.pk}:{idempotency_key}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:KEY]


def _of_confirmation(confirmation: UUID | None) -> str:
    return hashlib.sha256(str(confirmation).encode()).hexdigest()[:CONFIRMATION] if confirmation else ""
