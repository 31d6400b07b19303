"""The configuration of this process, and what is wrong with it.

The variables are described in ``variables``; nothing but the environment is read, and in development
the secrets file of the state directory.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr, ValidationError

from resecure.config.development_secrets import development_secrets
from resecure.config.variables import PREFIX, EncryptionKey, Environment, MailServer

__all__ = [
    "ConfigurationError",
    "EncryptionKey",
    "Environment",
    "MailServer",
    "Problem",
    "environment",
    "problems",
    "read",
]

SECRET_KEY_CHARACTERS = 50
# Made on purpose so that their first characters say what they are; never right in production.
EXAMPLES_OF_SECRET_KEYS = ("django-insecure", "changeme", "change-me", "secret", "password", "example")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One line of ``resecure doctor``. An error must be put right; a warning says what a choice costs."""

    code: str
    text: str
    weight: Literal["error", "warning"] = "error"


class ConfigurationError(RuntimeError):
    """The service cannot start as it is configured. The text names each variable and what to set."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__("\n".join(problem.text for problem in found))
        self.problems = found


def read() -> Environment:
    """Read the variables as they stand; keys may be missing. Raises ConfigurationError."""
    try:
        return Environment()
    except ValidationError as error:
        found: list[Problem] = []
        for each in error.errors(include_input=False, include_url=False):
            name = PREFIX + str(each["loc"][0]).upper()
            message = each["msg"].removeprefix("Value error, ")
            if not any(problem.text.startswith(f"{name} ") for problem in found):
                found.append(Problem(code=f"invalid_{name.lower()}", text=f"{name} is not valid: {message}."))
        raise ConfigurationError(found) from None


@cache
def environment() -> Environment:
    """The configuration of this process, complete and usable, or ConfigurationError.

    In development, missing keys are made once and kept in ``secrets.json`` in the state directory.
    """
    found = read()
    if not found.production and not (found.secret_key and found.encryption_keys and found.audit_key):
        made = development_secrets(found.state_directory)
        missing = {name: SecretStr(made[name]) for name in sorted(made) if not getattr(found, name)}
        found = found.model_copy(update=missing)
    if wrong := [*_problems_of_keys(found), *(each for each in _problems_of_sms(found) if "key" in each.code)]:
        raise ConfigurationError(wrong)
    return found


def problems(found: Environment | None = None, *, variables: Mapping[str, str] | None = None) -> list[Problem]:
    """All that is wrong or costly in a configuration; without one, in that of this process.

    Never raises, and no text holds a secret. ``variables`` is looked through for misspelt names.
    """
    result = _problems_of_names(os.environ if variables is None else variables)
    if found is None:
        try:
            found = read()
        except ConfigurationError as error:
            return [*error.problems, *result]
    if found.production or found.secret_key or found.encryption_keys or found.audit_key:
        result += _problems_of_keys(found, all_needed=found.production)
    return [
        *result,
        *_problems_of_places(found),
        *_problems_of_mail(found),
        *_problems_of_sms(found),
        *_problems_of_applications(found),
        *_problems_of_second_factor(found),
        *_looser_than_default(found),
    ]


def _problems_of_names(variables: Mapping[str, str]) -> list[Problem]:
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    return [
        Problem(
            code="unknown_variable",
            text=f"{name} is set, but there is no such variable: it changes nothing.",
            weight="warning",
        )
        for name in sorted(variables)
        if name.startswith(PREFIX) and name not in known
    ]


def _problems_of_keys(found: Environment, *, all_needed: bool = True) -> list[Problem]:
    result = []
    key = found.secret_key.get_secret_value()
    make = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
    if not key and all_needed:
        result.append(
            Problem(
                code="secret_key_missing",
                text=f"RESECURE_SECRET_KEY is not set. Set it to what this prints: {make}",
            )
        )
    elif key and (
        len(key) < SECRET_KEY_CHARACTERS or len(set(key)) < 10 or key.lower().startswith(EXAMPLES_OF_SECRET_KEYS)
    ):
        result.append(
            Problem(
                code="secret_key_weak",
                text=f"RESECURE_SECRET_KEY can be guessed: it needs {SECRET_KEY_CHARACTERS} or more random "
                f"characters. Set it to what this prints: {make}",
            )
        )
    make = "echo main:$(head -c 32 /dev/urandom | base64)"
    try:
        keys = found.keys
    except ValueError as error:
        result.append(
            Problem(
                code="encryption_keys_malformed",
                text=f"RESECURE_ENCRYPTION_KEYS is malformed: {error}. A new key is what this prints: {make} "
                "- put it first, and keep the old ones after it, separated by commas.",
            )
        )
    else:
        if not keys and all_needed:
            result.append(
                Problem(
                    code="encryption_keys_missing",
                    text=f"RESECURE_ENCRYPTION_KEYS is not set. Set it to what this prints: {make}",
                )
            )
        if any(len(set(each.key)) < 8 for each in keys):
            result.append(
                Problem(
                    code="encryption_keys_weak",
                    text="RESECURE_ENCRYPTION_KEYS holds a key that is not random. Put a new one first, "
                    f"what this prints: {make}",
                )
            )
    return [*result, *_problems_of_audit_key(found, needed=all_needed)]


def _problems_of_audit_key(found: Environment, *, needed: bool) -> list[Problem]:
    text = found.audit_key.get_secret_value()
    if not text and not needed:
        return []
    try:
        seed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) == 32 and len(set(seed)) >= 8:
        return []
    code, what = ("malformed", "is not base64 of 32 random bytes") if text else ("missing", "is not set")
    make = "head -c 32 /dev/urandom | base64"
    return [Problem(code=f"audit_key_{code}", text=f"RESECURE_AUDIT_KEY {what}. Set it to what this prints: {make}")]


def _problems_of_places(found: Environment) -> list[Problem]:
    result = []
    if found.production and not found.public_url.startswith("https://"):
        result.append(
            Problem(
                code="public_url_without_https",
                text="RESECURE_PUBLIC_URL is not https: passwords and sessions could be read on the way. "
                "Set it to the https address in people's browsers.",
            )
        )
    if "*" in found.allowed_hosts:
        result.append(
            Problem(
                code="allowed_hosts_any",
                text="RESECURE_ALLOWED_HOSTS holds *: a forged Host header could put a stranger's address "
                "into the links we send. Name the hosts.",
            )
        )
    if any(network.num_addresses > 2**24 for network in found.trusted_proxies if network.version == 4) or any(
        network.prefixlen < 32 for network in found.trusted_proxies if network.version == 6
    ):
        result.append(
            Problem(
                code="trusted_proxies_wide",
                text="RESECURE_TRUSTED_PROXIES trusts a large part of the internet: whoever is in it can "
                "pretend any address, and no throttle by network counts. Name the proxies alone.",
            )
        )
    if found.production and not found.database_url:
        result.append(
            Problem(
                code="embedded_database_in_production",
                text="RESECURE_DATABASE_URL is empty, so the embedded database is used: one machine, no "
                "backup, no second node. Set it to postgresql://user:password@host/name?sslmode=verify-full",
            )
        )
    if found.database_url and not _database_connection_is_safe(found.database_url):
        result.append(
            Problem(
                code="database_without_tls",
                text="RESECURE_DATABASE_URL names another host without insisting on TLS and its certificate: "
                "whoever is on the way can read and change everything. Add ?sslmode=verify-full "
                "(and sslrootcert=… for an authority of your own).",
            )
        )
    return result


def _database_connection_is_safe(url: str) -> bool:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    hosts = query.get("host", [parts.netloc.rpartition("@")[2]])[0].split(",")
    return query.get("sslmode", [""])[0] == "verify-full" or all(_is_local(host) for host in hosts)


def _is_local(host: str) -> bool:
    """True for a socket folder, nothing, or this machine; a port behind the host is left out of account."""
    if not host or host.startswith(("/", "%2F", "%2f", "@", ":")):
        return True
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _problems_of_mail(found: Environment) -> list[Problem]:
    result = []
    server = found.mail_server
    if server is None:
        if found.production:
            result.append(
                Problem(
                    code="demonstration_mailbox_in_production",
                    text="RESECURE_SMTP_URL is empty: messages go to the mailbox of the demonstration and "
                    "nobody is told anything. Set it to smtp://user:password@host:587?starttls=1",
                )
            )
    elif not (server.tls or server.starttls or _is_local(server.host)):
        result.append(
            Problem(
                code="mail_without_tls",
                text="RESECURE_SMTP_URL hands mail to another host without TLS. Add ?starttls=1, or use smtps://.",
            )
        )
    if found.production and "@resecure.invalid" in found.mail_from:
        result.append(
            Problem(
                code="mail_from_invented",
                text="RESECURE_MAIL_FROM is the invented address, so nobody can answer and filters drop the "
                "mail. Set it to an address of yours.",
            )
        )
    return result


def _problems_of_sms(found: Environment) -> list[Problem]:
    if not found.sms_url:
        if not found.production:
            return []
        return [
            Problem(
                code="sms_to_nobody",
                text="RESECURE_SMS_URL is empty: nobody is told anything on their mobile, and no code can be read back "
                "from one. Set it, RESECURE_SMS_API_KEY and RESECURE_SMS_TEMPLATE.",
                weight="warning",
            )
        ]
    result = []
    try:
        assert found.sms_gateway is not None
    except ValueError as error:
        result.append(
            Problem(
                code="sms_api_key_malformed",
                text=f"RESECURE_SMS_API_KEY is missing or malformed: {error}. Set it to the API key as the gateway "
                "shows it once.",
            )
        )
    if not found.sms_template:
        result.append(
            Problem(
                code="sms_template_missing",
                text="RESECURE_SMS_TEMPLATE is not set. Make a text message template at the gateway, whose whole "
                "text is ((message)), and set this to its id.",
            )
        )
    parts = urlsplit(found.sms_url)
    if parts.scheme != "https" and not _is_local(parts.hostname or ""):
        result.append(
            Problem(
                code="sms_without_tls",
                text="RESECURE_SMS_URL is not https: whoever is on the way can read every code. Use https://.",
            )
        )
    return result


def _problems_of_applications(found: Environment) -> list[Problem]:
    wide = [each for each in found.application_networks if each.is_loopback or each.prefixlen == 0]
    if not (found.production and wide):
        return []
    return [
        Problem(
            code="application_networks_too_wide",
            text=f"RESECURE_APPLICATION_NETWORKS names {wide[0]}: whoever registers an application can make this "
            "service send requests to itself, or anywhere. Name the networks in which your applications are.",
        )
    ]


def _problems_of_second_factor(found: Environment) -> list[Problem]:
    if found.second_factor_required or not found.production:
        return []
    return [
        Problem(
            code="second_factor_not_required",
            text="RESECURE_SECOND_FACTOR_REQUIRED is off: whoever learns one administrator's password holds the "
            "accounts of everybody below. Set it to true.",
        )
    ]


def _looser_than_default(found: Environment) -> list[Problem]:
    """A warning, with what it costs, for each policy number that protects less than its default."""
    result = []
    for name, described in Environment.model_fields.items():
        extra: Any = described.json_schema_extra or {}
        value = getattr(found, name)
        looser = extra.get("looser")
        if (looser == "above" and value > described.default) or (looser == "below" and value < described.default):
            result.append(
                Problem(
                    code=f"looser_{name}",
                    text=f"{PREFIX}{name.upper()} is {value}, looser than the default of "
                    f"{described.default}. {described.description}",
                    weight="warning",
                )
            )
    return result
