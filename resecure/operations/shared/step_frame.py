"""What every step of a sign-in stands in: the locked account, the living sign-in, its turn, its record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import sign_ins
from resecure.identity.accounts import Account
from resecure.identity.sign_ins import SignIn
from resecure.policy.next_sign_in import Step, still_owed
from resecure.policy.refusals import NotSignedIn, Refusal, Refused


@dataclass(kw_only=True)
class StepFrame:
    """A step under way."""

    account: Account
    sign_in: SignIn
    now: datetime
    details: dict[str, Any] = field(default_factory=dict)

    def owed(self) -> list[Step]:
        """What is owed now, read again."""
        return still_owed(self.account, self.sign_in)


def current(handle: str) -> SignIn:
    """The living sign-in behind a handle, for showing its next step. Raises NotSignedIn."""
    found = sign_ins.find(handle, now=timezone.now())
    if found is None:
        raise NotSignedIn
    return found


def owed_by(sign_in: SignIn) -> list[Step]:
    """What a sign-in still owes, in order."""
    return still_owed(sign_in.account, sign_in)


@contextmanager
def taking(step: Step, event: Event, handle: str) -> Iterator[StepFrame]:
    """Open the transaction of a step: the account is locked and the step is the next one owed.

    Skipped, repeated, out of order, or of a sign-in that died meanwhile: NotSignedIn or Refused, and
    nothing changes. The record is written in the same transaction.
    """
    now = timezone.now()
    found = sign_ins.find(handle, now=now)
    if found is None:
        raise NotSignedIn
    with transaction.atomic():
        account = Account.objects.locked(found.account_id)
        sign_in = sign_ins.locked(found.pk, account)
        if not sign_ins.lives(sign_in, account, now=now):
            raise NotSignedIn
        frame = StepFrame(account=account, sign_in=sign_in, now=now)
        owed = frame.owed()
        if not owed or owed[0] is not step:
            raise out_of_turn(owed)
        yield frame
        record.append(
            event,
            actor=account.pk,
            target=account.pk,
            organisation_path=account.organisation_path,
            at=now,
            details=frame.details,
        )


def out_of_turn(owed: list[Step]) -> Refused:
    """The refusal of a step whose turn it is not."""
    return Refused(
        Refusal(
            "not_this_step",
            "It is not the turn of this step.",
            f"Next: {owed[0].value}." if owed else "Sign in again.",
        )
    )


def note(sign_in: SignIn, **columns: object) -> None:
    """Write these columns of the sign-in, and no others."""
    for name, value in columns.items():
        setattr(sign_in, name, value)
    sign_in.save(update_fields=list(columns))
