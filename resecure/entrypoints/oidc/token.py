"""The token endpoint and the revocation endpoint: asked by applications, never by browsers with cookies."""

from __future__ import annotations

from base64 import b64decode

from authlib.oauth2.rfc6749.errors import OAuth2Error
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from resecure.entrypoints.oidc.server import METHODS, server
from resecure.entrypoints.web.access import public
from resecure.operations import issue_tokens


@csrf_exempt  # no cookie is read: the application shows its secret, its code or its token
@require_POST
@public
def token(request: HttpRequest) -> HttpResponse:
    """A code, a refresh token or a secret for tokens (RFC 6749, 3.2).

    One transaction: a code that was used up without an answer would shut its person out, one that was not, in
    spite of an answer, could be used again. A refused exchange commits too, and with it that the code is used up.
    """
    if repeated(request) or not readable(request):
        return _invalid_request()
    try:
        with transaction.atomic():
            response: HttpResponse = server().create_token_response(request)
    except OperationalError:
        return unavailable()
    return _for_browsers(response)


@csrf_exempt  # as above
@require_POST
@public
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token of one's own (RFC 7009). The same answer whether there was one."""
    if repeated(request) or not readable(request) or not request.POST.get("token"):
        return _invalid_request()
    asked = server().create_oauth2_request(request)
    try:
        client = server().authenticate_client(asked, METHODS)
        issue_tokens.revoke(request.POST["token"], application=client.application, now=timezone.now())
    except OAuth2Error as error:
        status, body, headers = error()
        return HttpResponse(_json(body), status=status, headers=dict(headers))
    except OperationalError:
        return unavailable()
    return _for_browsers(HttpResponse(status=200, headers={"Cache-Control": "no-store"}))


def repeated(request: HttpRequest) -> bool:
    """Whether a parameter comes twice (RFC 6749, 3.2), or in the URL, where it would stand in logs."""
    return bool(request.GET) or any(len(values) > 1 for _name, values in request.POST.lists())


def readable(request: HttpRequest) -> bool:
    """Whether the Authorization header holds a value, text where it is Basic, and no value of the form holds what no
    text of the database can. The library takes all that for granted."""
    header = request.headers.get("Authorization", "")
    scheme, _space, value = header.partition(" ")
    if header and not value.strip():
        return False
    if scheme.lower() == "basic":
        try:
            b64decode(value, validate=True).decode()
        except ValueError:
            return False
    return not any("\0" in value for _name, values in request.POST.lists() for value in values)


def unavailable() -> HttpResponse:
    """A node that lost the database refuses; it never guesses."""
    response = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    response.headers["Retry-After"] = "5"
    return response


def _invalid_request() -> HttpResponse:
    return JsonResponse({"error": "invalid_request"}, status=400, headers={"Cache-Control": "no-store"})


def _json(body: object) -> bytes:
    return JsonResponse(body).content


def _for_browsers(response: HttpResponse) -> HttpResponse:
    # An application without a server asks from its own origin. No cookie is read here, so this opens nothing.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
