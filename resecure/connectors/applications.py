"""Applications: posting to an address that somebody registered, without being led to where nobody should be led."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.utils.translation import gettext_noop

Network = IPv4Network | IPv6Network
ALTOGETHER = 5.0  # seconds for one request, from the name's look-up to the last byte that is read
MOST = 4096  # bytes of an answer; more is not read
EMBEDDED = IPv6Network("64:ff9b::/96")  # an IPv4 address behind a translator (RFC 6052)
# Internal in spite of what the registries say, or not told by every version of Python: translators of one's own
# (RFC 8215), the old site-local and IPv4-compatible ranges, addresses of protocol assignments (RFC 6890; a cloud's
# metadata service has one), and the address by which another cloud reaches its own machines.
INTERNAL = tuple(
    ip_network(each)
    for each in ("64:ff9b:1::/48", "fec0::/10", "::/96", "::ffff:0:0:0/96", "192.0.0.0/24", "168.63.129.16/32")
)


class NotReached(Exception):
    """There was no answer. The text names the fault, in English; whoever shows it finds the translation."""

    def __init__(self, text: str, *, detail: str = "", internal: bool = False) -> None:
        super().__init__(f"{text} ({detail})" if detail else text)
        self.internal = internal


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came back: the status, and the beginning of the body."""

    status: int
    body: bytes


def is_internal(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    """Whether nothing is sent there: loopback, private, link-local (a cloud's metadata service), reserved, multicast.

    An address that wraps another counts as what it wraps.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in EMBEDDED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_internal(inner, networks)
    if any(address.version == network.version and address in network for network in networks):
        return False
    if any(address.version == network.version and address in network for network in INTERNAL):
        return True
    return not address.is_global or address.is_multicast


class _Resolver(AbstractResolver):
    """Names are looked up once, judged, and connected to as judged: a second look-up could say something else."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(is_internal(ip_address(each["host"].partition("%")[0]), self._networks) for each in found):
            raise NotReached(gettext_noop("the address leads into an internal network"), internal=True)
        return found

    async def close(self) -> None:
        await self._inner.close()


class Lines:
    """Connections to applications, kept open between requests. ``async with``."""

    def __init__(self, *, networks: Iterable[Network], at_once: int) -> None:
        self._networks = tuple(networks)
        self._at_once = at_once

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(self._networks), limit=self._at_once, use_dns_cache=False, happy_eyeballs_delay=None
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=ALTOGETHER),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small answer must not become a large one
            skip_auto_headers=["User-Agent"],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, address: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Said:
        """Post a form and return the answer, whatever its status; redirects are answers. Raises NotReached."""
        try:
            self._judge_literal(address)
            async with self._session.post(
                address, data=dict(form), headers=dict(headers or {}), allow_redirects=False
            ) as response:
                return Said(status=response.status, body=await _beginning(response.content))
        except NotReached:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _fault(error) from None

    def _judge_literal(self, address: str) -> None:
        """An address that is a number is never looked up, so it is judged here."""
        try:
            literal = ip_address(urlsplit(address).hostname or "")
        except ValueError:
            return
        if is_internal(literal, self._networks):
            raise NotReached(gettext_noop("the address leads into an internal network"), internal=True)


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """No more than :data:`MOST` bytes; one read gives what has come so far, which may be half an answer."""
    found = b""
    while len(found) < MOST and (part := await content.read(MOST - len(found))):
        found += part
    return found


def _fault(error: Any) -> NotReached:
    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, NotReached):
            return each
    if isinstance(error, asyncio.TimeoutError):
        return NotReached(gettext_noop("the application did not answer in time"))
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return NotReached(gettext_noop("the certificate of the application is not valid"))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NotReached(gettext_noop("the name of the application is not known"))
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionResetError):
        return NotReached(gettext_noop("the application broke off"))
    if isinstance(error, aiohttp.ClientResponseError):
        return NotReached(gettext_noop("the application does not speak HTTP as it should"))
    return NotReached(gettext_noop("the application cannot be reached"), detail=_strerror(error))


def _strerror(error: Any) -> str:
    return str(getattr(error, "strerror", "") or type(error).__name__)[:80]
