"""Resecurings: the effects, and how far each connected system has got."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import CloseIn, ResecuringOut, answers
from resecure.identity.resecurings import Resecuring
from resecure.operations.close_delivery import close_delivery
from resecure.operations.shared.looking import look_at
from resecure.policy.refusals import NotFound
from resecure.propagation import outbox

router = Router(tags=["resecurings"])


@router.get("/resecurings/{uuid:resecuring}", response=answers({200: ResecuringOut}, 401, 404))
def view_resecuring(request: HttpRequest, resecuring: UUID) -> dict[str, Any]:
    """One resecuring. ``complete`` only when no connected system still waits, has failed, or must be asked."""
    found = Resecuring.objects.filter(pk=resecuring).first()
    # For an unknown one the account is looked for all the same: the time must not tell the two apart.
    look_at(found.account_id if found else resecuring, by=me_of(request))
    if found is None:
        raise NotFound
    systems = outbox.progress(resecuring=found.pk)
    # One transaction did all of them, so they have one time.
    effect = {"at": found.begun_at}
    return {
        "id": found.pk,
        "account": found.account_id,
        "by": found.by,
        "because": found.because,
        "begun_at": found.begun_at,
        "finish_by": found.finish_by,
        "temporary_password_set_at": found.temporary_password_set_at,
        "ended_at": found.ended_at,
        "outcome": found.outcome or None,
        "effects": {
            "password_reset": effect,
            "aup_status_reset": effect,
            "account_secret_reset": effect,
            "all_sessions_revoked": effect,
            "second_factor_reset": effect if found.second_factors_removed is not None else None,
        },
        "systems": [
            {
                "delivery": each.delivery,
                "system": each.system.value,
                "name": each.name,
                "change": each.change.value,
                "state": each.state.value,
                "requested_at": each.requested_at,
                "told_at": each.told_at,
                "acknowledged_at": each.acknowledged_at,
                "confirmed_at": each.confirmed_at,
                "milliseconds": each.milliseconds,
                "attempts": each.attempts,
                "failed_because": each.because,
                "closed_at": each.closed_at,
                "closed_by": each.closed_by,
                "closed_because": each.closed_because,
            }
            for each in systems
        ],
        "complete": not any(each.is_open or each.is_closed for each in systems),
        "closed": not any(each.is_open for each in systems) and any(each.is_closed for each in systems),
    }


@router.post(
    "/resecurings/{uuid:resecuring}/deliveries/{uuid:delivery}/close",
    response=answers({200: ResecuringOut}, 400, 401, 403, 404, 409, 415, 422),
)
def close(request: HttpRequest, resecuring: UUID, delivery: UUID, payload: CloseIn) -> dict[str, Any]:
    """Say that a connected system can never be told of this, and why. It stays neither told nor confirmed."""
    close_delivery(delivery, resecuring=resecuring, because=payload.because, by=me_of(request))
    return view_resecuring(request, resecuring)
