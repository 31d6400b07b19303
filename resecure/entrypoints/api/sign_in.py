"""Sign in by API: the password, then the steps that are owed, each under ``Authorization: SignIn <handle>``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Status

from resecure.entrypoints.api.access import SIGN_IN, client_of, handle_of
from resecure.entrypoints.api.schemas import (
    AupIn,
    AupOut,
    NewPasswordIn,
    ProfileIn,
    SecretIn,
    SessionOpened,
    SignInIn,
    StepsOwed,
    answers,
)
from resecure.entrypoints.api.second_factors import AppIn, AppToAddOut, SecondFactorIn, app_out
from resecure.identity.agreements import AupVersion, current_aup
from resecure.operations import add_second_factor as add_step
from resecure.operations import agree_to_aup as aup_step
from resecure.operations import check_profile as profile_step
from resecure.operations import choose_password as password_step
from resecure.operations import give_second_factor as factor_step
from resecure.operations import set_account_secret as secret_step
from resecure.operations import sign_in as first_step
from resecure.operations import stop_sign_in as stop
from resecure.operations.shared.enrolling import NewFactor, app_to_add
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.proving import Given
from resecure.operations.shared.step_frame import current, insist_on_turn
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import NotFound

router = Router(tags=["sign-in"])
_FIRST = answers({200: SessionOpened, 202: StepsOwed}, 400, 401, 415, 422, 429)
_FACTOR = answers({200: SessionOpened, 202: StepsOwed}, 400, 401, 409, 415, 422, 429)
_ADDED = answers({200: SessionOpened, 202: StepsOwed}, 400, 401, 409, 415, 422)
_STEP = answers({200: SessionOpened, 202: StepsOwed}, 400, 401, 409, 415, 422)


@router.post("/sign-in", auth=None, response=_FIRST)
def sign_in(request: HttpRequest, payload: SignInIn) -> HttpResponse:
    """A session, or a sign-in and the steps it owes. Every failure has the same answer."""
    return _answer(first_step.sign_in(payload.address, payload.password, client=client_of(request)))


@router.post("/sign-in/second-factor", auth=SIGN_IN, response=_FACTOR)
def give_second_factor(request: HttpRequest, payload: SecondFactorIn) -> HttpResponse:
    """A code of an authenticator app, or a recovery code; each once."""
    given = Given(code=payload.code)
    return _answer(factor_step.give_second_factor(handle_of(request), given, client=client_of(request)))


@router.post("/sign-in/authenticator-app", auth=SIGN_IN, response=answers({200: AppToAddOut}, 401, 409))
def ask_for_app_at_sign_in(request: HttpRequest) -> dict[str, Any]:
    """The key of an authenticator app to be added, for an administrator who has no second factor."""
    sign_in = current(handle_of(request))
    insist_on_turn(Step.ADD_SECOND_FACTOR, sign_in)
    return app_out(app_to_add(sign_in.account, bound_to=sign_in.pk))


@router.post("/sign-in/add-second-factor", auth=SIGN_IN, response=_ADDED)
def add_second_factor_at_sign_in(request: HttpRequest, payload: AppIn) -> HttpResponse:
    """The app is added by its first code. Recovery codes are in this answer and in no other."""
    new = NewFactor(challenge=payload.challenge, name=payload.name, code=payload.code)
    added = add_step.add_second_factor_at_sign_in(handle_of(request), new, client=client_of(request))
    return _answer(added.progress, recovery_codes=added.recovery_codes)


@router.post("/sign-in/new-password", auth=SIGN_IN, response=_STEP)
def choose_password(request: HttpRequest, payload: NewPasswordIn) -> HttpResponse:
    """The person chooses a password; the temporary one is dead."""
    return _answer(password_step.choose_password(handle_of(request), payload.password))


@router.post("/sign-in/aup", auth=SIGN_IN, response=_STEP)
def agree_to_aup(request: HttpRequest, payload: AupIn) -> HttpResponse:
    """The person agrees to the version they were shown."""
    return _answer(aup_step.agree_to_aup(handle_of(request), version=payload.version))


@router.post("/sign-in/profile", auth=SIGN_IN, response=_STEP)
def check_profile(request: HttpRequest, payload: ProfileIn) -> HttpResponse:
    """The person checks their profile."""
    return _answer(
        profile_step.check_profile(
            handle_of(request),
            given_name=payload.given_name,
            family_name=payload.family_name,
            mobile=payload.mobile,
            job_title=payload.job_title,
            language=payload.language,
        )
    )


@router.post("/sign-in/account-secret", auth=SIGN_IN, response=_STEP)
def set_account_secret(request: HttpRequest, payload: SecretIn) -> HttpResponse:
    """The person sets their account secret; the acceptance of the policy counts from now on."""
    return _answer(secret_step.set_account_secret(handle_of(request), payload.secret))


@router.delete("/sign-in", auth=SIGN_IN, response=answers({204: None}, 401))
def stop_sign_in(request: HttpRequest) -> Status[None]:
    """Stop before the last step: the handle is dead."""
    stop.stop_sign_in(handle_of(request))
    return Status(204, None)


@router.get("/aup", auth=None, response=answers({200: AupOut}, 404))
def aup(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001 - ninja's call
    """The acceptable use policy that must be accepted now. Public, as it must be read before a session opens."""
    try:
        current = current_aup()
    except AupVersion.DoesNotExist:
        raise NotFound from None
    return {"version": current.version, "text": current.text}


def _answer(progress: Progress, **more: Any) -> HttpResponse:
    # Written by hand: this is the busiest answer that has a body, and its two shapes are fixed.
    if progress.session is not None:
        return JsonResponse({"session": progress.session, **more})
    owed = [step.value for step in progress.owed]
    return JsonResponse({"sign_in": progress.handle, "owed": owed, **more}, status=202)
