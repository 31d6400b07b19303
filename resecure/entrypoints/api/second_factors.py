"""One's own second factors by API. A passkey is added in a browser, whose authenticator makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Schema, Status
from pydantic import AfterValidator, Field

from resecure.entrypoints.api.access import caller_of, client_of, me_of
from resecure.entrypoints.api.schemas import AccountState, Text, _storable, answers
from resecure.entrypoints.api.shown import state_of
from resecure.entrypoints.web.http import set_session
from resecure.identity import second_factors
from resecure.operations import add_second_factor as add_operation
from resecure.operations import make_recovery_codes as codes_operation
from resecure.operations import remove_second_factor as remove_operation
from resecure.operations import rename_second_factor as rename_operation
from resecure.operations import reset_second_factor as reset_operation
from resecure.operations import step_up as step_up_operation
from resecure.operations.shared.enrolling import AppToAdd, NewFactor, app_to_add
from resecure.operations.shared.frame import insist_proven_or_new
from resecure.operations.shared.proving import Given

router = Router(tags=["second-factor"])
Code = Annotated[str, AfterValidator(_storable), Field(max_length=60, json_schema_extra={"format": "password"})]


class SecondFactorIn(Schema):
    code: Code


class AppIn(Schema):
    """The first code of an app, and the challenge that came with its key."""

    challenge: UUID
    code: Code
    name: Text = ""


class NameIn(Schema):
    name: Text


class ConfirmedIn(Schema):
    confirmation: UUID | None = None


class AppToAddOut(Schema):
    """What an app takes: the key, or the address that a picture would hold."""

    challenge: UUID
    secret: str
    address: str


class FactorOut(Schema):
    id: UUID
    kind: str
    name: str
    added_at: datetime
    last_used_at: datetime | None


class Factors(Schema):
    items: list[FactorOut]
    recovery_codes_left: int


class FactorAdded(Schema):
    """``session`` takes the place of the one that asked; null where a browser asked by cookie."""

    session: str | None
    recovery_codes: list[str]


class RecoveryCodes(Schema):
    recovery_codes: list[str]


@router.post("/me/step-up", response=answers({204: None}, 400, 401, 403, 415, 422, 429))
def step_up(request: HttpRequest, payload: SecondFactorIn) -> Status[None]:
    """Give a second factor again, in this session; what asked for it is then answered, for some minutes."""
    step_up_operation.step_up(Given(code=payload.code), by=me_of(request), client=client_of(request))
    return Status(204, None)


@router.get("/me/second-factors", response=answers({200: Factors}, 401))
def my_second_factors(request: HttpRequest) -> dict[str, Any]:
    """One's passkeys and apps, and how many recovery codes are left."""
    me = me_of(request)
    return {
        "items": [
            {
                "id": each.pk,
                "kind": each.kind,
                "name": each.name,
                "added_at": each.added_at,
                "last_used_at": each.last_used_at,
            }
            for each in second_factors.of(me.pk)
        ],
        "recovery_codes_left": second_factors.recovery_codes_left(me.pk),
    }


@router.post("/me/authenticator-app", response=answers({200: AppToAddOut}, 401, 403))
def ask_for_app(request: HttpRequest) -> dict[str, Any]:
    """The key of an authenticator app to be added."""
    caller = caller_of(request)
    insist_proven_or_new(caller.account)
    return app_out(app_to_add(caller.account, bound_to=caller.session))


@router.post("/me/second-factors", response=answers({200: FactorAdded}, 400, 401, 403, 409, 415, 422))
def add_second_factor(request: HttpRequest, payload: AppIn) -> HttpResponse:
    """The app is added by its first code; every other session ends, and this one goes on under a new token."""
    new = NewFactor(challenge=payload.challenge, name=payload.name, code=payload.code)
    added = add_operation.add_second_factor(new, by=me_of(request), client=client_of(request))
    return _in_fresh_session(request, added.progress.session, recovery_codes=added.recovery_codes)


@router.patch("/me/second-factors/{uuid:factor}", response=answers({204: None}, 400, 401, 403, 404, 415, 422))
def rename_second_factor(request: HttpRequest, factor: UUID, payload: NameIn) -> Status[None]:
    """Call one of one's own something else."""
    rename_operation.rename_second_factor(factor, name=payload.name, by=me_of(request))
    return Status(204, None)


@router.delete("/me/second-factors/{uuid:factor}", response=answers({200: FactorAdded}, 401, 403, 404, 409))
def remove_second_factor(request: HttpRequest, factor: UUID) -> HttpResponse:
    """Remove one of one's own; every other session ends, and this one goes on under a new token."""
    token = remove_operation.remove_second_factor(factor, by=me_of(request), client=client_of(request))
    return _in_fresh_session(request, token, recovery_codes=[])


@router.post("/me/recovery-codes", response=answers({200: RecoveryCodes}, 401, 403, 409))
def make_recovery_codes(request: HttpRequest) -> dict[str, Any]:
    """Ten new ones; those of before no longer work. They are in this answer and in no other."""
    return {"recovery_codes": codes_operation.make_recovery_codes(by=me_of(request))}


@router.post(
    "/accounts/{uuid:account}/reset-second-factor",
    response=answers({200: AccountState}, 400, 401, 403, 404, 409, 415, 422),
)
def reset_second_factor(request: HttpRequest, account: UUID, payload: ConfirmedIn) -> dict[str, Any]:
    """Take away every passkey, app and recovery code of a person who lost theirs."""
    reset_operation.reset_second_factor(account, by=me_of(request), confirmation=payload.confirmation)
    return state_of(account)


def app_out(app: AppToAdd) -> dict[str, Any]:
    return {"challenge": app.challenge, "secret": app.secret, "address": app.address}


def _in_fresh_session(request: HttpRequest, token: str | None, **more: Any) -> HttpResponse:
    if not caller_of(request).by_cookie:
        return JsonResponse({"session": token, **more})
    # A script in a page must not get to hold what the cookie hides from it.
    response = JsonResponse({"session": None, **more})
    set_session(response, token or "")
    return response
