"""Fetches people's own calendars: only over TLS, only from the open network, no more than a calendar is large.

An address in a file that many review is still written by somebody: a feed may not lead into our own network. This
machine itself is allowed, where a calendar may be mirrored to.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.feed_child import FeedRead, read_feed
from bot.desk.people.feeds import FeedAwayError

WITHIN_S: Final = 20.0
#: As much as `adapters.feed` reads, which this process does not load.
LARGEST: Final = 2_000_000
_OK: Final = 200
_MOVED: Final = range(300, 400)
_WRONG: Final = frozenset({400, 401, 403, 404, 410})
_TRANSLATED: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16"))
_PRIVATE: Final = "its address leads into a private network"


class ReadFeed(Protocol):
    """Read what was fetched. ValueError with what is wrong with it, OSError where this machine cannot read now."""

    def __call__(
        self, content: bytes, *, zone: str, since: datetime, until: datetime, ours: Collection[str], is_leave: bool
    ) -> Awaitable[FeedRead]: ...


async def spans_from_feed(
    url: str,
    *,
    zone: str,
    since: datetime,
    until: datetime,
    ours: Collection[str] = (),
    is_leave: bool = False,
    read: ReadFeed = read_feed,
) -> FeedRead:
    """The `Read` of the desk."""
    content = await fetched(url)
    try:
        return await read(content, zone=zone, since=since, until=until, ours=ours, is_leave=is_leave)
    except OSError as error:  # also the TimeoutError of a machine that is busy: neither is the feed's fault
        raise FeedAwayError(f"this machine had no room to read it ({type(error).__name__})") from error


async def fetched(url: str, *, within_s: float = WITHIN_S, names: AbstractResolver | None = None) -> bytes:
    """The bytes behind an address. Raises FeedAwayError, and ValueError where no time mends it.

    `names` says where names lead, if not this machine's own resolver.
    """
    _check(url)
    try:
        connector = aiohttp.TCPConnector(resolver=_OpenNetwork(names or aiohttp.ThreadedResolver()))
        within = aiohttp.ClientTimeout(total=within_s)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=within) as http,
            http.get(url, allow_redirects=False) as answer,
        ):
            if answer.status in _MOVED:
                raise ValueError("it is at another address now: write that one")
            if answer.status in _WRONG:
                raise ValueError(f"its server refuses it ({answer.status})")
            if answer.status != _OK:
                raise FeedAwayError(f"its server answers {answer.status}")
            content = bytearray()
            async for piece in answer.content.iter_chunked(64 * 1024):
                content += piece
                if len(content) > LARGEST:
                    raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
            return bytes(content)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        is_private = isinstance(error.__cause__, _PrivateError)
        if is_private:
            raise ValueError(_PRIVATE) from error
        raise FeedAwayError(f"its server cannot be reached ({type(error).__name__})") from error


class _PrivateError(OSError):
    """A name that leads where no feed may be fetched from."""


class _OpenNetwork(AbstractResolver):
    """Looks names up, and gives only addresses of the open network: whoever connects uses exactly these."""

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if host != "localhost" and not all(_is_open(ipaddress.ip_address(one["host"])) for one in found):
            raise _PrivateError(_PRIVATE)
        return found

    async def close(self) -> None:
        await self._names.close()


def _is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is an address of the open network, and not another one in disguise (RFC 6052, 3056, 4380)."""
    if isinstance(address, ipaddress.IPv6Address):
        is_translated = any(address in one for one in _TRANSLATED)
        return address.is_global and not is_translated and address.ipv4_mapped is None and address.teredo is None
    return address.is_global


def _check(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_here = host == "localhost"
    else:
        is_here = address.is_loopback
        if not is_here and not _is_open(address):
            raise ValueError(_PRIVATE)
    if parts.scheme != "https" and not (is_here and parts.scheme == "http"):
        raise ValueError("its address has to begin with https://")
