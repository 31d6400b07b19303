"""The variables themselves: one attribute of :class:`Environment` for each ``RESECURE_…``.

No file is read. Each policy number says beside it what loosening it costs, and ``resecure doctor``
says the same of every one that is looser than its default (``environment.problems``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "RESECURE_"
KEY_BYTES = 32
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SMS_KEY = re.compile(rf"(?:.*-)?({_UUID})-({_UUID})")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """An AES-256 key and the name under which rows remember it."""

    name: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed in. ``starttls`` upgrades a plain connection; ``tls`` begins with TLS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    starttls: bool
    tls: bool


@dataclass(frozen=True, kw_only=True)
class SmsGateway:
    """Where text messages are handed in, and as whom. ``service`` and ``key`` are the two halves of the API key."""

    url: str
    service: str
    key: str = field(repr=False)
    template: str
    sender: str


def _policy(default: Any, *, looser: Literal["below", "above", "other"], costs: str, least: int = 0) -> Any:
    """A policy setting: ``looser`` says in which direction from the default it protects less."""
    extra = {"looser": looser}
    if isinstance(default, bool):
        return Field(default, description=costs, json_schema_extra=dict(extra))
    return Field(default, ge=least, description=costs, json_schema_extra=dict(extra))


def _default_state_directory() -> Path:
    here = Path.cwd()
    if os.geteuid() != 0:
        return here / ".state"
    # The database's system user must be able to pass through, and a home of root is closed to it.
    return Path("/var/lib/resecure") / hashlib.sha256(os.fsencode(here)).hexdigest()[:12]


class Environment(BaseSettings):
    """Everything that can be configured, read once per process by :func:`environment`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=None,
        extra="ignore",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,  # an error must not repeat a key that was mistyped
    )

    # --- where things are
    production: bool = False
    """True: nothing is generated, and missing keys are errors."""
    database_url: str = Field("", repr=False)
    """A PostgreSQL URL (``postgresql://…``). Empty: the embedded server in the state directory."""
    public_url: str = "http://127.0.0.1:8000"
    """The address in people's browsers, without a path."""
    allowed_hosts: Annotated[list[str], NoDecode] = []
    """Host names answered to, separated by commas. Empty: that of the public address and, in development,
    this machine."""
    trusted_proxies: Annotated[list[Network], NoDecode] = []
    """Networks, separated by commas, whose X-Forwarded-For is believed. From anybody else it is ignored:
    otherwise a guesser would write a new address into each request and no throttle would ever count."""
    state_directory: Path = Field(default_factory=_default_state_directory)
    """Where the embedded PostgreSQL and the generated secrets of development live."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    web_processes: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    # --- keys
    secret_key: SecretStr = SecretStr("")
    """Signs cookies and forms."""
    encryption_keys: SecretStr = SecretStr("")
    """``name:base64key,name2:base64key``, 32 bytes each. The first encrypts, all of them decrypt."""
    audit_key: SecretStr = SecretStr("")
    """Signs checkpoints of the record: 32 random bytes in base64."""

    # --- mail
    smtp_url: str = Field("", repr=False)
    """``smtp://user:password@host:587?starttls=1`` or ``smtps://…``. Empty: the demonstration's mailbox."""
    mail_from: str = "Resecure <no-reply@resecure.invalid>"

    # --- text messages
    sms_url: str = ""
    """Where text messages go: ``https://api.notifications.service.gov.uk`` (GOV.UK Notify), or a gateway that speaks as
    it does. Empty: the demonstration's mailbox."""
    sms_api_key: SecretStr = SecretStr("")
    """The API key, as the gateway gives it: name, service and key, joined by hyphens."""
    sms_template: str = ""
    """The id of a text message template there whose whole text is ``((message))``."""
    sms_sender: str = ""
    """The id of the sender there; empty for the usual one."""

    # --- policy: passwords
    password_min_length: int = _policy(
        15, looser="below", least=8, costs="Shorter passwords fall to guessing once a hash is stolen."
    )
    password_min_length_with_second_factor: int = _policy(
        10,
        looser="below",
        least=8,
        costs="A short password leaves the second factor as the only real obstacle.",
    )
    password_history: int = _policy(
        4, looser="below", costs="An old password that somebody else learned comes back into use sooner."
    )
    temporary_password_hours: int = _policy(
        24,
        looser="above",
        least=1,
        costs="A temporary password that was overheard or written down opens the account for longer.",
    )
    temporary_password_may_be_typed: bool = _policy(
        True, looser="other", costs="Administrators choose the same few temporary passwords again and again."
    )
    require_password_change_always: bool = _policy(
        True, looser="below", costs="An administrator may leave somebody with a password that both know."
    )
    lock_after_wrong_passwords: int = _policy(
        10, looser="above", least=1, costs="A guesser gets more tries at one account in each window."
    )
    lock_window_minutes: int = _policy(
        15, looser="below", least=1, costs="Wrong passwords are forgotten sooner: more guesses in an hour."
    )

    # --- policy: sign-in and sessions
    sign_in_minutes: int = _policy(
        60,
        looser="above",
        least=5,
        costs="A sign-in left half-way on a shared computer can be taken up by the next person for longer.",
    )
    session_idle_minutes: int = _policy(
        30, looser="above", least=1, costs="An unattended computer stays signed in for longer."
    )
    session_absolute_hours: int = _policy(
        12, looser="above", least=1, costs="A stolen session stays useful for longer, however it is used."
    )

    # --- policy: second factor
    second_factor_required: bool = _policy(
        True,
        looser="below",
        costs="An administrator acts on others with a password alone: whoever learns it holds all their accounts.",
    )
    second_factor_minutes: int = _policy(
        10,
        looser="above",
        least=1,
        costs="Whoever finds an administrator's computer unattended can act on accounts for longer.",
    )
    passkey_sign_in: bool = _policy(
        True, looser="other", costs="Nothing beside the passkey is asked; it must verify its person, by PIN or finger."
    )

    # --- policy: applications
    code_seconds: int = _policy(
        60, looser="above", least=10, costs="A code that was overheard on its way to an application counts for longer."
    )
    access_token_seconds: int = _policy(
        300,
        looser="above",
        least=30,
        costs="An application that does not ask us about an access token goes on believing it for longer.",
    )
    logout_token_seconds: int = _policy(
        120, looser="above", least=10, costs="A logout token that was overheard can be sent again for longer."
    )
    signing_key_days: int = _policy(
        90, looser="above", least=1, costs="A signing key that leaked unnoticed signs for others for longer."
    )
    application_networks: Annotated[list[Network], NoDecode] = []
    """Networks of one's own, separated by commas, in which applications may be told that a session ended. All other
    internal addresses are refused: an address of a cloud's metadata service or of a router is never an application."""

    # --- policy: administrators
    confirmation_minutes: int = _policy(
        30,
        looser="above",
        least=1,
        costs="The time between identifying a caller and acting grows, and with it the room for a mix-up.",
    )
    approval_minutes: int = _policy(
        30,
        looser="above",
        least=1,
        costs="What a second person approves rests on evidence that is older.",
    )
    finish_within_days: int = _policy(
        30, looser="above", least=1, costs="Accounts that nobody finished taking back stay about for longer."
    )
    inactive_after_days: int = _policy(
        30, looser="above", least=1, costs="Accounts of people who left without a word stay open for longer."
    )
    inactive_to_deleted_days: int = _policy(
        30, looser="above", least=1, costs="Unused accounts, which nobody watches, can be revived for longer."
    )
    disabled_to_deleted_days: int = _policy(
        548, looser="above", least=1, costs="Personal data of disabled accounts is kept for longer."
    )
    leaver_days: int = _policy(30, looser="above", least=1, costs="People who left keep a working account for longer.")
    restore_within_days: int = _policy(
        30, looser="above", least=1, costs="Deleted accounts, and their data, can be brought back for longer."
    )
    stuck_after_hours: int = _policy(
        24, looser="above", least=1, costs="A change that hangs in a connected system goes unseen for longer."
    )

    # --- policy: how long is kept what counts for nothing any more (what happened stays on record)
    ended_sessions_kept_days: int = _policy(
        30,
        looser="above",
        least=1,
        costs="Whoever reads the database or a backup learns from which addresses and devices people signed in, "
        "for longer. With fewer days, less is left to look into when somebody asks who was signed in.",
    )
    deliveries_kept_days: int = _policy(
        90,
        looser="above",
        least=1,
        costs="Names and addresses in messages that arrived long ago are kept for longer. With fewer days, the "
        "page of a resecuring forgets sooner how far each connected system had got.",
    )

    # --- policy: the account secret
    secret_min_letters: int = _policy(
        9, looser="below", least=4, costs="Three letters of a shorter secret are easier to guess."
    )
    secret_history: int = _policy(
        5, looser="below", costs="A secret that others have come to know comes back into use sooner."
    )

    secret_question_days: int = _policy(
        7,
        looser="below",
        least=1,
        costs="A caller who knows a few letters hears sooner of other positions, and tries again until they fit.",
    )
    secret_positions_disclosed: int = _policy(
        6,
        looser="above",
        least=3,
        costs="Administrators together get to know more letters of a secret before its owner chooses another.",
    )

    # --- policy: throttles
    throttle_per_account_and_network_per_hour: int = _policy(
        20, looser="above", least=1, costs="One place gets more guesses an hour at one account."
    )
    throttle_per_network_per_quarter_hour: int = _policy(
        1000, looser="above", least=1, costs="One place can try one common password on more accounts."
    )

    @field_validator("allowed_hosts", "trusted_proxies", "application_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _derived_hosts(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if value:
            return value
        names = [urlsplit(info.data.get("public_url", "")).hostname or ""]
        if not info.data.get("production"):
            names += [name for name in ("127.0.0.1", "localhost", "[::1]") if name not in names]
        return names

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("state_directory")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.absolute()

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("set it to an address such as https://accounts.example.org, without a path")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _a_postgresql_url(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
            raise ValueError("set it to postgresql://user:password@host/name, or leave it empty")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, value: str) -> str:
        _mail_server(value)
        return value

    @field_validator("sms_url")
    @classmethod
    def _a_gateway(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (
            parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or "@" in parts.netloc
        ):
            raise ValueError("set it to an address such as https://api.notifications.service.gov.uk, or leave it empty")
        return value.rstrip("/")

    @property
    def sms_gateway(self) -> SmsGateway | None:
        """None: text messages go to the mailbox of the demonstration. Raises ValueError where the key is malformed."""
        if not self.sms_url:
            return None
        halves = _SMS_KEY.fullmatch(self.sms_api_key.get_secret_value())
        if halves is None:
            raise ValueError("it is not a name, a service and a key, joined by hyphens")
        return SmsGateway(
            url=self.sms_url, service=halves[1], key=halves[2], template=self.sms_template, sender=self.sms_sender
        )

    @property
    def keys(self) -> list[EncryptionKey]:
        """The encryption keys, the current one first. Raises ValueError where they are malformed."""
        return _parse_keys(self.encryption_keys.get_secret_value())

    @property
    def mail_server(self) -> MailServer | None:
        """None: messages go to the mailbox of the demonstration."""
        return _mail_server(self.smtp_url)


def _parse_keys(text: str) -> list[EncryptionKey]:
    keys: list[EncryptionKey] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not (name and colon and len(key) == KEY_BYTES):
            raise ValueError(f"key {len(keys) + 1} is not name:base64 of {KEY_BYTES} bytes")
        if any(name == other.name for other in keys):
            raise ValueError(f"two keys have the name {name}")
        keys.append(EncryptionKey(name=name, key=key))
    return keys


def _mail_server(url: str) -> MailServer | None:
    if not url:
        return None
    wanted = "set it to smtp://user:password@host:587?starttls=1 or smtps://user:password@host:465"
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(wanted) from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError(wanted)
    tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or (465 if tls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parse_qs(parts.query).get("starttls", ["0"])[0] in {"1", "true", "yes"},
        tls=tls,
    )
