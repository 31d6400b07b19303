"""What a message about a change needs to know: plain values, read in the operation's transaction."""

from __future__ import annotations

from typing import Any

from resecure.identity.accounts import Account


def told(account: Account, **more: Any) -> dict[str, Any]:
    """The payload of a delivery about this account. It never holds a password, secret, code or token."""
    organisation = account.organisation
    return {
        "address": account.address,
        "name": account.name,
        "language": account.language,
        "organisation": organisation.name,
        "organisation_code": organisation.code,
        **more,
    }
