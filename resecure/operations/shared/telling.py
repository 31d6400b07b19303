"""What a message about a change needs to know: plain values, read in the operation's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from resecure.identity.accounts import Account
from resecure.identity.roles import primary_administrators_of
from resecure.identity.sealed_words import sealed
from resecure.propagation import outbox
from resecure.propagation.models import Change, System


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


def tell_administrators(change: Change, about: Account, *, at: datetime, but: UUID | None = None, **more: Any) -> int:
    """One mail to each Primary Local Administrator of this account's place, in the caller's transaction: that
    something about it should be looked at. ``but``: who need not be told what they did themselves.

    The mail names the account by its name and address and holds a link to its page, which opens only for whoever may
    see it. Returns how many are told.
    """
    told_of = {"about_name": about.name, "about_address": about.address, "about": str(about.pk), **more}
    found = [each for each in primary_administrators_of(about.organisation_path) if each.pk not in {but, about.pk}]
    for each in found:
        outbox.announce(change, account=each.pk, at=at, payload=told(each, **told_of), systems=(System.MAIL,))
    return len(found)


def send_code(account: Account, code: str, *, mobile: str, at: datetime, until: datetime) -> None:
    """One text message with a code that the person reads back to the administrator who is calling, in the caller's
    transaction. The code travels sealed, and is not sent once its time is over.

    Which number may be used, and what the code is compared with (a digest, few tries), is the caller's.
    """
    payload = told(account, mobile=mobile, until=until.isoformat(), sealed=sealed(account.pk, code=code))
    outbox.announce(Change.SPOKEN_CODE, account=account.pk, at=at, payload=payload, systems=(System.SMS,))
