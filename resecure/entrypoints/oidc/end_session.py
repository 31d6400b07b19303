"""Signing out because an application asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import UUID

from authlib.common.urls import add_params_to_uri
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.oidc.authorize import away, claims_of, unusable
from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.having_done import go_on_having_done
from resecure.entrypoints.web.http import clear_session, clear_sign_in, me_of, session_of
from resecure.identity import applications
from resecure.identity.application_sessions import ApplicationSession
from resecure.operations import end_session as operation
from resecure.policy.refusals import NotFound

SALT = "resecure.oidc.end_session"
PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales", "logout_hint")


@csrf_exempt  # a POST is turned into the GET that it could have been; nothing else happens by it
@require_http_methods(["GET", "HEAD", "POST"])
@public
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign the person out of the portal and of every application of this session, and go where they came from.

    With an ID token of this very session it happens at once. Without, the person is asked first: otherwise any
    page could sign people out.
    """
    if request.method == "POST":
        # From another site it comes without our cookie (SameSite=Lax), and would end nothing; the GET has it.
        kept = {name: value for name, value in request.POST.items() if name in PARAMETERS}
        return HttpResponseRedirect(f"{reverse('oidc:end_session')}?{urlencode(kept)}", status=303)
    given = request.GET
    if seal := given.get("confirmed", ""):
        return _confirmed(request, seal)
    claims = claims_of(given.get("id_token_hint", "")) if given.get("id_token_hint") else None
    client = given.get("client_id") or (claims or {}).get("aud", "")
    target, state = given.get("post_logout_redirect_uri", ""), given.get("state", "")
    if claims is not None and given.get("client_id") and claims.get("aud") != given["client_id"]:
        return unusable(request)
    if target:
        application = applications.find(str(client)) if client else None
        if application is None or target not in application.after_sign_out_addresses:
            return unusable(request)
        if state:
            target = add_params_to_uri(target, [("state", state)])
    if request.me is None:  # type: ignore[attr-defined]
        return _on(target)
    if claims is not None and _is_of_this_session(str(claims.get("sid", "")), request):
        return _end(request, target)
    return _ask(request, target)


def _is_of_this_session(sid: str, request: HttpRequest) -> bool:
    with suppress(ValueError):
        return ApplicationSession.objects.filter(pk=UUID(sid), session=session_of(request)).exists()
    return False


def _ask(request: HttpRequest, target: str) -> HttpResponse:
    # Bound to the session: in another browser, a link with it is no link.
    seal = signing.dumps([str(session_of(request)), target], salt=SALT)
    context = {
        "page_title": _("Sign out?"),
        "go_on_href": f"{reverse('oidc:end_session')}?{urlencode({'confirmed': seal})}",
    }
    return render(request, "oidc/sign_out.jinja", context)


def _confirmed(request: HttpRequest, seal: str) -> HttpResponse:
    try:
        session, target = signing.loads(seal, salt=SALT, max_age=3600)
    except (signing.BadSignature, ValueError):
        return unusable(request)
    if request.me is not None and str(session_of(request)) == session:  # type: ignore[attr-defined]
        return _end(request, target)
    if request.me is None:  # type: ignore[attr-defined]
        return _on(target)
    return unusable(request)


def _end(request: HttpRequest, target: str) -> HttpResponse:
    with suppress(NotFound):
        operation.sign_out(session_of(request), by=me_of(request))
    # Said only here: who was not signed in, or is led here by a link of somebody's, has not signed out just now.
    here = reverse("sign_in:start")
    response = away(target) if target else go_on_having_done(request, here, "signed_out", nobody=True)
    clear_session(response)
    clear_sign_in(response)
    return response


def _on(target: str) -> HttpResponse:
    """Where the person goes on. By itself it takes nothing from the browser: anybody can lead one here."""
    return away(target) if target else HttpResponseRedirect(reverse("sign_in:start"))
