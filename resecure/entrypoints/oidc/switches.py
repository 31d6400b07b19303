"""The switches of RFC 9700, asked of the server as it runs: `resecure doctor` fails when one is off."""

from __future__ import annotations

from collections.abc import Callable

from resecure.entrypoints.oidc.discovery import metadata
from resecure.entrypoints.oidc.server import (
    GRANTS,
    S256,
    AuthorizationCode,
    Client,
    ClientCredentials,
    RefreshToken,
    Server,
    server,
)
from resecure.identity.application_tokens import ONCE, TokenKind
from resecure.identity.applications import Application, Kind

_ADDRESS = "https://rota.example.org/callback"
_NEARLY = (
    f"{_ADDRESS}/",
    f"{_ADDRESS}?a=b",
    f"{_ADDRESS}#a",
    "https://rota.example.org/Callback",
    "http://rota.example.org/callback",
    "https://rota.example.org:443/callback",
    "https://rota.example.org.evil.example/callback",
)


def _codes_only(made: Server) -> bool:
    return [grant for grant, _more in made._authorization_grants] == [AuthorizationCode]


def _no_password(made: Server) -> bool:
    known = {AuthorizationCode, RefreshToken, ClientCredentials}
    return {grant for grant, _more in made._token_grants} == known and not any(
        "password" in each for each in GRANTS.values()
    )


def _pkce(made: Server) -> bool:
    extensions = [each for _grant, more in made._authorization_grants for each in more or ()]
    return any(
        isinstance(each, S256) and each.required for each in extensions
    ) and S256.SUPPORTED_CODE_CHALLENGE_METHOD == ["S256"]


def _exact(_made: Server) -> bool:
    client = Client(Application(kind=Kind.WEB, redirect_addresses=[_ADDRESS]))
    return client.check_redirect_uri(_ADDRESS) and not any(client.check_redirect_uri(each) for each in _NEARLY)


def _once(_made: Server) -> bool:
    return {TokenKind.CODE, TokenKind.REFRESH} <= ONCE


def _issuer(_made: Server) -> bool:
    return metadata()["authorization_response_iss_parameter_supported"] is True


def _secrets(_made: Server) -> bool:
    web, public = Client(Application(kind=Kind.WEB)), Client(Application(kind=Kind.PUBLIC))
    return not web.check_endpoint_auth_method("none", "token") and public.check_endpoint_auth_method("none", "token")


SWITCHES: dict[str, tuple[str, Callable[[Server], bool]]] = {
    "codes_only": ("The authorization endpoint gives codes and no tokens (2.1.2).", _codes_only),
    "no_password_grant": ("No password is exchanged for a token (2.4).", _no_password),
    "pkce": ("Every application proves with S256 that the code is its own (2.1.1).", _pkce),
    "exact_redirect_address": ("Redirect addresses are compared letter by letter (2.1).", _exact),
    "refresh_once": ("A refresh token counts once, its second use ends the session (2.2.2).", _once),
    "issuer_in_answer": ("Who answers is said in every answer (2.1, RFC 9207).", _issuer),
    "secrets_needed": ("An application that has a secret must show it (2.5).", _secrets),
}


def switched_off() -> dict[str, str]:
    """Those that are off, with what they are for."""
    made = server()
    return {name: text for name, (text, is_on) in SWITCHES.items() if not is_on(made)}
