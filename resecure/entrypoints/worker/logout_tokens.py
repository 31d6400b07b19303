"""What is said to an application about one of its sessions: a logout token, and a question."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings

from resecure.identity import signing_keys
from resecure.identity.signing_keys import Signer
from resecure.propagation.models import Delivery

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token(delivery: Delivery, *, issuer: str, now: datetime, sign: Signer) -> str:
    """The session of this person in this application is over (OpenID Connect Back-Channel Logout 1.0, 2.4).

    Always with ``sub`` and ``sid``: one well-known client takes a token without ``sid``, answers 200, and keeps the
    session. Never with a nonce: nobody must be able to use it as an ID token. Each has its own ``jti``; a repeat of
    a delivery is a new token, for the application may remember the first.
    """
    claims = {
        "iss": issuer,
        "sub": str(delivery.account),
        "aud": delivery.target,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=settings.RESECURE.logout_token_seconds)).timestamp()),
        "jti": str(uuid4()),
        "sid": delivery.payload["sid"],
        "events": {EVENT: {}},
    }
    return sign(claims, "logout+jwt")


def question_token(delivery: Delivery, *, issuer: str, now: datetime) -> str:
    """That it is we who ask whether a session lives: of a type of its own, so that it is good for nothing else."""
    claims = {
        "iss": issuer,
        "aud": delivery.target,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=settings.RESECURE.logout_token_seconds)).timestamp()),
        "jti": str(uuid4()),
        "sub": str(delivery.account),
        "sid": delivery.payload["sid"],
    }
    return signing_keys.signed(claims, typ="session-question+jwt", now=now)
