"""Files of the widget over HTTP: up before they are sent, down after they were.

    POST /inapp/files            raw bytes, `X-File-Name` percent-encoded -> {file, name, size, type}
    GET  /inapp/files/{digest}   only what a line of the bearer's own conversation carries

Both want the ticket of the welcome frame as bearer. Nothing is ever served as a page: what is not a plain picture comes
as an attachment of no particular type.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from aiohttp import hdrs, web

from adapters.inapp import ids
from adapters.inapp.budget import Budget
from adapters.inapp.config import Config
from adapters.inapp.identity import IdentityError, Signer
from adapters.message import Attachment, Conversation, Untrusted
from adapters.port import Route
from adapters.text import one_line

#: Pictures a browser can show and no script can hide in. SVG is a document, so it is not one of them.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

UPLOAD_WITHIN_S = 300
_LONGEST_NAME = 200
_CHUNK = 64 * 1024
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


class TooLargeError(ValueError):
    """A file has more bytes than the limit allows; nothing of it was kept."""


class Files(Protocol):
    """Where files are kept, by the SHA-256 of their bytes."""

    async def save(self, name: Untrusted, type_: str, chunks: AsyncIterator[bytes], limit: int) -> Attachment:
        """Keep a file and name it by its digest; raises TooLargeError past `limit` bytes, and then keeps nothing."""

    async def attachment(self, conversation: Conversation, digest: str) -> Attachment | None:
        """The attachment if a line of this conversation carries it; None otherwise, whether or not the file exists."""

    def path(self, digest: str) -> Path | None:
        """Where the bytes are; None if they are not kept here."""


def plain_name(name: str) -> Untrusted:
    """A file's name without folders and without control characters; never empty, and its ending stays."""
    return Untrusted(one_line(re.split(r"[/\\]", name)[-1][-_LONGEST_NAME:].strip(" .")) or "file")


class FileRoutes:
    """The two paths and the permission browsers ask for before they use them from another origin."""

    def __init__(self, config: Config, files: Files, signer: Signer, now: Callable[[], datetime]) -> None:
        self._config = config
        self._files = files
        self._signer = signer
        self._now = now
        self._budget = Budget(capacity=3 * config.most_files, per_second=0.5)

    @property
    def routes(self) -> Sequence[Route]:
        return (
            Route("OPTIONS", "/inapp/files", self._permit),
            Route("OPTIONS", "/inapp/files/{digest}", self._permit),
            Route("POST", "/inapp/files", self._upload),
            Route("GET", "/inapp/files/{digest}", self._download),
        )

    async def _permit(self, request: web.Request) -> web.StreamResponse:
        if not self._config.is_allowed(request.headers.get(hdrs.ORIGIN)):
            return web.Response(status=403)
        return web.Response(
            status=204,
            headers={
                **self._shared_with(request),
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST",
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type, x-file-name",
                hdrs.ACCESS_CONTROL_MAX_AGE: "600",
            },
        )

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        conversation = self._bearer(request)
        if conversation is None or not self._config.is_allowed(request.headers.get(hdrs.ORIGIN)):
            return self._refused(request, 401 if conversation is None else 403, "ticket")
        if not self._budget.allows(conversation.key, asyncio.get_running_loop().time()):
            return self._refused(request, 429, "busy")
        if (request.content_length or 0) > self._config.largest_file:
            return self._refused(request, 413, "too_large")
        name = plain_name(unquote(request.headers.get("X-File-Name", "")))
        type_ = request.content_type if _TYPE.fullmatch(request.content_type) else "application/octet-stream"
        try:
            async with asyncio.timeout(UPLOAD_WITHIN_S):
                kept = await self._files.save(
                    name, type_, request.content.iter_chunked(_CHUNK), self._config.largest_file
                )
        except TooLargeError:
            return self._refused(request, 413, "too_large")
        except TimeoutError:
            return self._refused(request, 408, "slow")
        note = self._signer.upload(conversation, kept)
        return web.json_response(
            {"file": note, "name": kept.name, "size": kept.size, "type": kept.type}, headers=self._shared_with(request)
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        # A page of our own origin names none when it only reads.
        if origin is not None and not self._config.is_allowed(origin):
            return self._refused(request, 403, "ticket")
        conversation = self._bearer(request)
        if conversation is None:
            return self._refused(request, 401, "ticket")
        digest = request.match_info["digest"]
        attachment = await self._files.attachment(conversation, digest) if ids.DIGEST.fullmatch(digest) else None
        path = self._files.path(digest) if attachment is not None else None
        if attachment is None or path is None:
            return self._refused(request, 404, "unknown")
        is_picture = attachment.type in PICTURES
        manner = "inline" if is_picture else "attachment"
        return web.FileResponse(
            path,
            headers={
                **self._shared_with(request),
                hdrs.CONTENT_TYPE: attachment.type if is_picture else "application/octet-stream",
                hdrs.CONTENT_DISPOSITION: f"{manner}; filename*=UTF-8''{quote(plain_name(attachment.name), safe='')}",
                hdrs.CACHE_CONTROL: "private, max-age=3600",
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )

    def _bearer(self, request: web.Request) -> Conversation | None:
        scheme, _, ticket = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return self._signer.conversation_from_ticket(ticket, now=self._now())
        except IdentityError:
            return None

    def _refused(self, request: web.Request, status: int, reason: str) -> web.Response:
        return web.json_response({"reason": reason}, status=status, headers=self._shared_with(request))

    def _shared_with(self, request: web.Request) -> dict[str, str]:
        """Let the page that asked read the answer, and no other."""
        headers = {hdrs.VARY: "Origin", "X-Content-Type-Options": "nosniff"}
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and self._config.is_allowed(origin):
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        return headers
