"""What administrators do to an account. Each route is one call of one operation, which alone decides."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Header, Router, Status

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import (
    AccountState,
    CannotConfirmIn,
    CodeIn,
    CodeSent,
    ConfirmationIn,
    ConfirmationOut,
    JoinIn,
    LettersIn,
    LettersOut,
    QuestionOut,
    ResecureIn,
    ResecuringBegun,
    ShutIn,
    TemporaryPasswordIn,
    TemporaryPasswordOut,
    Text,
    UnlockIn,
    answers,
)
from resecure.entrypoints.api.shown import state_of
from resecure.operations import authenticate as authenticate_operation
from resecure.operations import confirm_identity as confirm_operation
from resecure.operations import delete as delete_operation
from resecure.operations import disable as disable_operation
from resecure.operations import enable as enable_operation
from resecure.operations import end_all_sessions as sessions_operation
from resecure.operations import join as join_operation
from resecure.operations import lift_authentication_lock as lift_operation
from resecure.operations import mark_as_leaver as leaver_operation
from resecure.operations import resecure as resecure_operation
from resecure.operations import restore as restore_operation
from resecure.operations import set_temporary_password as password_operation
from resecure.operations import unlock as unlock_operation
from resecure.policy.refusals import Refusal, Refused

router = Router(tags=["actions"])
_BODY = (400, 401, 403, 404, 409, 415, 422)
_PLAIN_NO = (401, 403, 404, 409)
_PLAIN = answers({200: AccountState}, *_PLAIN_NO)
_SHUT = answers({200: AccountState}, *_BODY)
Key = Annotated[Text, Header("", alias="Idempotency-Key")]


@router.post("/accounts/{uuid:account}/confirmations", response=answers({201: ConfirmationOut}, *_BODY))
def confirm_identity(request: HttpRequest, account: UUID, payload: ConfirmationIn) -> Status[dict[str, Any]]:
    """Write down how the caller was identified; good once, for this operation, for half an hour."""
    made = confirm_operation.confirm_identity(
        account,
        by=me_of(request),
        method=payload.method,
        reference=payload.reference,
        purpose=payload.operation,
        document=payload.document,
        code=payload.code,
    )
    return Status(201, {"id": made.pk, "operation": made.purpose, "expires_at": made.expires_at})


@router.post("/accounts/{uuid:account}/authenticate/question", response=answers({200: QuestionOut}, *_PLAIN_NO))
def ask_for_letters(request: HttpRequest, account: UUID) -> dict[str, Any]:
    """Which three letters of the account secret to ask the caller for: the same for everybody, until answered."""
    asked = authenticate_operation.ask_for_letters(account, by=me_of(request))
    return {
        "question": asked.id,
        "positions": asked.positions,
        "words": asked.words,
        "expires_at": asked.expires_at,
    }


@router.post("/accounts/{uuid:account}/authenticate", response=answers({200: LettersOut}, *_BODY))
def authenticate(request: HttpRequest, account: UUID, payload: LettersIn) -> dict[str, Any]:
    """Yes or no. A yes makes a confirmation for this operation; three noes at one account disable this for a while."""
    given = authenticate_operation.authenticate(
        account,
        by=me_of(request),
        question=payload.question,
        letters=payload.letters,
        purpose=payload.operation,
        reference=payload.reference,
    )
    made = given.confirmation
    return {
        "yes": given.yes,
        "confirmation": {"id": made.pk, "operation": made.purpose, "expires_at": made.expires_at} if made else None,
        "locked": given.locked,
        "locked_until": given.locked_until,
        "tries_left": given.tries_left,
    }


@router.post("/accounts/{uuid:account}/authenticate/lift", response=answers({204: None}, *_PLAIN_NO))
def lift_authentication_lock(request: HttpRequest, account: UUID) -> Status[None]:
    """Allow Authenticate User again; by a higher role than those who asked."""
    lift_operation.lift_authentication_lock(account, by=me_of(request))
    return Status(204, None)


@router.post("/accounts/{uuid:account}/confirmations/code", response=answers({201: CodeSent}, *_BODY))
def send_confirmation_code(request: HttpRequest, account: UUID, payload: CodeIn) -> Status[dict[str, Any]]:
    """Send six digits to the number on record, for a video call: they come back as ``code`` of a confirmation."""
    until = confirm_operation.send_confirmation_code(account, by=me_of(request), purpose=payload.operation)
    return Status(201, {"expires_at": until})


@router.post("/accounts/{uuid:account}/cannot-confirm", response=answers({204: None}, *_BODY))
def cannot_confirm_identity(request: HttpRequest, account: UUID, payload: CannotConfirmIn) -> Status[None]:
    """Write down that one was not sure who asked. Nothing else changes."""
    confirm_operation.cannot_confirm_identity(account, by=me_of(request), said=payload.said)
    return Status(204, None)


@router.post("/accounts/{uuid:account}/resecure", response=answers({200: ResecuringBegun}, *_BODY))
def resecure(request: HttpRequest, account: UUID, payload: ResecureIn, idempotency_key: Key = "") -> dict[str, Any]:
    """Take the account back. Sent again with the same Idempotency-Key, it gives the first answer."""
    made = resecure_operation.resecure(
        account,
        by=me_of(request),
        because=payload.because,
        confirmation=payload.confirmation,
        idempotency_key=_stored(idempotency_key) or None,
    )
    # An earlier request had this key but said something else: its answer would be taken for this one's.
    if (made.because, made.confirmation) != (payload.because, payload.confirmation):
        raise Refused(
            Refusal(
                "idempotency_key_reused",
                _("This request repeats the key of another one."),
                _("Send it with a new key."),
            )
        )
    return {
        "resecuring": made.pk,
        "account": made.account_id,
        "begun_at": made.begun_at,
        "finish_by": made.finish_by,
    }


@router.post("/accounts/{uuid:account}/temporary-password", response=answers({200: TemporaryPasswordOut}, *_BODY))
def reset_password(
    request: HttpRequest, account: UUID, payload: TemporaryPasswordIn, idempotency_key: Key = ""
) -> dict[str, Any]:
    """Set a temporary password. It is in this answer and in no other."""
    made = password_operation.set_temporary_password(
        account,
        by=me_of(request),
        typed=None if payload.generate else payload.password,
        require_change=payload.require_change,
        change_not_required_because=payload.reason,
        confirmation=payload.confirmation,
        seen_generation=payload.generation,
        idempotency_key=_stored(idempotency_key),
    )
    return {
        "password": made.password,
        "expires_at": made.expires_at if made.require_change else None,
        "require_change": made.require_change,
    }


@router.post("/accounts/{uuid:account}/unlock", response=answers({200: AccountState}, *_BODY))
def unlock(request: HttpRequest, account: UUID, payload: UnlockIn) -> dict[str, Any]:
    """Open an account that wrong passwords locked."""
    unlock_operation.unlock(account, by=me_of(request), confirmation=payload.confirmation)
    return state_of(account)


@router.post("/accounts/{uuid:account}/disable", response=_SHUT)
def disable(request: HttpRequest, account: UUID, payload: ShutIn | None = None) -> dict[str, Any]:
    """Shut the account until it is enabled."""
    disable_operation.disable(account, by=me_of(request), though_it_is_the_last=_said(payload))
    return state_of(account)


@router.post("/accounts/{uuid:account}/enable", response=_PLAIN)
def enable(request: HttpRequest, account: UUID) -> dict[str, Any]:
    """Open a disabled account."""
    enable_operation.enable(account, by=me_of(request))
    return state_of(account)


@router.post("/accounts/{uuid:account}/delete", response=_SHUT)
def delete(request: HttpRequest, account: UUID, payload: ShutIn | None = None) -> dict[str, Any]:
    """Close the account; it can be restored for 30 days."""
    delete_operation.delete(account, by=me_of(request), though_it_is_the_last=_said(payload))
    return state_of(account)


@router.post("/accounts/{uuid:account}/restore", response=_PLAIN)
def restore(request: HttpRequest, account: UUID) -> dict[str, Any]:
    """Bring a deleted account back."""
    restore_operation.restore(account, by=me_of(request))
    return state_of(account)


@router.post("/accounts/{uuid:account}/mark-as-leaver", response=_SHUT)
def mark_as_leaver(request: HttpRequest, account: UUID, payload: ShutIn | None = None) -> dict[str, Any]:
    """The person leaves the organisation; their roles end."""
    leaver_operation.mark_as_leaver(account, by=me_of(request), though_it_is_the_last=_said(payload))
    return state_of(account)


@router.post("/accounts/{uuid:account}/join", response=answers({200: AccountState}, *_BODY))
def join(request: HttpRequest, account: UUID, payload: JoinIn) -> dict[str, Any]:
    """Move a leaver's account to the organisation where the person works now."""
    join_operation.join(account, organisation_code=payload.organisation, by=me_of(request))
    return state_of(account)


@router.post("/accounts/{uuid:account}/end-all-sessions", response=_PLAIN)
def end_all_sessions(request: HttpRequest, account: UUID) -> dict[str, Any]:
    """End everything the person has open; they may sign in again."""
    sessions_operation.end_all_sessions(account, by=me_of(request))
    return state_of(account)


def _said(payload: ShutIn | None) -> bool:
    return payload is not None and payload.though_it_is_the_last


def _stored(key: str) -> str:
    """A key of any length and letters as one that fits its column, and that no other becomes."""
    return hashlib.sha256(key.encode()).hexdigest()[:48] if key else ""
