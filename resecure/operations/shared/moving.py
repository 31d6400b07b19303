"""Moving an account along the table of statuses: the columns of its row that say where it is and was."""

from __future__ import annotations

from datetime import datetime

from resecure.identity.accounts import Account, Status
from resecure.policy.transitions import By, status_after


def columns_of_move(account: Account, how: By, *, now: datetime) -> dict[str, object] | None:
    """What to write for this move; None where the table does not allow it.

    A lock keeps the status that it interrupts, and since when; what leads out of Locked goes back there with that
    date. Otherwise whoever can type ten wrong passwords could make a leaver Active, or give somebody 30 days more.
    """
    after = status_after(account.status, how, was=account.interrupted)
    if after is None:
        return None
    if after is Status.LOCKED:
        kept = {"status_before_lock": account.status, "status_before_lock_since": account.status_since}
        return {"status": after, "status_since": now, **kept}
    # Active has no deadline of its own but idleness, which begins anew with what an administrator did.
    goes_on = after is not Status.ACTIVE and after == account.interrupted
    return {
        "status": after,
        "status_since": account.status_before_lock_since if goes_on else now,
        **NO_LOCK,
    }


NO_LOCK: dict[str, object] = {"status_before_lock": None, "status_before_lock_since": None}
