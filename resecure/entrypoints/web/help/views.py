"""Help: short articles, and the policy that is in force."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.help import articles
from resecure.entrypoints.web.help.policy_text import blocks
from resecure.identity.agreements import AupVersion, current_aup


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "help/index.jinja", {"articles": list(articles.ARTICLES.values())})


@require_safe
@public
def article(request: HttpRequest, article: str) -> HttpResponse:
    """One article."""
    found = articles.ARTICLES.get(article)
    if found is None:
        raise Http404
    context = {"article": found, **articles.numbers()}
    if found.slug == "administrators":
        context |= articles.for_administrators()
    return render(request, found.template, context)


@require_safe
@public
def aup(request: HttpRequest) -> HttpResponse:
    """The policy in force, before anything is accepted."""
    try:
        version = current_aup()
    except AupVersion.DoesNotExist:
        return render(request, "help/aup.jinja", {"version": None, "blocks": []})
    return render(request, "help/aup.jinja", {"version": version, "blocks": blocks(version.text)})
