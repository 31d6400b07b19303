"""Where one person is not enough: asking for the second, knowing a request again, and who could be the second."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import approvals, confirmations
from resecure.identity.accounts import ACTIVE_BASED, Account
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import IdentityConfirmation, Method, Purpose
from resecure.identity.organisations import paths_above
from resecure.identity.roles import RoleGrant
from resecure.operations.shared.frame import Frame
from resecure.operations.shared.telling import told
from resecure.policy.actions import Facts, standing_for
from resecure.policy.approving import OPERATIONS, ApprovalRequired, Need, ends_at, is_overtaken, needs_second
from resecure.policy.confirmation_methods import reasons_against
from resecure.policy.refusals import Refusal, Refused
from resecure.policy.roles import Permission, role_of, standing_of
from resecure.propagation import outbox
from resecure.propagation.models import Change, System


class Waits(Exception):
    """It was asked for already; the transaction ends without a trace, and whoever asked is led to what waits."""

    def __init__(self, approval: Approval) -> None:
        super().__init__()
        self.approval = approval


def required(approval: Approval, *, by: Account) -> ApprovalRequired:
    """The answer to whoever asked: every rule in words, and what happens next."""
    reasons = [Refusal("approval_required", _waits_for(approval, by=by), _("It is done once they approve."))]
    reasons += [Refusal(each["code"], each["text"]) for each in approval.needs]
    return ApprovalRequired(approval, *reasons)


def _waits_for(approval: Approval, *, by: Account) -> str:
    if approval.asker == by.pk:
        return _("A second person must approve this, and has been asked.")
    return _("Another administrator has asked for this already; it waits for a second person.")


def know_again(frame: Frame, purpose: Purpose, *, confirmation: UUID | None, arguments: dict[str, Any]) -> None:
    """Raise Waits if the same request waits already. A key of a request that came to nothing is used up."""
    activity = frame.facts.activity
    if activity is None:
        return
    if activity.asked_with_key is not None:
        first = Approval.objects.get(pk=activity.asked_with_key)
        if (first.account_id, first.operation, first.arguments) != (frame.account.pk, purpose.value, arguments):
            raise Refused(
                Refusal(
                    "idempotency_key_reused",
                    _("This request repeats the key of another one."),
                    _("Open the page again and start over."),
                )
            )
        state = first.state_at(frame.now)
        if state is ApprovalState.WAITING:
            raise Waits(first)
        if state is not ApprovalState.EXECUTED:
            raise Refused(
                Refusal(
                    "approval_over",
                    _("It does not wait any more: %(state)s.") % {"state": state.label},
                    _("Whoever needs it asks again, with a new confirmation."),
                )
            )
    if activity.open_approval is not None:
        waiting = Approval.objects.get(pk=activity.open_approval)
        if waiting.state_at(frame.now) is ApprovalState.WAITING and waiting.confirmation == confirmation:
            raise Waits(waiting)


def approved_for(facts: Facts, purpose: Purpose, *, arguments: dict[str, Any] | None = None) -> Approval | None:
    """What a second person approved and this administrator may carry out now: the same thing, in time, while the
    account and both of them are as they were. None otherwise. Without ``arguments``: whatever it was asked with."""
    found = approvals.open_of(facts.account.pk, purpose)
    if (
        found is None
        or found.state_at(facts.now) is not ApprovalState.APPROVED
        or found.asker != facts.by.pk
        or (arguments is not None and found.arguments != arguments)
        or is_overtaken(found, facts.account, facts.by)
        or found.decided_by is None
        or reasons_against(Method(found.method), facts)
    ):
        return None
    second = Account.objects.filter(pk=found.decided_by).first()
    if second is None or found.decider_generation != second.generation:
        return None
    theirs = Facts.read(facts.account, by=second, now=facts.now)
    least = max(standing_for(OPERATIONS[purpose], facts), standing_of(facts.target_grants))
    return found if theirs.actor_still_acts and standing_for(OPERATIONS[purpose], theirs) >= least else None


def ask_if_needed(
    frame: Frame,
    purpose: Purpose,
    *,
    evidence: IdentityConfirmation,
    arguments: dict[str, Any],
    key: str | None = None,
) -> Approval | None:
    """None where one person is enough. Otherwise nothing is done but asking: the confirmation is used up by it, those
    who can approve have a mail, and the record says so. The caller has asked every other reason against it."""
    activity = frame.facts.activity
    assert activity is not None
    needs = needs_second(frame.facts, activity, purpose)
    if not needs:
        return None
    before = approvals.open_of(frame.account.pk, purpose)
    if before is not None:
        if not _is_over(before, frame):
            raise Waits(before)
        approvals.move(before, _ended(before, frame), now=frame.now)
    made = _made(frame, purpose, evidence, arguments, needs, key)
    confirmations.use(evidence.pk, now=frame.now)
    approvals.ask(made)
    seconds = _possible(frame, purpose)
    for each in seconds:
        outbox.announce(
            Change.APPROVAL_ASKED,
            account=each.pk,
            at=frame.now,
            payload=told(
                each,
                about_name=frame.account.name,
                about_address=frame.account.address,
                about=str(frame.account.pk),
                approval=str(made.pk),
                asked_by=frame.by.name,
            ),
            systems=(System.MAIL,),
        )
    frame.event = Event.APPROVAL_ASKED
    frame.details.clear()
    frame.details.update(
        approval=str(made.pk),
        operation=purpose.value,
        method=evidence.method,
        reference=evidence.reference,
        needs=[each.code for each in needs],
        told=len(seconds),
    )
    return made


def _is_over(approval: Approval, frame: Frame) -> bool:
    return approval.state_at(frame.now) not in approvals.OPEN or approval.generation != frame.account.generation


def _ended(approval: Approval, frame: Frame) -> ApprovalState:
    return ApprovalState.EXPIRED if frame.now >= approval.ends_at else ApprovalState.OVERTAKEN


def _made(
    frame: Frame,
    purpose: Purpose,
    evidence: IdentityConfirmation,
    arguments: dict[str, Any],
    needs: list[Need],
    key: str | None,
) -> Approval:
    return Approval(
        id=uuid4(),
        account_id=frame.account.pk,
        organisation_path=frame.account.organisation_path,
        operation=purpose.value,
        arguments=arguments,
        needs=[{"code": each.code, "text": each.text} for each in needs],
        confirmation=evidence.pk,
        method=evidence.method,
        reference=evidence.reference,
        asker=frame.by.pk,
        asker_generation=frame.by.generation,
        generation=frame.account.generation,
        idempotency_key=key,
        asked_at=frame.now,
        ends_at=ends_at(frame.now, settings.RESECURE.approval_minutes),
    )


def _possible(frame: Frame, purpose: Purpose, *, most: int = 10) -> list[Account]:
    """Those who could be the second person, of the nearest organisation that has one: told by mail, ten at most."""
    least = max(standing_for(OPERATIONS[purpose], frame.facts), standing_of(frame.facts.target_grants))
    rows = RoleGrant.objects.filter(
        withdrawn_at__isnull=True,
        organisation__path__in=paths_above(frame.account.organisation_path),
        account__status__in=ACTIVE_BASED,
    ).exclude(account__in=[frame.by.pk, frame.account.pk])
    found: dict[str, dict[UUID, Account]] = {}
    for grant in rows.select_related("organisation", "account__organisation").order_by("account_id"):
        role = role_of(grant)
        may = {OPERATIONS[purpose], Permission.APPROVE} <= role.permissions and role.standing >= least
        if may and grant.reaches(frame.account.organisation_path):
            found.setdefault(grant.organisation.path, {})[grant.account_id] = grant.account
    return list(found[max(found)].values())[:most] if found else []
