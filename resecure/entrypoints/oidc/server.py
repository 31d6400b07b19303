"""The protocol, by Authlib, over our applications and tokens (decision 0013). Every rule of RFC 9700 stands here."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import cache
from typing import Any

from authlib.integrations.django_oauth2 import AuthorizationServer
from authlib.integrations.django_oauth2.requests import DjangoOAuth2Payload, DjangoOAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError, OAuth2Error
from authlib.oauth2.rfc7636 import CodeChallenge
from django.http import HttpRequest
from django.utils import timezone

from resecure.entrypoints.oidc.discovery import SCOPES, how_signed_in, issuer
from resecure.identity import application_tokens, applications, signing_keys
from resecure.identity.application_tokens import Token, TokenKind
from resecure.identity.applications import WITH_SECRET, Application, Kind
from resecure.operations import issue_tokens
from resecure.operations.issue_tokens import Issued

ID_TOKEN = timedelta(minutes=5)
METHODS = ["client_secret_basic", "client_secret_post", "none"]
GRANTS = {
    Kind.WEB: {"authorization_code", "refresh_token"},
    Kind.PUBLIC: {"authorization_code", "refresh_token"},
    Kind.MACHINE: {"client_credentials"},
    Kind.FORWARD: set(),
}


class Client(ClientMixin):  # type: ignore[misc]
    """An application as the library asks about it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def get_client_id(self) -> str:
        return str(self.application.pk)

    def get_default_redirect_uri(self) -> None:
        """None: where the answer goes is always said, and compared."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Those of ours among what was asked; None for an OpenID request without ``openid``."""
        asked = (scope or "").split()
        return " ".join(each for each in SCOPES if each in asked)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """The whole string, nothing less (RFC 9700, 2.1)."""
        return redirect_uri in self.application.redirect_addresses

    def check_client_secret(self, client_secret: str) -> bool:
        return self.application.knows_secret(client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - the library's call
        return (method == "none") != (self.application.kind in WITH_SECRET)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS[Kind(self.application.kind)]


class S256(CodeChallenge):  # type: ignore[misc]
    """PKCE for every application, with a secret or without; ``plain`` for none (RFC 7636, RFC 9700, 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        # Left out, the standard says "plain".
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Unsupported 'code_challenge_method'")
        super().validate_code_challenge(grant, redirect_uri)


class TakenCode:
    """A code that was used up just now, as the library asks about it."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self.code_challenge = token.grant["code_challenge"]
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> object:
        return self.token.grant["redirect_uri"]

    def get_scope(self) -> str:
        return self.token.scope


class AuthorizationCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Code for tokens. What was wrong with the exchange uses the code up all the same."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def query_authorization_code(self, code: str, client: Client) -> TakenCode | None:
        taken = issue_tokens.take(code, TokenKind.CODE, application=client.application, now=timezone.now())
        return TakenCode(taken) if taken else None

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        token, application = self.request.authorization_code.token, self.request.client.application
        issued = issue_tokens.issue(token, application=application, scope=token.scope, now=timezone.now())
        return 200, _answer(issued, token, application, scope=token.scope), self.TOKEN_RESPONSE_HEADER


class RefreshToken(grants.RefreshTokenGrant):  # type: ignore[misc]
    """A refresh token for the next one: each counts once."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        client = self._validate_request_client()
        value = self.request.form.get("refresh_token")
        if not value:
            raise InvalidRequestError("Missing 'refresh_token' in request.")
        # Before it is used up: a wrong scope must not cost the session, as the same token a second time would.
        self._scope(application_tokens.scope_of(value, TokenKind.REFRESH))
        token = issue_tokens.take(value, TokenKind.REFRESH, application=client.application, now=timezone.now())
        if token is None:
            raise InvalidGrantError
        self.request.client, self.request.refresh_token = client, token

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        token, application = self.request.refresh_token, self.request.client.application
        scope = self._scope(token.scope)
        issued = issue_tokens.issue(token, application=application, scope=scope, now=timezone.now())
        return 200, _answer(issued, token, application, scope=scope), self.TOKEN_RESPONSE_HEADER

    def _scope(self, granted: str) -> str:
        """What is asked for, no more than was granted (RFC 6749, 6)."""
        asked = list(dict.fromkeys((self.request.payload.scope or granted).split()))
        if granted and not set(asked) <= set(granted.split()):
            raise InvalidScopeError
        return " ".join(asked)


class ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]
    """A machine for itself."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        issued = issue_tokens.issue_to_machine(self.request.client.application, scope="", now=timezone.now())
        body = {"access_token": issued.access, "token_type": "Bearer", "expires_in": issued.expires_in}
        return 200, body, self.TOKEN_RESPONSE_HEADER


def _answer(issued: Issued, token: Token, application: Application, *, scope: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_token": issued.refresh,
        "scope": scope,
    }
    if "openid" in scope.split():
        body["id_token"] = _id_token(token, application, issued.access)
    return body


def _id_token(token: Token, application: Application, access: str) -> str:
    """Who signed in, when and how, in this application's session (OpenID Connect Core 1.0, 2). ``auth_time`` is when
    the session began; the same after a refresh."""
    now = timezone.now()
    assert token.auth_time is not None
    acr, amr = how_signed_in(token.second_factor_kind, by_password=token.by_password)
    half = hashlib.sha256(access.encode()).digest()[:16]
    claims = {
        "iss": issuer(),
        "sub": str(token.account),
        "aud": str(application.pk),
        "exp": int((now + ID_TOKEN).timestamp()),
        "iat": int(now.timestamp()),
        "auth_time": int(token.auth_time.timestamp()),
        "acr": acr,
        "amr": amr,
        "sid": str(token.sid),
        "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    if nonce := token.grant.get("nonce"):
        claims["nonce"] = nonce
    return signing_keys.signed(claims, typ="JWT", now=now)


class _Request(DjangoOAuth2Request):  # type: ignore[misc]
    """A request as the library reads it. It insists on https in the URL, which behind a proxy is not the URL that
    we see: what the public address is, and that it is https, ``resecure doctor`` judges."""

    def __init__(self, request: HttpRequest) -> None:
        address = f"https://resecure{request.get_full_path()}"
        OAuth2Request.__init__(self, method=request.method, uri=address, headers=request.headers)
        self.payload = DjangoOAuth2Payload(request)
        self._request = request


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with our applications behind it."""

    def query_client(self, client_id: str) -> Client | None:
        found = applications.find(client_id)
        return Client(found) if found else None

    def create_oauth2_request(self, request: HttpRequest) -> _Request:
        return _Request(request)

    def save_token(self, token: Any, request: Any) -> None:
        """Never asked: the grants above store what they issue, each under its generation."""
        raise NotImplementedError

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens; a listener would be handed values that belong in no other place."""


@cache
def server() -> Server:
    """The one server of this process: three grants, and no other way to a token."""
    made = Server(None, None)
    made.scopes_supported = None  # an unknown scope is left out, not refused (RFC 6749, 3.3)
    made.register_grant(AuthorizationCode, [S256(required=True)])
    made.register_grant(RefreshToken)
    made.register_grant(ClientCredentials)
    return made


__all__ = ["Client", "OAuth2Error", "server"]
