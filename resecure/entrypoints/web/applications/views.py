"""Applications, for operators: the list, one of them, registering and changing it, its secrets, removing it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from resecure.entrypoints.web import errors
from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.applications.forms import ApplicationForm, KindForm, shown_first
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.shared import put_beside_fields
from resecure.identity import applications
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.applications import WITH_SECRET, Application, Kind
from resecure.operations.register_application import (
    change_application,
    end_older_application_secrets,
    make_application_secret,
    register_application,
    remove_application,
)
from resecure.operations.shared.application_frame import may_manage
from resecure.policy.refusals import Invalid, NotFound
from resecure.propagation import telling

View = Callable[..., HttpResponse]
DONE = {
    "registered": gettext_lazy("The application is registered."),
    "changed": gettext_lazy("The changes are saved."),
    "removed": gettext_lazy("The application is removed, and everybody is signed out of it."),
    "ended": gettext_lazy("Only the newest secret counts now."),
}


def operator(view: View) -> View:
    """Only who may manage applications; the operation checks it again."""

    @administrator
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_manage(me_of(request)):
            return errors.forbidden(request)
        return view(request, *args, **kwargs)

    return guarded


@operator
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every application, with how many people are signed in to it."""
    found = list(applications.registered())
    signed_in = ApplicationSession.signed_in([each.pk for each in found], now=timezone.now())
    away = telling.paused([str(each.pk) for each in found])
    rows = [
        {"application": each, "signed_in": signed_in.get(each.pk, 0), "away": away.get(str(each.pk))} for each in found
    ]
    return _page(request, "index", {"page_title": _("Applications"), "rows": rows})


@operator
@require_safe
def application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """One application: what is registered, and what its developer needs."""
    found = _found(application_id)
    context = {
        "page_title": found.name,
        "application": found,
        "kind": Kind(found.kind).label,
        "codes": [each.organisation for each in found.access.select_related("organisation")],
        "secrets": found.live_secrets,
        "has_secret": found.kind in WITH_SECRET,
        "away": telling.paused([str(found.pk)]).get(str(found.pk)),
        "signed_in": ApplicationSession.signed_in([found.pk], now=timezone.now()).get(found.pk, 0),
        **_back_to_list(),
    }
    return _page(request, "application", context)


@operator
@require_http_methods(["GET", "HEAD", "POST"])
def choose_kind(request: HttpRequest) -> HttpResponse:
    """The first question of a registration; the rest of the form follows from its answer."""
    form = KindForm(request.POST) if request.method == "POST" else KindForm()
    if form.is_bound and form.is_valid():
        return HttpResponseRedirect(reverse("applications:register", args=[form.cleaned_data["kind"]]))
    return _page(request, "kind", {"page_title": _("Register an application"), "form": form, **_back_to_list()})


@operator
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, kind: str) -> HttpResponse:
    """The rest of the registration; afterwards the secret is shown, once."""
    if kind not in Kind.values:
        raise NotFound
    chosen = Kind(kind)
    form = ApplicationForm(request.POST, kind=chosen) if request.method == "POST" else ApplicationForm(kind=chosen)
    if form.is_bound and form.is_valid():
        try:
            made, secret = register_application(form.registration(), kind=chosen, by=me_of(request))
        except Invalid as invalid:
            put_beside_fields(form, invalid)
        else:
            if secret:
                return _shown(request, made, secret, first=True)
            return _done(request, made, "registered")
    context = {"page_title": _("Register an application"), "form": form, "kind": chosen.label, **_back_to_list()}
    return _page(request, "form", context)


@operator
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Change what is registered."""
    found = _found(application_id)
    kind = Kind(found.kind)
    if request.method == "POST":
        form = ApplicationForm(request.POST, kind=kind)
        if form.is_valid():
            try:
                change_application(found.pk, form.registration(), by=me_of(request))
            except Invalid as invalid:
                put_beside_fields(form, invalid)
            else:
                return _done(request, found, "changed")
    else:
        form = ApplicationForm(initial=shown_first(found), kind=kind)
    context = {"page_title": _("Change %(name)s") % {"name": found.name}, "form": form, "kind": kind.label}
    return _page(request, "form", {**context, "application": found, **_back_to(found)})


@operator
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Make a new secret; the one before goes on beside it until it is ended."""
    found = _found(application_id)
    if found.kind not in WITH_SECRET:
        raise NotFound
    if request.method == "POST":
        if "end_older" in request.POST:
            end_older_application_secrets(found.pk, by=me_of(request))
            return _done(request, found, "ended")
        return _shown(request, found, make_application_secret(found.pk, by=me_of(request)), first=False)
    context = {"page_title": _("New secret for %(name)s") % {"name": found.name}, "application": found}
    return _page(request, "secret", {**context, "secrets": found.live_secrets, **_back_to(found)})


@operator
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Ask once more, then remove it."""
    found = _found(application_id)
    if request.method == "POST":
        remove_application(found.pk, by=me_of(request))
        return go_on_having_done(request, reverse("applications:index"), "removed")
    signed_in = ApplicationSession.signed_in([found.pk], now=timezone.now()).get(found.pk, 0)
    context = {"page_title": _("Remove %(name)s?") % {"name": found.name}, "application": found}
    return _page(request, "remove", {**context, "signed_in": signed_in, **_back_to(found)})


def _found(application_id: UUID) -> Application:
    found = applications.find(application_id)
    if found is None:
        raise NotFound
    return found


def _shown(request: HttpRequest, application: Application, secret: str, *, first: bool) -> HttpResponse:
    """The secret, in the answer to the POST that made it and in no other: no address leads to it again."""
    context = {
        "page_title": _("The secret of %(name)s") % {"name": application.name},
        "application": application,
        "secret": secret,
        "first": first,
        **_back_to(application),
    }
    return _page(request, "secret_shown", context)


def _done(request: HttpRequest, application: Application, done: str) -> HttpResponse:
    return go_on_having_done(request, reverse("applications:application", args=[application.pk]), done)


def _back_to(application: Application) -> dict[str, str]:
    return {
        "back_href": reverse("applications:application", args=[application.pk]),
        "back_text": _("Back to the application"),
    }


def _back_to_list() -> dict[str, str]:
    return {"back_href": reverse("applications:index"), "back_text": _("Back to Applications")}


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    form = context.get("form")
    wrong = form is not None and form.is_bound and bool(form.errors)
    done = DONE.get(done_here(request))
    notices = [{"kind": "success", "text": str(done)}] if done else []
    more = {"notices": notices, "page_has_errors": wrong}
    return render(request, f"applications/{template}.jinja", {**context, **more}, status=422 if wrong else 200)
