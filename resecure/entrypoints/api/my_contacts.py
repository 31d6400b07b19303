"""A new address or number of one's own, which counts once its code was typed back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from resecure.entrypoints.api.access import caller_of, me_of
from resecure.entrypoints.api.my_schemas import Me
from resecure.entrypoints.api.schemas import Text, answers
from resecure.entrypoints.api.shown import me_again
from resecure.identity.contacts import Kind
from resecure.operations import confirm_contact as operation

router = Router(tags=["my account"])


class AddressIn(Schema):
    address: Text


class ContactCodeIn(Schema):
    code: Text


@router.post("/me/address", response=answers({202: Me}, 400, 401, 403, 415, 422))
def ask_for_address(request: HttpRequest, payload: AddressIn) -> Status[dict[str, Any]]:
    """Ask for another address. A code is sent there; until it comes back, the account keeps the one it has."""
    operation.ask_for_address(payload.address, by=me_of(request))
    return Status(202, me_again(me_of(request), session=caller_of(request).session))


@router.post("/me/contacts/{kind}/code", response=answers({204: None}, 401, 403, 404, 409, 422))
def send_another_code(request: HttpRequest, kind: Kind) -> Status[None]:
    """Send another code there; the one before counts no more."""
    operation.send_another_code(kind, by=me_of(request))
    return Status(204, None)


@router.post("/me/contacts/{kind}/confirm", response=answers({200: Me}, 400, 401, 403, 404, 409, 415, 422))
def confirm_contact(request: HttpRequest, kind: Kind, payload: ContactCodeIn) -> dict[str, Any]:
    """The code, as it came: from now on the account has the new one."""
    operation.confirm_contact(kind, payload.code, by=me_of(request))
    return me_again(me_of(request), session=caller_of(request).session)


@router.delete("/me/contacts/{kind}", response=answers({204: None}, 401, 403, 422))
def withdraw_contact(request: HttpRequest, kind: Kind) -> Status[None]:
    """Give up what waits; the account keeps what it has."""
    operation.withdraw_contact(kind, by=me_of(request))
    return Status(204, None)
