"""Set a temporary password: after a resecure, for a new account, or because the password was lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit.events import Event
from resecure.identity import approvals, confirmations, credentials, passwords, resecurings
from resecure.identity.accounts import Account
from resecure.identity.activity import activity_of
from resecure.identity.approvals import Approval, ApprovalState
from resecure.identity.confirmations import Purpose
from resecure.operations.shared.asked_before import Asked, key_was_used
from resecure.operations.shared.frame import RECORDED, Frame, acting, insist, record_refusal
from resecure.operations.shared.moving import columns_of_move
from resecure.operations.shared.second_person import Waits, approved_for, ask_if_needed, know_again, required
from resecure.operations.shared.telling import tell
from resecure.operations.shared.typed import one_line
from resecure.policy.actions import Facts, insist_on_scope
from resecure.policy.evidence import reasons_of_evidence, reasons_of_two_keys, reset_needs_evidence
from resecure.policy.generated_passwords import generate
from resecure.policy.passwords import faults_of_temporary_password, faults_of_typed_temporary_password
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.policy.transitions import By
from resecure.propagation.models import Change


@dataclass(frozen=True, kw_only=True)
class TemporaryPassword:
    """Shown once. ``password`` is None in the answer to a repeated request: it was shown before."""

    password: str | None = field(repr=False)
    expires_at: datetime
    require_change: bool


class _AskedBefore(Exception):
    """The same request came before; the transaction ends without a trace."""


def set_temporary_password(
    account: UUID,
    *,
    by: Account,
    typed: str | None = None,
    require_change: bool = True,
    change_not_required_because: str = "",
    confirmation: UUID | None = None,
    seen_generation: int | None = None,
    idempotency_key: str = "",
) -> TemporaryPassword:
    """Give the person a password that opens one sign-in, once, within 24 hours.

    Afterwards every session and half-finished sign-in is over, a Locked or Inactive account is Active (that of a
    leaver Active (Leaver) again), and the password given before is dead. ``typed`` None: random words are generated.
    Needs a confirmation as :func:`resecure.policy.evidence.reset_needs_evidence` says.
    ``seen_generation`` is what the page showed: if somebody acted since, nothing happens. Asked again with the
    same key, it answers without the password; another request under that key is refused. Raises Refused,
    NotFound, Invalid; ApprovalRequired where a second person must approve first: then nothing else has happened.
    """
    seen = None
    try:
        seen = _look(account, by=by)
        repeated = key_was_used(seen.temporary_password_key, idempotency_key, by=by)
        password = generate(seen) if typed is None else _acceptable(typed, seen, repeated=repeated)
    except RECORDED as refusal:
        permission = Permission.RESET_PASSWORD.value
        where = seen.organisation_path if seen else None
        record_refusal(refusal, account=account, by=by, now=timezone.now(), asked=permission, organisation_path=where)
        raise
    # Hashed before the row is locked: the lock is held for milliseconds, whatever the hash costs.
    hashed = passwords.hashed(password)
    asked = Asked.of(
        account,
        by=by,
        idempotency_key=idempotency_key,
        typed=typed,
        require_change=require_change,
        because=change_not_required_because,
        seen_generation=seen_generation,
        confirmation=confirmation,
    )
    try:
        with acting(
            Event.TEMPORARY_PASSWORD_SET,
            account,
            by=by,
            permission=Permission.RESET_PASSWORD,
            confirmation=confirmation,
        ) as frame:
            if asked is not None and asked.has_the_key_of(frame.account.temporary_password_key):
                _answer_as_before(asked, frame.account.temporary_password_key)
            reasons = _reasons_of_waiving(require_change, change_not_required_because)
            if frame.account.generation != (seen.generation if seen_generation is None else seen_generation):
                reasons.append(_changed_meanwhile())
            arguments = {
                "require_change": require_change,
                "because": "" if require_change else one_line(change_not_required_because)[:200],
            }
            waiting = _insist_with_evidence(frame, reasons, confirmation=confirmation, arguments=arguments)
            expires_at = frame.now + timedelta(hours=settings.RESECURE.temporary_password_hours)
            if waiting is None:
                _set(frame, hashed, expires_at=expires_at, require_change=require_change, asked=asked)
                frame.details.update(generated=typed is None, require_change=require_change)
                if not require_change:
                    frame.details.update(change_not_required_because=arguments["because"])
    except _AskedBefore:
        return _as_before(account)
    except Waits as waits:
        raise required(waits.approval, by=by) from None
    if waiting is not None:
        raise required(waiting, by=by)
    return TemporaryPassword(password=password, expires_at=expires_at, require_change=require_change)


def _set(frame: Frame, hashed: str, *, expires_at: datetime, require_change: bool, asked: Asked | None) -> None:
    write = credentials.set_temporary_password if require_change else credentials.set_password
    write(
        frame.account,
        password=hashed,
        now=frame.now,
        by=frame.by.pk,
        temporary_password_expires_at=expires_at if require_change else None,
        temporary_password_key=asked.kept if asked else "",
        **_status_columns(frame),
    )
    resecurings.note_temporary_password(frame.account.pk, by=frame.by.pk, now=frame.now)
    tell(
        Change.PASSWORD_RESET,
        frame.account,
        at=frame.now,
        resecuring=frame.facts.resecuring.pk if frame.facts.resecuring else None,
    )


def _as_before(account: UUID) -> TemporaryPassword:
    """The answer to a repeated request. The person may have chosen their own password since."""
    now_stored = Account.objects.get(pk=account)
    assert now_stored.password_set_at is not None
    expires_at = now_stored.temporary_password_expires_at or now_stored.password_set_at + timedelta(
        hours=settings.RESECURE.temporary_password_hours
    )
    return TemporaryPassword(password=None, expires_at=expires_at, require_change=now_stored.password_is_temporary)


def _answer_as_before(asked: Asked, kept: str) -> None:
    if asked.says_what_was_kept(kept):
        raise _AskedBefore
    raise Refused(key_reused())


def key_reused() -> Refusal:
    """The answer to another request under a key that was used: that of the first would be taken for its own."""
    return Refusal(
        "idempotency_key_reused",
        _("This request repeats the key of another one."),
        _("Open the page again and start over."),
    )


def _changed_meanwhile() -> Refusal:
    return Refusal(
        "changed_meanwhile",
        _("Somebody else acted on this account a moment ago."),
        _("Look at the account again before you go on."),
    )


def _look(account: UUID, *, by: Account) -> Account:
    found = Account.objects.select_related("organisation").filter(pk=account).first()
    if found is None:
        # Unknown costs what out of scope costs.
        insist_on_scope(Facts.read(Account(pk=account), by=by, now=timezone.now()))
        raise NotFound
    # Before anything is hashed or said about the password: a stranger learns nothing, not even by time.
    insist_on_scope(Facts.read(found, by=by, now=timezone.now()))
    return found


def _acceptable(typed: str, account: Account, *, repeated: bool) -> str:
    """What was typed, if it may be used. Asked again, it is the account's present password by now: that is no fault."""
    if not settings.RESECURE.temporary_password_may_be_typed:
        raise Refused(
            Refusal(
                "typing_not_allowed",
                _("Temporary passwords are not typed here."),
                _("Use Generate Password."),
            )
        )
    faults_of = faults_of_temporary_password if repeated else faults_of_typed_temporary_password
    if faults := faults_of(typed, account):
        raise Invalid({"password": faults})
    return typed


def _reasons_of_waiving(require_change: bool, because: str) -> list[Refusal]:
    if require_change:
        return []
    if settings.RESECURE.require_password_change_always:
        return [
            Refusal(
                "change_must_be_required",
                _("The policy does not allow a temporary password to be kept."),
                _("Tick Require Password Change at Next logon."),
            )
        ]
    if not because.strip():
        return [
            Refusal(
                "reason_missing",
                _("You unticked Require Password Change at Next logon without saying why."),
                _("Enter the reason, or tick it again."),
            )
        ]
    return []


def _insist_with_evidence(
    frame: Frame, reasons: list[Refusal], *, confirmation: UUID | None, arguments: dict[str, Any]
) -> Approval | None:
    """Under the lock: of two who set the first temporary password at once, the second set another one. Returns what
    now waits for a second person, or None where the password may be set."""
    if not reset_needs_evidence(frame.facts):
        insist(Permission.RESET_PASSWORD, frame, *reasons)
        return None
    purpose = Purpose.RESET_PASSWORD
    frame.facts.activity = activity_of(frame.account.pk, by=frame.by.pk, now=frame.now, operation=purpose.value)
    if (approved := approved_for(frame.facts, purpose, arguments=arguments)) is not None:
        insist(Permission.RESET_PASSWORD, frame, *reasons)
        approvals.move(approved, ApprovalState.EXECUTED, now=frame.now)
        frame.details.update(
            method=approved.method,
            reference=approved.reference,
            approval=str(approved.pk),
            approved_by=str(approved.decided_by),
        )
        return None
    know_again(frame, purpose, confirmation=confirmation, arguments=arguments)
    evidence, missing = reasons_of_evidence(purpose, frame.facts)
    missing += reasons_of_two_keys(purpose, frame.facts)
    insist(Permission.RESET_PASSWORD, frame, *reasons, *missing)
    if (asked := ask_if_needed(frame, purpose, evidence=evidence, arguments=arguments)) is not None:
        return asked
    confirmations.use(evidence.pk, now=frame.now)
    frame.details.update(method=evidence.method, reference=evidence.reference)
    return None


def _status_columns(frame: Frame) -> dict[str, object]:
    """A new account is complete now; an Inactive one is Active again, and so is a Locked one, unless it was
    Active (Leaver); any other stays as it is."""
    for how in (By.CREATION, By.RESET_PASSWORD):
        if (moved := columns_of_move(frame.account, how, now=frame.now)) is not None:
            return moved
    return {}
