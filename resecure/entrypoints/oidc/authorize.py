"""The authorization endpoint: from an application, through whatever the person owes, back to the application.

Nothing is issued here to anybody but a signed-in person: who owes steps is led through them first, and only the
session at their end comes back here (OpenID Connect Core 1.0, 3.1.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.errors import OAuth2Error
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from resecure.entrypoints.oidc.discovery import issuer
from resecure.entrypoints.oidc.server import server
from resecure.entrypoints.web import errors
from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.http import LONGEST_TARGET, me_of, session_of, sign_in_handle
from resecure.identity import signing_keys
from resecure.identity.applications import Application
from resecure.identity.sessions import Session
from resecure.operations.shared import step_frame
from resecure.operations.sign_in_to_application import sign_in_to_application
from resecure.policy.refusals import NotSignedIn, Refused

log = structlog.get_logger("oidc")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
# What a request may carry; whatever else it carries is not led through the sign-in and back.
PARAMETERS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge"),
    *("code_challenge_method", "prompt", "max_age", "acr_values", "login_hint", "id_token_hint", "ui_locales"),
)
ONCE_ONLY = frozenset(PARAMETERS) | {"request", "request_uri", "response_mode"}
ASKED, AGREED = "asked_at", "agreed"
LONGEST = 3000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An authorization request whose application and address are known to be registered together."""

    application: Application
    redirect_uri: str
    scope: str
    data: dict[str, str]
    prompts: frozenset[str]
    max_age: int | None

    def refused(self, error: str, description: str = "") -> HttpResponse:
        """Back to the application with an error; who answers is said (RFC 9207)."""
        answer = {"error": error}
        if description:
            answer["error_description"] = description
        return self.back(answer)

    def back(self, answer: dict[str, str]) -> HttpResponse:
        if "state" in self.data:
            answer["state"] = self.data["state"]
        answer["iss"] = issuer()
        return away(add_params_to_uri(self.redirect_uri, list(answer.items())))


class Unusable(Exception):
    """The request cannot be answered at its redirect address: shown to the person, and to nobody else."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@csrf_exempt  # a POST is turned into the GET that it could have been; nothing else happens by it
@require_http_methods(["GET", "HEAD", "POST"])
@public
def authorize(request: HttpRequest) -> HttpResponse:
    """Sign in where that is needed, take the steps that are owed, and go back with a code."""
    if request.method == "POST":
        kept = {name: value for name, value in request.POST.items() if name in PARAMETERS}
        return HttpResponseRedirect(f"{reverse('oidc:authorize')}?{urlencode(kept)}", status=303)
    try:
        asked = _asked(request)
    except Unusable as fault:
        log.info("authorization request refused", reason=fault.code)
        return unusable(request)
    if isinstance(asked, HttpResponse):
        return asked
    return _answer(request, asked)


def _answer(request: HttpRequest, asked: Asked) -> HttpResponse:
    now, silent = timezone.now(), "none" in asked.prompts
    if request.me is None:  # type: ignore[attr-defined]
        if silent:
            return asked.refused("interaction_required" if _owes(request) else "login_required")
        return to_sign_in(asked, now=now)
    session = Session.objects.get(pk=session_of(request))
    if _must_sign_in_again(request, asked, session, now=now):
        return asked.refused("login_required") if silent else to_sign_in(asked, now=now, anew=True)
    if not _is_hinted(asked, request):
        # The application speaks of somebody else: never hand it this one without a question.
        if silent:
            return asked.refused("login_required")
        return _who(request, asked, now=now)
    if {"consent", "select_account"} & asked.prompts and not _has_agreed(request, asked, session):
        return _who(request, asked, now=now)
    try:
        code = sign_in_to_application(
            asked.application,
            by=me_of(request),
            scope=asked.scope,
            grant={
                "redirect_uri": asked.redirect_uri,
                "nonce": asked.data.get("nonce", ""),
                "code_challenge": asked.data["code_challenge"],
            },
        )
    except NotSignedIn:
        return asked.refused("login_required") if silent else to_sign_in(asked, now=now)
    except Refused as refused:
        if silent:
            return asked.refused("access_denied")
        return errors.refused(request, refused)
    return asked.back({"code": code})


def _asked(request: HttpRequest) -> Asked | HttpResponse:
    """The request, or the answer that it gets at once. Raises Unusable where nothing is sent anywhere."""
    if any(len(values) > 1 for name, values in request.GET.lists() if name in ONCE_ONLY):
        raise Unusable("repeated")
    if len(request.META.get("QUERY_STRING", "")) > LONGEST:
        raise Unusable("too_long")
    data = {name: str(value) for name, value in request.GET.items() if name in ONCE_ONLY and value}
    try:
        grant = server().get_consent_grant(request, end_user=None)
    except OAuth2Error as error:
        return _refused_by_library(error, data)
    asked = Asked(
        application=grant.request.client.application,
        redirect_uri=grant.redirect_uri,
        scope=grant.request.scope,
        data=data,
        prompts=frozenset(data.get("prompt", "").split()),
        max_age=_number(data.get("max_age", "")),
    )
    return _refused_by_us(asked) or asked


def _refused_by_us(asked: Asked) -> HttpResponse | None:
    """What the library lets through and is not offered here; None where nothing is wrong."""
    data = asked.data
    for name, value in data.items():
        if "\0" in value:  # no text of the database can hold it
            return asked.refused("invalid_request", name)
    for name in ("request", "request_uri"):
        if name in data:
            return asked.refused(f"{name}_not_supported")
    if data.get("response_mode", "query") != "query":
        return asked.refused("invalid_request", "response_mode")
    if not asked.prompts <= PROMPTS or ("none" in asked.prompts and len(asked.prompts) > 1):
        return asked.refused("invalid_request", "prompt")
    if "max_age" in data and asked.max_age is None:
        return asked.refused("invalid_request", "max_age")
    if "openid" not in asked.scope.split():
        return asked.refused("invalid_scope", "openid")
    return None


def _refused_by_library(error: OAuth2Error, data: dict[str, str]) -> HttpResponse:
    address = getattr(error, "redirect_uri", None)
    if not address:
        raise Unusable(str(error.error))
    answer = {"error": str(error.error)}
    if "state" in data:
        answer["state"] = data["state"]
    answer["iss"] = issuer()
    return away(add_params_to_uri(address, list(answer.items())))


def _must_sign_in_again(request: HttpRequest, asked: Asked, session: Session, *, now: datetime) -> bool:
    """Whether the session is too old for what was asked. It is new enough once it began after the question."""
    began_after = _asked_at(request, asked)
    if began_after is not None and session.started_at >= began_after:
        return False
    if "login" in asked.prompts:
        return True
    return asked.max_age is not None and now - session.started_at > timedelta(seconds=asked.max_age)


def _owes(request: HttpRequest) -> bool:
    try:
        return bool(step_frame.owed_by(step_frame.current(sign_in_handle(request))))
    except NotSignedIn:
        return False


def _is_hinted(asked: Asked, request: HttpRequest) -> bool:
    """Whether the person is whom the application spoke of. An ID token of ours for it, expired or not, or nothing."""
    hint = asked.data.get("id_token_hint")
    if not hint:
        return True
    claims = claims_of(hint)
    if claims is None or claims.get("aud") != str(asked.application.pk):
        return False
    return bool(claims.get("sub") == str(me_of(request).pk))


def claims_of(id_token: str) -> dict[str, Any] | None:
    """What an ID token of ours says, whatever its age; None for anything else, a logout token too."""
    try:
        keys = KeySet.import_key_set({"keys": signing_keys.published()})
        made = jwt.decode(id_token, keys, [signing_keys.ALGORITHM])
    except (JoseError, ValueError, TypeError, AttributeError):  # what anybody may send: a header of any shape
        return None
    if made.header.get("typ") != "JWT" or made.claims.get("iss") != issuer():
        return None
    return dict(made.claims)


def to_sign_in(asked: Asked, *, now: datetime, anew: bool = False) -> HttpResponse:
    """To the sign-in page, and back here with a mark, signed, of when this was asked."""
    back = _path(asked, {ASKED: _sealed(asked, ASKED, str(now.timestamp()))})
    if len(back) > LONGEST_TARGET:
        # What is too long to be kept during a sign-in would be lost on the way; the application hears it at once.
        return asked.refused("invalid_request", "too_long")
    query = {"next": back}
    if anew:
        query["anew"] = "1"
    if hint := asked.data.get("login_hint", "")[:254]:
        query["address"] = hint
    return HttpResponseRedirect(f"{reverse('sign_in:start')}?{urlencode(query)}")


def _who(request: HttpRequest, asked: Asked, *, now: datetime) -> HttpResponse:
    """Ask whether the one who is signed in is the one to go on."""
    seal = _sealed(asked, AGREED, str(session_of(request)))
    anew = _path(asked, {ASKED: _sealed(asked, ASKED, str(now.timestamp()))})
    no = {
        "error": "access_denied",
        **({"state": asked.data["state"]} if "state" in asked.data else {}),
        "iss": issuer(),
    }
    context = {
        "page_title": _("Continue to %(name)s") % {"name": asked.application.name},
        "application": asked.application,
        "hinted": _is_hinted(asked, request),
        "go_on_href": _path(asked, {ASKED: request.GET.get(ASKED, ""), AGREED: seal}),
        "other_href": f"{reverse('sign_in:start')}?{urlencode({'next': anew, 'anew': '1'})}",
        "no_href": add_params_to_uri(asked.redirect_uri, [(name, value) for name, value in no.items() if value]),
    }
    return render(request, "oidc/who.jinja", context)


def _has_agreed(request: HttpRequest, asked: Asked, session: Session) -> bool:
    return _unsealed(asked, AGREED, request.GET.get(AGREED, "")) == str(session.pk)


def _asked_at(request: HttpRequest, asked: Asked) -> datetime | None:
    value = _unsealed(asked, ASKED, request.GET.get(ASKED, ""))
    return datetime.fromtimestamp(float(value), tz=timezone.get_current_timezone()) if value else None


def _sealed(asked: Asked, purpose: str, value: str) -> str:
    # Bound to the request: a mark of one cannot spare another its sign-in.
    return signing.dumps([value, _digest(asked)], salt=f"resecure.oidc.{purpose}")


def _digest(asked: Asked) -> str:
    kept = sorted((name, value) for name, value in asked.data.items() if name in PARAMETERS)
    return hashlib.sha256(urlencode(kept).encode()).hexdigest()


def _unsealed(asked: Asked, purpose: str, seal: str) -> str:
    try:
        value, bound = signing.loads(seal, salt=f"resecure.oidc.{purpose}", max_age=3600)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(value) if bound == _digest(asked) else ""


def _path(asked: Asked, more: dict[str, str]) -> str:
    kept = {name: value for name, value in asked.data.items() if name in PARAMETERS}
    return f"{reverse('oidc:authorize')}?{urlencode({**kept, **{k: v for k, v in more.items() if v}})}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


class _Away(HttpResponseRedirect):
    """Applications on a device are called by schemes of their own; which, is registered."""

    def __init__(self, target: str) -> None:
        self.allowed_schemes = [urlsplit(target).scheme]
        super().__init__(target)


def away(target: str) -> HttpResponse:
    """To an address that is registered."""
    response = _Away(target)
    response.headers["Referrer-Policy"] = "no-referrer"  # the query of this page is nobody's business
    return response


def unusable(request: HttpRequest) -> HttpResponse:
    """A page for the person: this link is wrong, and only the application's operator can mend it."""
    return render(
        request, "oidc/unusable.jinja", {"page_title": _("This application's link does not work")}, status=400
    )


__all__ = ["authorize", "claims_of"]
