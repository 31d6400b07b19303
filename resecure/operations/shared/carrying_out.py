"""A resecure, once all that stands against it has been asked: done by one person, or because a second one approved."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from resecure.audit import record
from resecure.audit.events import Event
from resecure.database.statements import queued
from resecure.identity import approvals, second_factors
from resecure.identity.accounts import Account
from resecure.identity.activity import Activity
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.resecurings import Resecuring
from resecure.identity.taking_back import take_back
from resecure.operations.shared.frame import Frame
from resecure.operations.shared.telling import reach_of, tell, told
from resecure.operations.shared.watching import raise_all, to_raise
from resecure.policy.organisation_policy import RESECURE_RESETS_FACTOR
from resecure.propagation import outbox
from resecure.propagation.models import Change, System


def carry_out_resecure(
    frame: Frame,
    *,
    by: Account,
    because: str,
    evidence: IdentityConfirmation,
    activity: Activity,
    key: str | None,
    approval: Approval | None = None,
) -> Resecuring:
    """The steps (2) to (8) of docs/operations/resecure.md, in one trip with the COMMIT. ``by``: who asked for it; with
    an ``approval``, the frame is that of the second person, and both are on record."""
    finish_by = frame.now + timedelta(days=settings.RESECURE.finish_within_days)
    # The fifth effect, where the policy of the place has it so.
    resets = frame.facts.policy.of(RESECURE_RESETS_FACTOR)
    factors = len(second_factors.of(frame.account.pk)) if resets else None
    alerts = to_raise(activity, frame, by=by)
    reach = reach_of(frame.account, at=frame.now, others=True)
    with queued(last=True):  # every write below, the record and the COMMIT, in one go; any error undoes all
        made = take_back(  # (2) to (6): the evidence is used up and the effects take place
            frame.account,
            by=by.pk,
            because=because,
            evidence=evidence,
            idempotency_key=key,
            now=frame.now,
            finish_by=finish_by,
            approval=approval.pk if approval else None,
            approved_by=frame.by.pk if approval else None,
            factors=factors,
        )
        # (7) rows; the worker delivers them once this has committed
        tell(Change.RESECURED, frame.account, at=frame.now, resecuring=made.pk, reach=reach, removed=factors)
        raise_all(alerts, frame, by=by)
        details = {
            "resecuring": str(made.pk),
            "because": because,
            "method": evidence.method,
            "reference": evidence.reference,
            **({} if factors is None else {"removed": factors}),
        }
        if approval is not None:
            approvals.move(approval, ApprovalState.EXECUTED, now=frame.now, decided_by=frame.by, resecuring=made.pk)
            tell_asker(frame, approval, by)
            frame.write_record(approval=str(approval.pk), operation=approval.operation, asked_by=str(by.pk))
            record.append(  # (8) the record; if it cannot be written, none of this happened
                Event.ACCOUNT_RESECURED,
                actor=by.pk,
                target=frame.account.pk,
                organisation_path=frame.account.organisation_path,
                at=frame.now,
                details={**details, "approval": str(approval.pk), "approved_by": str(frame.by.pk)},
            )
        else:
            frame.write_record(**details)
    return made


def tell_asker(frame: Frame, approval: Approval, asker: Account) -> None:
    """A mail to whoever asked: it has been decided."""
    outbox.announce(
        Change.APPROVAL_DECIDED,
        account=asker.pk,
        at=frame.now,
        payload=told(
            asker,
            about_name=frame.account.name,
            about_address=frame.account.address,
            about=str(frame.account.pk),
            approval=str(approval.pk),
        ),
        systems=(System.MAIL,),
    )


def requester_of(approval: Approval) -> Account | None:
    """Who asked, as they are now; None for an account that is gone."""
    return Account.objects.select_related("organisation").filter(pk=approval.asker).first()
