"""A short detour: what was sent is kept, sealed, while a second factor is asked for; then it goes on as it was."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from resecure.entrypoints.web.http import client_of, me_of, session_of
from resecure.entrypoints.web.second_factor import SecondFactorForm, asked
from resecure.identity import secret_store
from resecure.operations.shared.proving import question
from resecure.operations.step_up import step_up
from resecure.policy.refusals import Invalid, SecondFactorNeeded, Throttled

KEPT = "step_up_kept"
PURPOSE = "step-up"
LIVES = timedelta(minutes=30)
Next = Callable[[HttpRequest], HttpResponse]


def detours(get_response: Next) -> Next:
    """Before a view: where a form comes back with a second factor, take it, and put what was sent first in its place.

    What was typed travels sealed (it may hold a temporary password), bound to the session, the path and the half hour.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_view = _taken  # type: ignore[attr-defined]
    middleware.process_exception = _asked_for  # type: ignore[attr-defined]
    return middleware


def _taken(request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
    if request.method != "POST" or KEPT not in request.POST or request.me is None:  # type: ignore[attr-defined]
        return None
    kept = request.POST[KEPT]
    method, body = _opened(request, kept)
    if method is None:
        return HttpResponseRedirect(request.get_full_path())  # too old, or of another page: begin there anew
    form = SecondFactorForm(request.POST)
    status = _step_up(request, form) if form.is_valid() else 422
    if status:
        return _page(request, form, kept, status=status)
    if method != "POST":
        return HttpResponseRedirect(request.get_full_path())
    request._post = QueryDict(body)  # type: ignore[attr-defined]
    return None


def _step_up(request: HttpRequest, form: SecondFactorForm) -> int:
    """0 where it is done; else the status of the page that says what was wrong."""
    try:
        step_up(form.given, by=me_of(request), client=client_of(request))
    except Invalid as invalid:
        for texts in invalid.errors.values():
            form.add_error("code", texts)
        return 422
    except Throttled as throttled:
        minutes = -(-throttled.seconds // 60)
        text = ngettext(
            "Too many wrong codes. Try again in %(minutes)d minute",
            "Too many wrong codes. Try again in %(minutes)d minutes",
            minutes,
        )
        form.add_error("code", text % {"minutes": minutes})
        return 429
    return 0


def _asked_for(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    if not isinstance(exception, SecondFactorNeeded):
        return None
    if not exception.enrolled:
        # Nothing to give yet. What stands for it is a fresh sign-in; a form is opened again after it.
        target = request.get_full_path() if request.method == "GET" else reverse("my_account:second_factors")
        return HttpResponseRedirect(f"{reverse('sign_in:start')}?{urlencode({'anew': '1', 'next': target})}")
    return _page(request, SecondFactorForm(), _sealed(request), status=403)


def _page(request: HttpRequest, form: SecondFactorForm, kept: str, *, status: int) -> HttpResponse:
    me = me_of(request)
    context = {
        "page_title": _("Show that it is you"),
        "form": form,
        "kept": kept,
        "kept_name": KEPT,
        "action_path": request.get_full_path(),
        **asked(request, question(me, bound_to=session_of(request))),
    }
    return render(request, "second_factor/step_up.jinja", context, status=status)


def _sealed(request: HttpRequest) -> str:
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    text = json.dumps(
        {
            "session": str(session_of(request)),
            "path": request.get_full_path(),
            "until": (timezone.now() + LIVES).timestamp(),
            "method": request.method,
            "body": sent.urlencode(),
        }
    )
    sealed, key = secret_store.encrypted(text, account=me_of(request).pk, purpose=PURPOSE)
    return f"{key}.{urlsafe_b64encode(sealed).decode()}"


def _opened(request: HttpRequest, kept: str) -> tuple[str | None, str]:
    key, _dot, sealed = kept.rpartition(".")
    try:
        text = secret_store.decrypted(urlsafe_b64decode(sealed), key, account=me_of(request).pk, purpose=PURPOSE)
    except (InvalidTag, LookupError, ValueError):
        return None, ""
    said = json.loads(text)
    right = (said["session"], said["path"]) == (str(session_of(request)), request.get_full_path())
    if not right or said["until"] < timezone.now().timestamp():
        return None, ""
    return str(said["method"]), str(said["body"])
