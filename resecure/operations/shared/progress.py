"""Where a sign-in stands, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from resecure.policy.next_sign_in import Step


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who is calling, as far as the network tells."""

    address: str | None
    name: str = ""
    # What the browser shows of having signed in before; nothing where it shows nothing.
    browser: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A session if nothing is owed, else a handle and what is, in order."""

    account: UUID
    session: str | None = field(default=None, repr=False)
    handle: str | None = field(default=None, repr=False)
    # For the browser to keep: shown again, it is known at this account.
    browser: str | None = field(default=None, repr=False)
    owed: list[Step] = field(default_factory=list)
