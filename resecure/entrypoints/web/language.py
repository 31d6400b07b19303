"""Which language a page is in: the person's own, else the browser's; English where the language is not whole yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from resecure.identity.accounts import Account
from resecure.operations.shared.typed import languages

Next = Callable[[HttpRequest], HttpResponse]


def speak_to(account: Account, request: HttpRequest) -> None:
    """In the language that this person chose. The one that every account begins with says nothing of what its person
    reads: then the browser's counts."""
    if account.language in languages() and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(languages()[account.language])


def chosen(account: Account) -> str:
    """What the form begins with: the person's choice, or the language of the page that they are reading."""
    now = (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return account.language if account.language in languages() else now


def where_it_is_whole(get_response: Next) -> Next:
    """Pages of a room that is not translated wholly are in English, and say so to a screen reader."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, *_view: Any) -> None:
        rooms = settings.LANGUAGE_ROOMS.get(translation.get_language() or "")
        found = request.resolver_match
        if rooms is not None and found is not None and not {*found.namespaces} & {*rooms}:
            translation.activate(settings.LANGUAGE_CODE)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
