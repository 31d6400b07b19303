"""Passkeys: what a browser is asked, and whether what its authenticator answered is right (WebAuthn Level 2)."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from resecure.identity.accounts import Account

SERVICE = "Resecure"
LONGEST_ANSWER = 16_000
TIMEOUT_MILLISECONDS = 300_000


@dataclass(frozen=True, kw_only=True)
class NewPasskey:
    """What an authenticator made for us."""

    credential: bytes
    public_key: bytes
    count: int


def relying_party() -> tuple[str, str]:
    """The domain that passkeys belong to, and the only origin from which an answer counts.

    No passkey belongs to a bare network address (WebAuthn, 5.1.2). The demonstration is served on that of this
    machine; its passkeys belong to ``localhost``, which is the same machine by name.
    """
    parts = urlsplit(settings.RESECURE.public_url)
    host = parts.hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        return host, f"{parts.scheme}://{parts.netloc}"
    port = f":{parts.port}" if parts.port else ""
    return "localhost", f"{parts.scheme}://localhost{port}"


def options_to_add(account: Account, *, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    """What the browser is asked to make one with. ``known``: passkeys of the account, which are not made twice."""
    domain, _origin = relying_party()
    made = generate_registration_options(
        rp_id=domain,
        rp_name=SERVICE,
        user_id=account.pk.bytes,
        user_name=account.address,
        user_display_name=account.name,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return dict(json.loads(options_to_json(made)))


def options_to_use(*, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    """What the browser is asked to use one with; of any account, if none are named."""
    domain, _origin = relying_party()
    made = generate_authentication_options(
        rp_id=domain,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(options_to_json(made)))


def added(answer: str, *, challenge: bytes) -> NewPasskey | None:
    """The new passkey; None where the answer is of another challenge, page or domain, or nobody was verified."""
    if len(answer) > LONGEST_ANSWER:
        return None
    domain, origin = relying_party()
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=domain,
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - it is a stranger's: whatever its parsers say to it, it is no passkey
        return None
    return NewPasskey(credential=made.credential_id, public_key=made.credential_public_key, count=made.sign_count)


def count_of(answer: str, *, challenge: bytes, public_key: bytes) -> int | None:
    """How often the authenticator says it was used, where the answer is right; None for every other reason."""
    domain, origin = relying_party()
    try:
        used = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=domain,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # compared where it is stored, in one statement
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - as above
        return None
    return used.new_sign_count


def credential_of(answer: str) -> bytes | None:
    """Which passkey an answer says it is of; None where it says nothing that can be read."""
    if not answer or len(answer) > LONGEST_ANSWER:
        return None
    try:
        said = json.loads(answer)
        return base64url_to_bytes(said["rawId"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
