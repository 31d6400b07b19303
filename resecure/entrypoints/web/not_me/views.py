"""The page behind the link in a message. It is looked at by GET, which changes nothing, and acts by POST."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.operations.this_was_not_me import link_is_good, this_was_not_me
from resecure.policy.refusals import NotFound


@require_http_methods(["GET", "HEAD", "POST"])
@public
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first, then freeze. No name stands here: whoever has the link learns nothing from it."""
    if request.method != "POST":
        return _private(render(request, "not_me/ask.jinja", {"good": link_is_good(token), "here": request.path}))
    try:
        this_was_not_me(token)
    except NotFound:
        return _private(render(request, "not_me/ask.jinja", {"good": False}))
    return _private(go_on_having_done(request, reverse("not_me:done"), "shut", nobody=True))


@require_safe
@public
def done(request: HttpRequest) -> HttpResponse:
    """What happened, and what comes next. Its address holds no token; without the mark of who has just pressed the
    button it is a link that anybody can write, to have a victim believe that the account is shut."""
    if done_here(request, anybody=True) != "shut":
        return render(request, "not_me/ask.jinja", {"good": False})
    return render(request, "not_me/done.jinja")


def _private(response: HttpResponse) -> HttpResponse:
    # The address holds the token: no page that is opened from here may learn it.
    response["Referrer-Policy"] = "no-referrer"
    return response
