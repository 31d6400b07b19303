"""Errors of the API: application/problem+json (RFC 9457) with a stable ``code``, every reason, every field."""

from __future__ import annotations

import json
import traceback
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from resecure.policy.approving import ApprovalRequired
from resecure.policy.refusals import (
    Invalid,
    NotFound,
    NotSignedIn,
    PolicyNotPublished,
    Refused,
    SecondFactorNeeded,
    Throttled,
)

CONTENT_TYPE = "application/problem+json"
BEARER = 'Bearer realm="resecure"'
CHALLENGE = 'Bearer realm="resecure", SignIn realm="resecure"'
log = structlog.get_logger("api")


class Forbidden(Exception):
    """Who asks is known, and may not use this call at all."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotJson(Exception):
    """The body is of another media type than application/json."""


def problem(*, status: int, code: str, title: str, detail: str = "", **more: Any) -> HttpResponse:
    """An answer in the one form that all errors have. Nothing of what was sent is repeated in it."""
    body = {"type": "about:blank", "status": status, "code": code, "title": title, "detail": detail, **more}
    response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def not_signed_in() -> HttpResponse:
    """One answer for every cause: unknown, wrong, over, locked, out of date, missing."""
    response = problem(
        status=401,
        code="not_signed_in",
        title=_("You are not signed in"),
        detail=_("The address, password, session or sign-in does not pass."),
    )
    response["WWW-Authenticate"] = CHALLENGE
    return response


def not_found() -> HttpResponse:
    """The same for what does not exist and for what the caller may not see."""
    return problem(status=404, code="not_found", title=_("There is no such thing"))


def not_allowed(allowed: str) -> HttpResponse:
    """The path exists, the method does not."""
    response = problem(status=405, code="method_not_allowed", title=_("This path does not take this method"))
    response["Allow"] = ", ".join(sorted(allowed.split(", ")))  # it comes from a set, in any order
    return response


def install(api: NinjaAPI) -> None:
    """Give every exception that can leave an operation its answer."""
    handlers: dict[type[Exception], Any] = {
        Refused: _refused,
        Invalid: _invalid,
        ValidationError: _malformed,
        NotFound: lambda _request, _exc: not_found(),
        Http404: lambda _request, _exc: not_found(),
        NotSignedIn: lambda _request, _exc: not_signed_in(),
        Throttled: _throttled,
        SecondFactorNeeded: _second_factor_needed,
        PolicyNotPublished: _not_ready,
        Forbidden: _forbidden,
        HttpError: _http_error,
        RequestDataTooBig: _too_big,
        UnreadablePostError: _unreadable,
        OperationalError: _unavailable,
        InterfaceError: _unavailable,
        IntegrityError: _raced,
        Exception: _fault,
    }
    for exception, handler in handlers.items():
        api.add_exception_handler(exception, handler)


def _refused(_request: HttpRequest, refusal: Refused) -> HttpResponse:
    reasons = [{"code": each.code, "text": each.text, "instead": each.instead} for each in refusal.reasons]
    if isinstance(refusal, ApprovalRequired):
        # Nothing has happened yet, and nothing is wrong: a second person has been asked.
        waiting = {"id": str(refusal.approval.pk), "ends_at": refusal.approval.ends_at.isoformat()}
        return problem(
            status=409,
            code="approval_required",
            title=_("A second person must approve this"),
            detail=" ".join(each.whole for each in refusal.reasons),
            reasons=reasons,
            approval={**waiting, "url": f"/api/v1/approvals/{refusal.approval.pk}"},
        )
    return problem(
        status=409,
        code=reasons[0]["code"] if len(reasons) == 1 else "refused",
        title=_("That was not done"),
        detail=" ".join(each.whole for each in refusal.reasons),
        reasons=reasons,
    )


def _invalid(_request: HttpRequest, wrong: Invalid) -> HttpResponse:
    return _fields(wrong.errors)


# What a field of the wrong form is told. A kind that is not here keeps the words of the parser, which are English.
_MALFORMED = {
    "missing": gettext_lazy("This is missing."),
    "string_type": gettext_lazy("Send a text."),
    "string_too_long": gettext_lazy("Send at most %(max_length)d characters."),
    "bool_type": gettext_lazy("Send true or false."),
    "bool_parsing": gettext_lazy("Send true or false."),
    "int_type": gettext_lazy("Send a whole number."),
    "int_parsing": gettext_lazy("Send a whole number."),
    "int_from_float": gettext_lazy("Send a whole number."),
    "greater_than_equal": gettext_lazy("Send %(ge)s or more."),
    "less_than_equal": gettext_lazy("Send %(le)s or less."),
    "less_than": gettext_lazy("Send less than %(lt)s."),
    "uuid_type": gettext_lazy("Send an identifier (UUID)."),
    "uuid_parsing": gettext_lazy("Send an identifier (UUID)."),
    "enum": gettext_lazy("Send one of %(expected)s."),
    "literal_error": gettext_lazy("Send one of %(expected)s."),
    "model_attributes_type": gettext_lazy("Send a JSON object."),
    "model_type": gettext_lazy("Send a JSON object."),
    "dict_type": gettext_lazy("Send a JSON object."),
}


def _malformed(_request: HttpRequest, wrong: ValidationError) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    for each in wrong.errors:
        # ("body", "payload", "address"): the caller knows the last name; the first two are ours. What was
        # typed stands in the error as well and is left out: it may be a password.
        path = [str(part) for part in each["loc"] if part not in {"body", "payload", "query", "header", "path"}]
        words = _MALFORMED.get(each["type"])
        text = words % each.get("ctx", {}) if words else str(each["msg"]).removeprefix("Value error, ")
        errors.setdefault(".".join(path) or "body", []).append(text)
    return _fields(errors)


def _fields(errors: dict[str, list[str]]) -> HttpResponse:
    return problem(
        status=422,
        code="invalid",
        title=_("Something in the request cannot be used"),
        detail=" ".join(text for texts in errors.values() for text in texts),
        errors=errors,
    )


def _second_factor_needed(_request: HttpRequest, needed: SecondFactorNeeded) -> HttpResponse:
    """RFC 9470, 3: who asks is known, but gave no second factor lately. ``max_age`` says how old it may be."""
    response = problem(
        status=401,
        code="insufficient_user_authentication",
        title=_("Show that it is you"),
        detail=_("Give a second factor at /api/v1/me/step-up, then send this again.")
        if needed.enrolled
        else _("Sign in again, then send this again."),
        max_age=needed.max_age,
    )
    response["WWW-Authenticate"] = f'{BEARER}, error="insufficient_user_authentication", max_age={needed.max_age}'
    return response


def _throttled(_request: HttpRequest, throttled: Throttled) -> HttpResponse:
    response = problem(
        status=429,
        code="throttled",
        title=_("Too many tries"),
        detail=_("Try again in %(seconds)d seconds.") % {"seconds": throttled.seconds},
    )
    response["Retry-After"] = str(throttled.seconds)
    return response


def _forbidden(_request: HttpRequest, forbidden: Forbidden) -> HttpResponse:
    details = {
        "csrf": _("A request with the session cookie needs the CSRF token; programs use Authorization instead."),
        "no_administrator_role": _("Your role does not allow it. Ask your Primary Local Administrator."),
    }
    return problem(
        status=403, code=forbidden.code, title=_("You cannot do that"), detail=details.get(forbidden.code, "")
    )


def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 401:
        return not_signed_in()
    if isinstance(error.__cause__, NotJson):
        return problem(
            status=415,
            code="not_json",
            title=_("The body must be JSON"),
            detail=_("Send it with Content-Type: application/json."),
        )
    return problem(status=400, code="bad_json", title=_("The body cannot be read as JSON"))


def _too_big(_request: HttpRequest, _exc: Exception) -> HttpResponse:
    return problem(status=413, code="too_big", title=_("The body is too big"))


def _unreadable(_request: HttpRequest, _exc: Exception) -> HttpResponse:
    return problem(status=400, code="bad_json", title=_("The body ended too early"))


def _unavailable(_request: HttpRequest, exc: Exception) -> HttpResponse:
    # A node that cannot ask the database says no; it never guesses.
    log.error("database lost", kind=type(exc).__name__)
    response = problem(
        status=503,
        code="unavailable",
        title=_("The service is not available right now"),
        detail=_("It was done whole or not at all. Look before you try again."),
    )
    response["Retry-After"] = "5"
    return response


def _not_ready(_request: HttpRequest, _exc: Exception) -> HttpResponse:
    # No Retry-After: it takes a person, not a few seconds.
    return problem(
        status=503,
        code="policy_not_published",
        title=_("Nobody can sign in yet"),
        detail=_("The acceptable use policy has not been published. Tell your administrator. Nothing was changed."),
    )


def _raced(_request: HttpRequest, _exc: Exception) -> HttpResponse:
    # Two of the same at one moment: the database let one through.
    reason = {
        "code": "changed_meanwhile",
        "text": _("Somebody else did the same at this moment."),
        "instead": _("Look again before you go on."),
    }
    return problem(
        status=409,
        code=reason["code"],
        title=_("That was not done"),
        detail=f"{reason['text']} {reason['instead']}",
        reasons=[reason],
    )


def _fault(request: HttpRequest, exc: Exception) -> HttpResponse:
    # The message of an exception may hold what was typed (a UnicodeError does): only its place is written down.
    frames = traceback.extract_tb(exc.__traceback__)[-6:]
    match = request.resolver_match
    log.error(
        "fault",
        kind=type(exc).__name__,
        route=match.route if match else "",
        at=[f"{frame.name}:{frame.lineno}" for frame in frames],
    )
    return problem(
        status=500,
        code="fault",
        title=_("There is a problem with the service"),
        detail=_("What was asked for happened whole or not at all. Look before you try again."),
    )
