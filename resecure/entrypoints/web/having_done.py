"""What a page says was done, it says only to the browser that has just done it.

An address with ``?done=…`` names what to say, and anybody can write one: a link that says *The account is disabled*
of an account that is open, or *You have signed out* to somebody who is signed in. So the answer to the form that did
it also gives the browser a cookie: a mark, signed, of what was done, on which page it is told, and to whom. Without
that mark the address says nothing.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare

from resecure.entrypoints.web.http import set_cookie

SALT = "resecure.web.having_done"
SECONDS = 600  # long enough to read the page again; what was done longer ago may no longer be so


def go_on_having_done(
    request: HttpRequest, path: str, done: str, *, account: UUID | None = None, nobody: bool = False, then: str = ""
) -> HttpResponse:
    """To a page of ours that says what was done. ``account``: to whom it is said, where that is not who asked;
    ``nobody``: to this browser, whoever is or was signed in there. ``then``: where the page leads on to."""
    whom = "" if nobody else str(account or _asks(request))
    query = {"done": done, "next": then} if then else {"done": done}
    response = HttpResponseRedirect(f"{path}?{urlencode(query)}")
    mark = signing.TimestampSigner(salt=SALT).sign(_digest(done, path, whom))
    set_cookie(response, settings.DONE_COOKIE, mark, max_age=SECONDS)
    return response


def done_here(request: HttpRequest, *, anybody: bool = False) -> str:
    """What this browser has just done and may be told here; nothing for an address that somebody wrote.
    ``anybody``: on a page of what was done without being signed in, whoever is signed in beside it."""
    done = request.GET.get("done", "")
    if request.method not in {"GET", "HEAD"} or not done:
        return ""
    try:
        mark = signing.TimestampSigner(salt=SALT).unsign(request.COOKIES.get(settings.DONE_COOKIE, ""), max_age=SECONDS)
    except signing.BadSignature:
        return ""
    return (
        done if constant_time_compare(mark, _digest(done, request.path, "" if anybody else str(_asks(request)))) else ""
    )


def _asks(request: HttpRequest) -> UUID | str:
    me = request.me  # type: ignore[attr-defined]
    return me.pk if me is not None else ""


def _digest(done: str, path: str, whom: str) -> str:
    # Of a page's address and an account, which need not stand in a cookie.
    return hashlib.sha256("\n".join((done, path, whom)).encode()).hexdigest()
