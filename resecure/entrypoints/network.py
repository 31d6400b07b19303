"""Where a request comes from: the peer, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings


def client_address(environ: Mapping[str, Any]) -> str | None:
    """The address of the client as text, or None where it is not known (a socket without one).

    X-Forwarded-For is believed only from a trusted proxy, and only its last untrusted part: whatever stands
    before that, the client may have written itself.
    """
    peer = _parsed(str(environ.get("REMOTE_ADDR", "")))
    if peer is None or not _trusted(peer):
        return str(peer) if peer else None
    for part in reversed(str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        hop = _parsed(part)
        if hop is None:
            break
        peer = hop
        if not _trusted(hop):
            break
    return str(peer)


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _trusted(address: _Address) -> bool:
    return any(address in network for network in settings.RESECURE.trusted_proxies)


def _parsed(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
