"""What a signed-in person does with their own account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Router, Status

from resecure.entrypoints.api.access import caller_of, client_of, me_of
from resecure.entrypoints.api.my_schemas import Me, ProfileChangeIn
from resecure.entrypoints.api.schemas import (
    ChangePasswordIn,
    SessionOpened,
    Sessions,
    answers,
)
from resecure.entrypoints.api.shown import me_again, me_out
from resecure.entrypoints.web.http import clear_session, set_session
from resecure.identity import sessions
from resecure.identity.pending_contacts import number_of
from resecure.operations import change_password as password_operation
from resecure.operations import check_profile as profile_operation
from resecure.operations import end_session as session_operation

router = Router(tags=["my account"])


@router.get("/me", response=answers({200: Me}, 401))
def me(request: HttpRequest) -> dict[str, Any]:
    """Who is signed in, and the roles they hold."""
    return me_out(me_of(request), session=caller_of(request).session)


@router.patch("/me", response=answers({200: Me}, 400, 401, 403, 415, 422))
def change_profile(request: HttpRequest, payload: ProfileChangeIn) -> dict[str, Any]:
    """Change one's own profile; what is not sent stays."""
    mine = me_of(request)
    profile_operation.change_profile(
        by=mine,
        given_name=mine.given_name if payload.given_name is None else payload.given_name,
        family_name=mine.family_name if payload.family_name is None else payload.family_name,
        mobile=number_of(mine) if payload.mobile is None else payload.mobile,
        job_title=mine.job_title if payload.job_title is None else payload.job_title,
        language=payload.language,
    )
    return me_again(mine, session=caller_of(request).session)


@router.post("/me/password", response=answers({200: SessionOpened}, 400, 401, 403, 415, 422, 429))
def change_password(request: HttpRequest, payload: ChangePasswordIn) -> HttpResponse:
    """Choose another password. Every session of before is over; the new one is in the answer."""
    session = password_operation.change_password(
        me_of(request).pk,
        old=payload.old,
        new=payload.new,
        client=client_of(request),
        session=caller_of(request).session,
    )
    if not caller_of(request).by_cookie:
        return JsonResponse({"session": session})
    # A script in a page must not get to hold what the cookie hides from it.
    response = JsonResponse({"session": None})
    set_session(response, session)
    return response


@router.get("/me/sessions", response=answers({200: Sessions}, 401))
def my_sessions(request: HttpRequest) -> dict[str, Any]:
    """Where one is signed in."""
    caller = caller_of(request)
    idle = timedelta(minutes=settings.RESECURE.session_idle_minutes)
    live = sessions.live(caller.account, now=timezone.now(), idle=idle)
    return {
        "items": [
            {
                "id": each.pk,
                "started_at": each.started_at,
                "last_seen_at": each.last_seen_at,
                "expires_at": each.expires_at,
                "client_address": each.client_address,
                "client_name": each.client_name,
                "current": each.pk == caller.session,
            }
            for each in live[:100]
        ]
    }


@router.post("/me/end-other-sessions", response=answers({204: None}, 401, 403))
def end_my_other_sessions(request: HttpRequest) -> Status[None]:
    """End every session of one's own but this one."""
    caller = caller_of(request)
    session_operation.end_my_other_sessions(caller.session, by=caller.account)
    return Status(204, None)


@router.delete("/me/sessions/{uuid:session}", response=answers({204: None}, 401, 403, 404))
def end_session(request: HttpRequest, session: UUID) -> Status[None]:
    """End one session of one's own."""
    session_operation.end_session(session, by=me_of(request))
    return Status(204, None)


@router.post("/sign-out", response=answers({204: None}, 401, 403, 404))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session that asks."""
    caller = caller_of(request)
    session_operation.sign_out(caller.session, by=caller.account)
    response = HttpResponse(status=204)
    if caller.by_cookie:
        clear_session(response)
    return response
