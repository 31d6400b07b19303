"""What applications read about us: the endpoints and what they can do, and the keys that we sign with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from resecure.entrypoints.web.access import public
from resecure.identity import signing_keys
from resecure.identity.signing_keys import ALGORITHM

SCOPES = ("openid", "profile", "email", "organisation")
PASSWORD = "urn:resecure:acr:password"
SECOND_FACTOR = "urn:resecure:acr:second-factor"
PHISHING_RESISTANT = "phr"  # OpenID Connect Extended Authentication Profile, ACR values
# The same as SQL, of a session `w`, for what is answered without Django.
SQL_ACR = (
    f"CASE w.second_factor_kind WHEN 'passkey' THEN '{PHISHING_RESISTANT}' WHEN '' THEN '{PASSWORD}'"
    f" ELSE '{SECOND_FACTOR}' END"
)
CLAIMS = (
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"),
    *("name", "given_name", "family_name", "email", "organisation", "organisation_name"),
)


def issuer() -> str:
    """Who we are, in every token and answer: the public address."""
    address: str = settings.RESECURE.public_url
    return address.rstrip("/")


def metadata() -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 and RFC 8414. What is not offered is said in so many words."""
    here = issuer()
    with_secret = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": here,
        "authorization_endpoint": here + reverse("oidc:authorize"),
        "token_endpoint": here + reverse("oidc:token"),
        "userinfo_endpoint": here + USERINFO,
        "introspection_endpoint": here + INTROSPECT,
        "revocation_endpoint": here + reverse("oidc:revoke"),
        "end_session_endpoint": here + reverse("oidc:end_session"),
        "jwks_uri": here + reverse("oidc:jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": list(SCOPES),
        "claims_supported": list(CLAIMS),
        "acr_values_supported": [PASSWORD, SECOND_FACTOR, PHISHING_RESISTANT],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*with_secret, "none"],
        "introspection_endpoint_auth_methods_supported": with_secret,
        "revocation_endpoint_auth_methods_supported": [*with_secret, "none"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


# Answered beside Django, in the same process: see asking.py.
USERINFO = "/oidc/userinfo"
INTROSPECT = "/oidc/introspect"


@require_safe
@public
def configuration(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's call
    """``/.well-known/openid-configuration``."""
    return _for_everybody(JsonResponse(metadata()), seconds=3600)


@require_safe
@public
def jwks(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's call
    """The public keys (RFC 7517). The next one stands here for a day before it signs."""
    return _for_everybody(JsonResponse({"keys": signing_keys.published()}), seconds=900)


def _for_everybody(response: JsonResponse, *, seconds: int) -> JsonResponse:
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    # An application in a browser reads these from its own origin; there is nothing secret in them.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def how_signed_in(kind: str, *, by_password: bool) -> tuple[str, list[str]]:
    """``acr`` and ``amr`` of a session, by the kind of its second factor (RFC 8176)."""
    password = ["pwd"] if by_password else []
    if kind == "passkey":
        return PHISHING_RESISTANT, [*password, "pop", "user", "mfa"]
    if kind:
        return SECOND_FACTOR, [*password, *(["otp"] if kind == "totp" else []), "mfa"]
    return PASSWORD, password
