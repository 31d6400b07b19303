"""Error pages: what happened in plain words, and what to do. Never what went wrong inside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from resecure.entrypoints.web.context import language
from resecure.policy.refusals import Refused


def page(request: HttpRequest, *, status: int, heading: str, text: str) -> HttpResponse:
    """An error page with the usual frame; without who is signed in where reading that may be what failed."""
    context = {"heading": heading, "text": text, "status": status, "language": language()}
    if status >= 500:
        return HttpResponse(render_to_string("base/error.jinja", context), status=status)
    return render(request, "base/error.jinja", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's call
    return page(
        request,
        status=404,
        heading=_("Page not found"),
        text=_("Check the address, or go back and try again. You may not be allowed to see what you asked for."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's call
    return page(
        request,
        status=403,
        heading=_("You cannot do that"),
        text=_("Your role does not allow it. If it should, ask your Primary Local Administrator."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's call
    return page(
        request,
        status=400,
        heading=_("We could not read what was sent"),
        text=_("Nothing was changed. Go back, check what you typed and try again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        status=500,
        heading=_("Sorry, there is a problem with the service"),
        text=_(
            "Nothing was half done: what you asked for either happened whole or not at all. Look before you try again."
        ),
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    # The connection may be lost just after the server has done what a form asked for.
    text = (
        _("Nothing was changed. Try again in a few minutes.")
        if request.method in {"GET", "HEAD"}
        else _("What you asked for was done whole or not at all. Wait a few minutes and look before you try again.")
    )
    return page(request, status=503, heading=_("The service is not available right now"), text=text)


def not_ready(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        status=503,
        heading=_("Nobody can sign in yet"),
        text=_("The acceptable use policy has not been published. Tell your administrator. Nothing was changed."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's call
    return page(
        request,
        status=403,
        heading=_("This form is too old"),
        text=_(
            "Nothing was changed. Go back, reload the page and send the form again. Your browser must accept cookies."
        ),
    )


def signed_out() -> HttpResponse:
    """The session or sign-in does not pass: lead to the sign-in page, and say why there.

    No cookie is taken back. A dead one opens nothing, and the second of two clicks would take away the live
    one that the first has just been given.
    """
    return HttpResponseRedirect(reverse("sign_in:start") + "?ended=1")


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Every reason for the no, and what to do instead."""
    context = {"heading": _("That was not done"), "status": 409, "reasons": refusal.reasons}
    return render(request, "base/refused.jinja", context, status=409)
