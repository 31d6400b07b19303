"""Words that a message holds and nobody else may read: sealed while it waits, opened when it is handed over.

A code or a link's token travels so through the outbox. Bound to the account: in another's message it does not open.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from resecure.identity.secret_store import decrypted, encrypted

SEALED = "sealed"  # the name in a delivery's payload; taken out of it when the message was handed over
PURPOSE = "message"


def sealed(account: UUID, **words: str) -> dict[str, str]:
    """What stands under ``sealed`` in a payload."""
    return sealed_text(account, json.dumps(words))


def sealed_text(account: UUID, text: str) -> dict[str, str]:
    """The same of words that are one text already: what was opened is so sealed under the current key."""
    words, key_name = encrypted(text, account=account, purpose=PURPOSE)
    return {"words": base64.b64encode(words).decode(), "key": key_name}


def opened(account: UUID, payload: Mapping[str, Any]) -> dict[str, str]:
    """The words in clear, for the message alone; none where nothing is sealed. Raises LookupError when the key is
    gone, cryptography's InvalidTag when it was tampered with."""
    found = payload.get(SEALED)
    if not found:
        return {}
    text = decrypted(base64.b64decode(found["words"]), found["key"], account=account, purpose=PURPOSE)
    words: dict[str, str] = json.loads(text)
    return words
