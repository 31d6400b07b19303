"""What every step of a sign-in stands in: the locked account, the living sign-in, its turn, its record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import sign_ins, throttles
from resecure.identity.accounts import Account
from resecure.identity.sign_ins import SignIn
from resecure.policy.next_sign_in import Step, still_owed
from resecure.policy.refusals import NotSignedIn, Refusal, Refused

# Refusals that go on record for one sign-in. Whoever holds a handle must not be able to fill the disc with it.
MOST_RECORDS = 10


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
    nothing changes. The record is written in the same transaction; a refusal has one of its own.
    """
    now = timezone.now()
    found = sign_ins.find(handle, now=now)
    if found is None:
        raise NotSignedIn
    try:
        with living(found, now=now) as frame:
            owed = frame.owed()
            if not owed or owed[0] is not step:
                raise _out_of_turn(owed)
            yield frame
            record.append(
                event,
                actor=frame.account.pk,
                target=frame.account.pk,
                organisation_path=frame.account.organisation_path,
                at=now,
                details=frame.details,
            )
    except Refused as refusal:
        _record_refusal(refusal, step, found, now=now)
        raise


@contextmanager
def living(found: SignIn, *, now: datetime) -> Iterator[StepFrame]:
    """Open a transaction in which the account and this sign-in of it are locked. Raises NotSignedIn if the
    sign-in has died since it was found."""
    with transaction.atomic():
        account = Account.objects.locked(found.account_id)
        sign_in = sign_ins.locked(found.pk, account)
        if not sign_ins.lives(sign_in, account, now=now):
            raise NotSignedIn
        yield StepFrame(account=account, sign_in=sign_in, now=now)


def insist_on_turn(step: Step, sign_in: SignIn) -> None:
    """Raise Refused, with the refusal on record, unless it is the turn of this step. Asked before any work is
    done for it; :func:`taking` asks again under the lock."""
    owed = owed_by(sign_in)
    if not owed or owed[0] is not step:
        refusal = _out_of_turn(owed)
        _record_refusal(refusal, step, sign_in, now=timezone.now())
        raise refusal


def _record_refusal(refusal: Refused, step: Step, sign_in: SignIn, *, now: datetime) -> None:
    """In a transaction of its own, as that of the step is undone. Nothing of what was typed is in it."""
    key = throttles.key_of("step refused", str(sign_in.pk))
    with transaction.atomic():
        if throttles.leaves_room(key, most=MOST_RECORDS, now=now, window=timedelta(days=1)):
            record.append(
                Event.SIGN_IN_STEP_REFUSED,
                actor=sign_in.account_id,
                target=sign_in.account_id,
                organisation_path=sign_in.account.organisation_path,
                at=now,
                details={"step": step.value, "reasons": [each.code for each in refusal.reasons]},
            )


def _out_of_turn(owed: list[Step]) -> Refused:
    return Refused(
        Refusal(
            "not_this_step",
            _("It is not the turn of this step."),
            _("Next: %(step)s.") % {"step": owed[0].value} if owed else _("Sign in again."),
        )
    )


def note(sign_in: SignIn, **columns: object) -> None:
    """Write these columns of the sign-in, and no others."""
    for name, value in columns.items():
        setattr(sign_in, name, value)
    sign_in.save(update_fields=list(columns))
