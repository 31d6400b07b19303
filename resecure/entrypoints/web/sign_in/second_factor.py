"""Adding a second factor on the way in, and signing in with a passkey alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from resecure.entrypoints.web.access import half_signed_in, public
from resecure.entrypoints.web.http import client_of, me_of, same_site, session_of, set_next, sign_in_handle
from resecure.entrypoints.web.second_factor import AppForm, PasskeyForm, asked, picture, spaced
from resecure.entrypoints.web.sign_in import views
from resecure.entrypoints.web.sign_in.forms import SignInForm
from resecure.entrypoints.web.sign_in.steps import href_of
from resecure.identity.sign_ins import SignIn
from resecure.operations import end_session
from resecure.operations.add_second_factor import Added, add_second_factor_at_sign_in
from resecure.operations.shared import step_frame
from resecure.operations.shared.enrolling import app_to_add, passkey_to_add
from resecure.operations.shared.proving import Given
from resecure.operations.sign_in_with_passkey import ask_for_a_passkey, sign_in_with_passkey
from resecure.policy.next_sign_in import Step
from resecure.policy.refusals import Invalid, NotFound, NotSignedIn, Throttled


@require_POST
@public
def ask(request: HttpRequest) -> HttpResponse:
    """For the script of the sign-in page: what to ask the authenticator."""
    try:
        question = ask_for_a_passkey(client=client_of(request))
    except NotSignedIn:
        return JsonResponse({}, status=404)
    except Throttled:
        return JsonResponse({}, status=429)
    return JsonResponse({"challenge": str(question.challenge), "options": json.loads(question.options)})


@require_POST
@public
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone; one answer for every failure."""
    target = same_site(request, request.POST.get("next") or "")
    form = PasskeyForm(request.POST)
    form.is_valid()
    data = form.cleaned_data
    given = Given(passkey=data.get("passkey", ""), challenge=data.get("challenge"))
    try:
        progress = sign_in_with_passkey(given, client=client_of(request))
    except NotSignedIn:
        again = SignInForm({"address": "", "password": ""})
        again.full_clean()
        again.errors.clear()
        again.add_error(None, _("The passkey is not one of an account that can be used just now"))
        return views.start_page(request, again, target)
    if request.me is not None:  # type: ignore[attr-defined]
        with suppress(NotFound):
            end_session.sign_out(session_of(request), by=me_of(request))
    home = HttpResponseRedirect(views.onwards_to(target) if target else reverse("my_account:home"))
    response = views.go_on(request, progress, home)
    if progress.session is None:
        set_next(response, target)
    return response


def in_turn(view: Callable[[HttpRequest, SignIn], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Only while adding a second factor is the step whose turn it is."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @half_signed_in
    def guarded(request: HttpRequest) -> HttpResponse:
        sign_in: SignIn = request.sign_in  # type: ignore[attr-defined]
        owed = step_frame.owed_by(sign_in)
        if owed[0] is not Step.ADD_SECOND_FACTOR:
            return HttpResponseRedirect(href_of(owed[0]))
        return view(request, sign_in)

    guarded.__name__ = guarded.__qualname__ = view.__name__
    return guarded


@in_turn
def add(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Which kind to add."""
    context = {
        "page_title": _("Add a second factor"),
        "explanation": _(
            "You hold an administrator role, so a password alone does not let you in. "
            "Add one of these; it takes a minute."
        ),
        "passkey_href": reverse("sign_in:add_passkey"),
        "app_href": reverse("sign_in:add_app"),
        "address": sign_in.account.address,
    }
    return render(request, "second_factor/choose.jinja", context)


@in_turn
def add_app(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """An authenticator app, by the first code that it shows."""
    form = AppForm(request.POST) if request.method == "POST" else AppForm()
    again = None
    if form.is_bound and form.is_valid():
        again = form.cleaned_data["challenge"]
        try:
            return _added(
                request, add_second_factor_at_sign_in(sign_in_handle(request), form.new, client=client_of(request))
            )
        except Invalid as invalid:
            put(form, invalid)
    app = app_to_add(sign_in.account, bound_to=sign_in.pk, again=again)
    return render(request, "second_factor/app.jinja", app_context(form, app, reverse("sign_in:add_second_factor")))


@in_turn
def add_passkey(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """A passkey of this browser's device."""
    form = PasskeyForm(request.POST) if request.method == "POST" else PasskeyForm()
    if form.is_bound and form.is_valid():
        try:
            return _added(
                request, add_second_factor_at_sign_in(sign_in_handle(request), form.new, client=client_of(request))
            )
        except Invalid as invalid:
            put(form, invalid)
    question = passkey_to_add(sign_in.account, bound_to=sign_in.pk)
    context = passkey_context(form, reverse("sign_in:add_second_factor"))
    return render(request, "second_factor/passkey.jinja", {**context, **asked(request, question)})


def _added(request: HttpRequest, added: Added) -> HttpResponse:
    """The recovery codes, in this one answer, and from there to the next step or home."""
    response = views.go_on(
        request, added.progress, views.home_of(request, done="steps", account=added.progress.account)
    )
    return shown_codes(request, added, response)


def shown_codes(request: HttpRequest, added: Added, response: HttpResponse) -> HttpResponse:
    """The page of the codes with the cookies of the answer that would else have led on."""
    if not added.recovery_codes:
        return response
    context = {
        "page_title": _("Your recovery codes"),
        "recovery_codes": added.recovery_codes,
        "on_href": response["Location"],
    }
    page = render(request, "second_factor/codes.jinja", context)
    page.cookies.update(response.cookies)
    return page


def app_context(form: AppForm, app: Any, other: str) -> dict[str, Any]:
    return {
        "page_title": _("Add an authenticator app"),
        "form": form,
        "challenge": app.challenge,
        "drawn": picture(app),
        "key": spaced(app.secret),
        "other_href": other,
    }


def passkey_context(form: PasskeyForm, other: str) -> dict[str, Any]:
    return {"page_title": _("Add a passkey"), "form": form, "other_href": other}


def put(form: Any, invalid: Invalid) -> None:
    """What the operation found wrong, beside its field; a passkey's field is not to be seen."""
    for name, texts in invalid.errors.items():
        form.add_error(name if name in form.fields and name != "passkey" else None, texts)
