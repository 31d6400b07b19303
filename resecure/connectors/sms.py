"""Text messages: by the HTTP interface of GOV.UK Notify (version 2), or of a gateway that speaks as it does.

``POST /v2/notifications/sms`` with a token of our own (JWT, HS256, good for half a minute), a template of one field,
and our key as ``reference``. The interface knows no idempotency key; but it can be asked what it took under a
reference, so a repeat asks first, and a message that was taken and whose answer was lost does not go out twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import aiohttp
from django.utils import timezone
from django.utils.translation import gettext_noop
from joserfc import jwt
from joserfc.jwk import OctKey

from resecure.connectors.fault import NotTaken

CONNECTING = 5.0  # seconds until it must be reached
ALTOGETHER = 20.0  # seconds for one message, the question before a repeat included; well under a claim's minute
MOST = 64 * 1024  # bytes of an answer; more is not read
FIELD = "message"  # the one field of the template
SENT, CREATED, BAD_REQUEST, TOO_MANY_REQUESTS, SERVER_FAULT = 200, 201, 400, 429, 500
TOO_LONG = "character"
SMS_HEADER = "X-Resecure-Channel"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Where text messages are handed over, and as whom."""

    url: str
    service: str
    key: str = field(repr=False)
    template: str
    sender: str = ""


def send(*, to: str, text: str, key: UUID, gateway: Gateway, again: bool = False) -> None:
    """Hand the message over. Afterwards the gateway has answered for it, or NotTaken is raised.

    ``again``: it may have been taken already, so the gateway is asked first.
    """
    try:
        asyncio.run(_send(to=to, text=text, key=key, gateway=gateway, again=again))
    except NotTaken:
        raise
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _fault(error) from None


async def _send(*, to: str, text: str, key: UUID, gateway: Gateway, again: bool) -> None:
    body: dict[str, Any] = {
        "phone_number": to,
        "template_id": gateway.template,
        "personalisation": {FIELD: text},
        "reference": str(key),
    }
    if gateway.sender:
        body["sms_sender_id"] = gateway.sender
    # No proxy and no netrc of the environment, no cookies, and no redirect is followed: it goes there or nowhere.
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=ALTOGETHER, sock_connect=CONNECTING),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Authorization": f"Bearer {_token(gateway)}"},
        auto_decompress=False,
    ) as session:
        if again and await _has(session, key, gateway):
            return
        async with session.post(f"{gateway.url}/v2/notifications/sms", json=body, allow_redirects=False) as response:
            if response.status != CREATED:
                raise _refused(response.status, await _read(response))


async def _has(session: aiohttp.ClientSession, key: UUID, gateway: Gateway) -> bool:
    """Whether the gateway took a message under this key before."""
    wanted = {"reference": str(key), "template_type": "sms"}
    async with session.get(f"{gateway.url}/v2/notifications", params=wanted, allow_redirects=False) as response:
        said = await _read(response)
        if response.status != SENT:
            raise _refused(response.status, said)
    found = said.get("notifications")
    return isinstance(found, list) and any(
        isinstance(each, Mapping) and each.get("reference") == str(key) for each in found
    )


async def _read(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    read = b""
    while len(read) < MOST and (more := await response.content.read(MOST - len(read))):
        read += more
    try:
        said = json.loads(read)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _token(gateway: Gateway) -> str:
    claims = {"iss": gateway.service, "iat": int(timezone.now().timestamp())}
    return jwt.encode({"typ": "JWT", "alg": "HS256"}, claims, OctKey.import_key(gateway.key))


def _refused(status: int, said: Mapping[str, Any]) -> NotTaken:
    """What an answer means, in words of ours. Only a no to this number or this text is for good: a wrong key, an
    unknown template or a service that is still on trial is put right by an operator, and then the message must go."""
    errors = said.get("errors")
    kinds = [
        (str(each.get("error", "")), str(each.get("message", "")))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, Mapping)
    ]
    if status == BAD_REQUEST and any(kind == "ValidationError" and "phone_number" in text for kind, text in kinds):
        return NotTaken(gettext_noop("the SMS gateway refused the number"), detail=status, for_good=True)
    if status == BAD_REQUEST and any(TOO_LONG in text for _kind, text in kinds):
        return NotTaken(gettext_noop("the SMS gateway refused the message"), detail=status, for_good=True)
    if status in {401, 403}:
        return NotTaken(gettext_noop("the SMS gateway refused our key"), detail=status, away=True)
    if status == TOO_MANY_REQUESTS:
        return NotTaken(gettext_noop("the SMS gateway takes no more for now"), detail=status, away=True)
    if status >= SERVER_FAULT:
        return NotTaken(gettext_noop("the SMS gateway answered with an error"), detail=status)
    return NotTaken(gettext_noop("the SMS gateway did not take the message"), detail=status)


def _fault(error: Any) -> NotTaken:
    if isinstance(error, asyncio.TimeoutError):
        never_reached = isinstance(error, aiohttp.ConnectionTimeoutError)
        return NotTaken(gettext_noop("the SMS gateway did not answer in time"), away=never_reached)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return NotTaken(gettext_noop("the certificate of the SMS gateway is not valid"), away=True)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionResetError):
        return NotTaken(gettext_noop("the SMS gateway broke off"))
    strerror = getattr(error, "strerror", "") or type(error).__name__
    return NotTaken(gettext_noop("the SMS gateway cannot be reached"), detail=str(strerror)[:80], away=True)


def message(*, to: str, text: str, key: UUID, at: datetime) -> EmailMessage:
    """The message as the mailbox of the demonstration keeps it, beside mails."""
    made = EmailMessage(policy=SMTP)
    made["To"] = to
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{key}@resecure.invalid>"
    made[SMS_HEADER] = "sms"
    made.set_content(text)
    return made


def is_kept_sms(made: EmailMessage) -> bool:
    """Whether a message of the demonstration's mailbox is a text message."""
    return made[SMS_HEADER] is not None
