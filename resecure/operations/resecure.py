"""Resecure: take an account back when nobody can tell any more who holds it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.database.statements import queued
from resecure.identity import resecurings, second_factors
from resecure.identity.accounts import Account
from resecure.identity.confirmations import Purpose
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.identity.taking_back import take_back
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.telling import reach_of, tell
from resecure.operations.shared.typed import request_key
from resecure.policy.evidence import contradiction, reasons_of_evidence, reasons_of_two_keys
from resecure.policy.organisation_policy import RESECURE_RESETS_FACTOR
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation.models import Change


class _AskedBefore(Exception):
    """The same request came before; the transaction ends without a trace and the first answer is given."""

    def __init__(self, first: Resecuring) -> None:
        super().__init__()
        self.first = first


def resecure(
    account: UUID,
    *,
    by: Account,
    because: Trigger,
    confirmation: UUID | None,
    idempotency_key: str | None = None,
) -> Resecuring:
    """Take an account back when we can no longer tell who holds it.

    Afterwards no password, secret, acceptance, session or token of before counts, and where the policy has it so no
    second factor; nothing opens the account until ``set_temporary_password`` is called, and the person comes back
    by the steps of ``policy.next_sign_in``. Asked again with the same key, it returns the first resecuring and does
    nothing. Raises Refused with every reason at once, or NotFound. The numbers stand in docs/operations/resecure.md.
    """
    key = request_key(idempotency_key)
    try:
        with acting(
            Event.ACCOUNT_RESECURED, account, by=by, permission=Permission.RESECURE, confirmation=confirmation
        ) as frame:
            # (0) The row is locked: no sign-in slips in between the steps, and a second click waits here.
            if key:
                _answer_as_before(account, by=by, key=key)
            evidence, missing = reasons_of_evidence(Purpose.RESECURE, frame.facts)
            missing += contradiction(because.value, evidence.method)
            missing += reasons_of_two_keys(Purpose.RESECURE, frame.facts)
            insist(Permission.RESECURE, frame, *missing)  # (1) may they, now, and do they know who it is?
            finish_by = frame.now + timedelta(days=settings.RESECURE.finish_within_days)
            # The fifth effect, where the policy of the place has it so.
            resets = frame.facts.policy.of(RESECURE_RESETS_FACTOR)
            factors = len(second_factors.of(account)) if resets else None
            reach = reach_of(frame.account, at=frame.now, others=True)
            with queued(last=True):  # every write below, the record and the COMMIT, in one go; any error undoes all
                made = take_back(  # (2) to (6): the evidence is used up and the effects take place
                    frame.account,
                    by=by.pk,
                    because=because.value,
                    evidence=evidence,
                    idempotency_key=key,
                    now=frame.now,
                    finish_by=finish_by,
                    factors=factors,
                )
                # (7) rows; the worker delivers them once this has committed
                tell(Change.RESECURED, frame.account, at=frame.now, resecuring=made.pk, reach=reach, removed=factors)
                frame.write_record(  # (8) the record; if it cannot be written, none of this happened
                    resecuring=str(made.pk),
                    because=because.value,
                    method=evidence.method,
                    reference=evidence.reference,
                    **({} if factors is None else {"removed": factors}),
                )
    except _AskedBefore as before:
        return before.first
    return made


def _answer_as_before(account: UUID, *, by: Account, key: str) -> None:
    first = resecurings.asked_before(by=by.pk, key=key)
    if first is not None and first.account_id == account:
        raise _AskedBefore(first)
    if first is not None:
        raise Refused(
            Refusal(
                "idempotency_key_reused",
                _("This request repeats the key of another one."),
                _("Open the page again and start over."),
            )
        )
