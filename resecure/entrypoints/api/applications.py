"""Applications: registering and changing them, their secrets; and those that one is signed in to oneself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Router, Status

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.application_schemas import (
    ApplicationOut,
    ApplicationRegistered,
    Applications,
    ApplicationSecretOut,
    MyApplications,
)
from resecure.entrypoints.api.schemas import ApplicationIn, ApplicationNewIn, answers
from resecure.identity import application_sessions
from resecure.identity.applications import Application, Kind
from resecure.operations import leave_application as leave_operation
from resecure.operations import register_application as operation
from resecure.operations.shared.application_frame import Registration, look_at_application, look_at_applications

router = Router(tags=["applications"])


@router.get("/applications", response=answers({200: Applications}, 401, 409))
def applications(request: HttpRequest) -> dict[str, Any]:
    """Every registered application, by name."""
    return {"items": [_shown(each) for each in look_at_applications(by=me_of(request))]}


@router.post("/applications", response=answers({201: ApplicationRegistered}, 400, 401, 403, 409, 415, 422))
def register_application(request: HttpRequest, payload: ApplicationNewIn) -> HttpResponse:
    """Register one. Its secret, where its kind has one, is in this answer and in no other."""
    made, secret = operation.register_application(_registration(payload), kind=Kind(payload.kind), by=me_of(request))
    return _once({**_shown(made), "secret": secret or None})


@router.get("/applications/{uuid:application}", response=answers({200: ApplicationOut}, 401, 404, 409))
def view_application(request: HttpRequest, application: UUID) -> dict[str, Any]:
    """One application, as it is registered."""
    return _shown(look_at_application(application, by=me_of(request)))


@router.put(
    "/applications/{uuid:application}", response=answers({200: ApplicationOut}, 400, 401, 403, 404, 409, 415, 422)
)
def change_application(request: HttpRequest, application: UUID, payload: ApplicationIn) -> dict[str, Any]:
    """Everything but its kind and its secrets is as sent from now on."""
    return _shown(operation.change_application(application, _registration(payload), by=me_of(request)))


@router.delete("/applications/{uuid:application}", response=answers({204: None}, 401, 403, 404, 409))
def remove_application(request: HttpRequest, application: UUID) -> Status[None]:
    """Nobody can sign in to it any more, and whoever is signed in there is signed out."""
    operation.remove_application(application, by=me_of(request))
    return Status(204, None)


@router.post(
    "/applications/{uuid:application}/secrets", response=answers({201: ApplicationSecretOut}, 401, 403, 404, 409)
)
def make_application_secret(request: HttpRequest, application: UUID) -> HttpResponse:
    """A new secret beside the one before. It is in this answer and in no other."""
    return _once({"secret": operation.make_application_secret(application, by=me_of(request))})


@router.delete("/applications/{uuid:application}/secrets/older", response=answers({204: None}, 401, 403, 404, 409))
def end_older_application_secrets(request: HttpRequest, application: UUID) -> Status[None]:
    """Only the newest secret counts from now on."""
    operation.end_older_application_secrets(application, by=me_of(request))
    return Status(204, None)


@router.get("/me/applications", response=answers({200: MyApplications}, 401))
def my_applications(request: HttpRequest) -> dict[str, Any]:
    """The applications that one is signed in to."""
    found = application_sessions.live(me_of(request), now=timezone.now())
    return {
        "items": [
            {"id": each.pk, "name": each.application.name, "started_at": each.started_at, "session": each.session_id}
            for each in found[:100]
        ]
    }


@router.delete("/me/applications/{uuid:session}", response=answers({204: None}, 401, 403, 404))
def leave_application(request: HttpRequest, session: UUID) -> Status[None]:
    """Sign out of one application, and stay signed in everywhere else."""
    leave_operation.leave_application(session, by=me_of(request))
    return Status(204, None)


def _registration(payload: ApplicationIn) -> Registration:
    return Registration(
        name=payload.name,
        address=payload.address,
        redirect_addresses=payload.redirect_addresses,
        after_sign_out_addresses=payload.after_sign_out_addresses,
        logout_address=payload.logout_address,
        question_address=payload.question_address,
        asks_each_time=payload.asks_each_time,
        organisations=payload.organisations,
    )


def _shown(application: Application) -> dict[str, Any]:
    codes = application.access.values_list("organisation__code", flat=True).order_by("organisation__path")
    return {
        "id": application.pk,
        "kind": application.kind,
        "name": application.name,
        "address": application.address,
        "redirect_addresses": application.redirect_addresses,
        "after_sign_out_addresses": application.after_sign_out_addresses,
        "logout_address": application.logout_address,
        "question_address": application.question_address,
        "asks_each_time": application.asks_each_time,
        "organisations": list(codes),
        "registered_at": application.registered_at,
        "changed_at": application.changed_at,
    }


def _once(said: dict[str, Any]) -> HttpResponse:
    """With a secret in it: no cache keeps it."""
    response = JsonResponse(said, status=201)
    response.headers["Cache-Control"] = "no-store"
    return response
