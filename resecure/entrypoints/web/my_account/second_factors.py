"""One's own passkeys, authenticator apps and recovery codes."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from resecure.entrypoints.web.access import signed_in
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.http import client_of, me_of, session_of, set_session
from resecure.entrypoints.web.second_factor import AppForm, NameForm, PasskeyForm, asked
from resecure.entrypoints.web.sign_in.second_factor import app_context, passkey_context, put, shown_codes
from resecure.identity import second_factors as factors
from resecure.identity.second_factors import SecondFactor
from resecure.operations.add_second_factor import Added, add_second_factor
from resecure.operations.make_recovery_codes import make_recovery_codes
from resecure.operations.remove_second_factor import remove_second_factor
from resecure.operations.rename_second_factor import rename_second_factor
from resecure.operations.shared.enrolling import app_to_add, passkey_to_add
from resecure.operations.shared.frame import insist_proven_or_new
from resecure.policy.refusals import Invalid, NotFound


@require_safe
@signed_in
def second_factors(request: HttpRequest) -> HttpResponse:
    """What there is, and what can be added."""
    me = me_of(request)
    texts = {
        "added": _("It is added, and every other session of yours is over."),
        "removed": _("It is removed, and every other session of yours is over."),
        "renamed": _("The name is changed."),
    }
    done = texts.get(done_here(request))
    context = {
        "factors": factors.of(me.pk),
        "codes_left": factors.recovery_codes_left(me.pk),
        "notices": [{"kind": "success", "text": done}] if done else [],
    }
    return render(request, "my_account/second_factors.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def add_app(request: HttpRequest) -> HttpResponse:
    """An authenticator app, by the first code that it shows."""
    me, session = me_of(request), session_of(request)
    insist_proven_or_new(me)  # before a picture is shown that could then not be used; the write asks again
    form = AppForm(request.POST) if request.method == "POST" else AppForm()
    again = None
    if form.is_bound and form.is_valid():
        again = form.cleaned_data["challenge"]
        try:
            return _added(request, add_second_factor(form.new, by=me, client=client_of(request)))
        except Invalid as invalid:
            put(form, invalid)
    app = app_to_add(me, bound_to=session, again=again)
    return render(request, "second_factor/app.jinja", app_context(form, app, reverse("my_account:second_factors")))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def add_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey of this browser's device."""
    me = me_of(request)
    insist_proven_or_new(me)
    form = PasskeyForm(request.POST) if request.method == "POST" else PasskeyForm()
    if form.is_bound and form.is_valid():
        try:
            return _added(request, add_second_factor(form.new, by=me, client=client_of(request)))
        except Invalid as invalid:
            put(form, invalid)
    question = passkey_to_add(me, bound_to=session_of(request))
    context = passkey_context(form, reverse("my_account:second_factors"))
    return render(request, "second_factor/passkey.jinja", {**context, **asked(request, question)})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def rename(request: HttpRequest, factor: UUID) -> HttpResponse:
    """Call one of one's own something else; for anybody else's the answer is that there is none."""
    held = SecondFactor.objects.filter(pk=factor, account=me_of(request)).first()
    if held is None:
        raise NotFound
    form = NameForm(request.POST) if request.method == "POST" else NameForm(initial={"name": held.name})
    if form.is_bound and form.is_valid():
        try:
            rename_second_factor(factor, name=form.cleaned_data["name"], by=me_of(request))
        except Invalid as invalid:
            put(form, invalid)
        else:
            return _list(request, "renamed")
    return render(request, "my_account/rename_second_factor.jinja", {"form": form})


@require_POST
@signed_in
def remove(request: HttpRequest, factor: UUID) -> HttpResponse:
    """Remove one of one's own."""
    token = remove_second_factor(factor, by=me_of(request), client=client_of(request))
    response = _list(request, "removed")
    set_session(response, token)
    return response


@require_POST
@signed_in
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New codes, in this one answer."""
    context = {
        "page_title": _("Your recovery codes"),
        "recovery_codes": make_recovery_codes(by=me_of(request)),
        "on_href": reverse("my_account:second_factors"),
    }
    return render(request, "second_factor/codes.jinja", context)


def _added(request: HttpRequest, added: Added) -> HttpResponse:
    response = _list(request, "added")
    set_session(response, added.progress.session or "")
    return shown_codes(request, added, response)


def _list(request: HttpRequest, done: str) -> HttpResponse:
    return go_on_having_done(request, reverse("my_account:second_factors"), done)
