"""How to reach the administrators of an organisation. No person is named here."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from resecure.entrypoints.web.access import public
from resecure.entrypoints.web.organisations.forms import FindForm
from resecure.identity.folding import fold
from resecure.identity.organisations import OF_THE_SERVICE, Organisation, desk_of

SHOWN = 50
LONGEST = 100
MOST_WORDS = 8


@require_safe
@public
def find(request: HttpRequest) -> HttpResponse:
    """Organisations by name or code."""
    form = FindForm(request.GET) if "search" in request.GET else FindForm()
    searched = form.cleaned_data["search"][:LONGEST].strip() if form.is_bound and form.is_valid() else ""
    found = list(_matching(searched)[: SHOWN + 1]) if searched else []
    context = {"form": form, "searched": searched, "found": found[:SHOWN], "more": len(found) > SHOWN, "shown": SHOWN}
    return render(request, "organisations/find.jinja", context)


@require_safe
@public
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How to reach the administrators of one organisation, or of the nearest above it that has a desk."""
    organisation = _listed().filter(code=code).first() or _listed().filter(code=code.upper()).first()
    if organisation is None:
        raise Http404
    desk = desk_of(organisation)
    context = {"organisation": organisation, "desk": desk, "own": desk.pk == organisation.pk}
    return render(request, "organisations/page.jinja", context)


def _listed() -> QuerySet[Organisation]:
    """All but the service's own: nobody works there, so nobody looks for who to call."""
    return Organisation.objects.exclude(code=OF_THE_SERVICE)


def _matching(searched: str) -> QuerySet[Organisation]:
    """The code itself first, then names that begin so, then names that hold every word; open ones before closed."""
    key = fold(searched)
    words = key.split()[:MOST_WORDS]
    every_word = Q()
    for word in words:
        every_word &= Q(name_key__contains=word)
    is_code = Q(code=searched.upper())
    place = Case(
        When(is_code, then=Value(0)),
        When(closed_on__isnull=False, then=Value(3)),
        When(name_key__startswith=key, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    matching = is_code | every_word if words else is_code
    return _listed().filter(matching).order_by(place, "name_key", "code")
