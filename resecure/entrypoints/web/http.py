"""What every page needs of a request: who asks, from where, where to go afterwards, and our cookies."""

from __future__ import annotations

from urllib.parse import quote, unquote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from resecure.entrypoints.network import client_address
from resecure.identity.accounts import Account
from resecure.operations.shared.progress import Client
from resecure.operations.shared.typed import one_line


def me_of(request: HttpRequest) -> Account:
    """Who is signed in. Only for views that :mod:`resecure.entrypoints.web.access` lets no one else into."""
    me: Account = request.me  # type: ignore[attr-defined]
    return me


def session_of(request: HttpRequest) -> UUID:
    """The session that asks; same condition."""
    session: UUID = request.session_id  # type: ignore[attr-defined]
    return session


def client_of(request: HttpRequest) -> Client:
    """Where the request comes from, and what the browser calls itself."""
    name = one_line(request.META.get("HTTP_USER_AGENT", "")[:400])
    shown = request.COOKIES.get(settings.BROWSER_COOKIE, "")[:100]
    return Client(address=client_address(request.META), name=name[:200], browser=shown)


def sign_in_handle(request: HttpRequest) -> str:
    """The handle of the half-way sign-in that the browser holds, or nothing."""
    return request.COOKIES.get(settings.SIGN_IN_COOKIE, "")


LONGEST_TARGET = 2000  # encoded, a cookie holds 4096 bytes


def same_site(request: HttpRequest, target: str) -> str:
    """The path to go to after signing in, or nothing: a link from outside must not lead on to another site.

    Browsers read a backslash as a slash and skip tabs and line ends, so that ``/\\there`` and a slash, a tab and
    a slash are other sites too. A path that would be one only if somebody decoded it once more is refused as well.
    """
    path = unquote(target.partition("?")[0])
    odd = any(letter == "\\" or not letter.isprintable() for letter in target + path)
    if odd or not target.startswith("/") or path.startswith("//") or len(target) > LONGEST_TARGET:
        return ""
    allowed = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if allowed else ""


def next_of(request: HttpRequest) -> str:
    """The page that was asked for before the steps of this sign-in, or nothing. Judged again: a cookie can be
    put into a browser."""
    return same_site(request, unquote(request.COOKIES.get(settings.NEXT_COOKIE, "")))


def set_next(response: HttpResponse, target: str) -> None:
    """Keep the page that was asked for until the steps are done, or forget that of an earlier sign-in."""
    if target:
        set_cookie(response, settings.NEXT_COOKIE, quote(target))
    else:
        response.delete_cookie(settings.NEXT_COOKIE, path="/")


def set_session(response: HttpResponse, token: str) -> None:
    """Hand the session to the browser; it ends with the browser, or when the account says so."""
    set_cookie(response, settings.SESSION_COOKIE, token)
    clear_sign_in(response)


BROWSER_DAYS = 90


def set_browser(response: HttpResponse, value: str) -> None:
    """Let this browser be known again. It opens nothing by itself, and stays when the person signs out."""
    set_cookie(response, settings.BROWSER_COOKIE, value, max_age=BROWSER_DAYS * 86400)


def clear_session(response: HttpResponse) -> None:
    """Take the session cookie back."""
    response.delete_cookie(settings.SESSION_COOKIE, path="/")


def set_sign_in(response: HttpResponse, handle: str) -> None:
    """Hand a sign-in with steps owed to the browser, in place of any session."""
    set_cookie(response, settings.SIGN_IN_COOKIE, handle)
    response.delete_cookie(settings.SESSION_COOKIE, path="/")


def clear_sign_in(response: HttpResponse) -> None:
    """Take the sign-in cookie back, and with it where it was to lead."""
    response.delete_cookie(settings.SIGN_IN_COOKIE, path="/")
    response.delete_cookie(settings.NEXT_COOKIE, path="/")


def set_cookie(response: HttpResponse, name: str, value: str, *, max_age: int | None = None) -> None:
    """A cookie of ours; without ``max_age`` it ends with the browser."""
    # HttpOnly: a script that got in must not read it. Lax: a link from a mail still finds one signed in.
    response.set_cookie(name, value, max_age=max_age, path="/", secure=settings.HTTPS, httponly=True, samesite="Lax")
