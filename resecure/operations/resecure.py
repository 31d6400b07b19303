"""Resecure: take an account back when nobody can tell any more who holds it."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import resecurings
from resecure.identity.accounts import Account
from resecure.identity.activity import Counting
from resecure.identity.confirmations import Purpose
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.operations.shared.carrying_out import carry_out_resecure
from resecure.operations.shared.frame import acting, insist
from resecure.operations.shared.second_person import Waits, ask_if_needed, know_again, required
from resecure.operations.shared.typed import request_key
from resecure.policy.evidence import contradiction, reasons_of_evidence, reasons_of_two_keys
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission


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
    nothing. Raises Refused with every reason at once, NotFound, or ApprovalRequired where a second person must approve:
    then nothing has happened but that they were asked. The numbers are those of docs/operations/resecure.md.
    """
    key = request_key(idempotency_key)
    made: Resecuring | None = None
    try:
        with acting(
            Event.ACCOUNT_RESECURED,
            account,
            by=by,
            permission=Permission.RESECURE,
            confirmation=confirmation,
            counting=Counting(operation=Purpose.RESECURE.value, key=key),
        ) as frame:
            # (0) The row is locked: no sign-in slips in between the steps, and a second click waits here.
            if key:
                _answer_as_before(account, by=by, key=key)
            arguments = {"because": because.value}
            know_again(frame, Purpose.RESECURE, confirmation=confirmation, arguments=arguments)
            evidence, missing = reasons_of_evidence(Purpose.RESECURE, frame.facts)
            missing += contradiction(because.value, evidence.method)
            missing += reasons_of_two_keys(Purpose.RESECURE, frame.facts)
            insist(Permission.RESECURE, frame, *missing)  # (1) may they, now, and do they know who it is?
            # Where one person is not enough, asking is all that happens; approve() does the rest.
            asked = ask_if_needed(frame, Purpose.RESECURE, evidence=evidence, arguments=arguments, key=key)
            if asked is None:
                assert frame.facts.activity is not None
                made = carry_out_resecure(  # (2) to (8): evidence, effects, deliveries, record, in one trip
                    frame,
                    by=by,
                    because=because.value,
                    evidence=evidence,
                    activity=frame.facts.activity,
                    key=key,
                )
    except _AskedBefore as before:
        return before.first
    except Waits as waits:
        raise required(waits.approval, by=by) from None
    if made is None:
        assert asked is not None
        raise required(asked, by=by)
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
