"""The bytes of files that people shared in Slack, fetched once the message is kept and before it is read.

Only from Slack itself: the token goes nowhere else, and no redirect is followed. Of a file from another workspace Slack
is asked what and where it is, at the pace of that method.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from adapters.errors import InboundError, PermanentError, TemporaryError
from adapters.port import KeepFile, Raw
from adapters.shapes import Fields, each, fields_from_json, inner_or
from adapters.slack.config import Config
from adapters.slack.files import (
    DELETED,
    GONE,
    LARGEST,
    NOT_GIVEN,
    TOO_LARGE,
    address_of,
    fetchable,
    is_untold,
    reason_against,
    told,
)
from adapters.slack.pacing import PacedWeb
from adapters.slack.refusals import RefusedError

log = structlog.get_logger()

_NOT_KEPT: Final = "could not be fetched from Slack"
#: What Slack answers about a file that nobody can have any more; what else it refuses is withheld from us.
_LOST: Final = {"file_deleted": DELETED, "file_not_found": GONE}


class Downloads:
    """Fetches what payloads name."""

    def __init__(self, config: Config, web: PacedWeb) -> None:
        self._config = config
        self._web = web
        #: What became of files in tries that did not bring them all, by the payload's key.
        self._kept: dict[str, dict[str, Any]] = {}

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        """The payload with what became of each of its files.

        TemporaryError: try again, but for the `is_last` time; what is kept by then is not fetched again.
        """
        try:
            envelope = fields_from_json(raw.payload)
        except InboundError:
            return raw
        kept = self._kept.setdefault(raw.key, dict(inner_or(envelope, "kept")))
        for name, file in fetchable(each(inner_or(envelope, "event"), "files"), kept).items():
            kept[name] = await self._fate(name, file, keep, is_last=is_last)
        del self._kept[raw.key]
        whole = raw.payload.rstrip()
        return replace(raw, payload=whole[:-1] + b',"kept":' + json.dumps(kept).encode() + b"}")

    async def _fate(self, name: str, file: Fields, keep: KeepFile, *, is_last: bool) -> Mapping[str, Any]:
        if not is_untold(file):
            return await self._fetched(file, keep, is_last=is_last)
        try:
            answer = await self._web.call("files.info", {"file": name})
        except TemporaryError:
            if not is_last:
                raise
            return {"note": _NOT_KEPT}
        except RefusedError as error:
            if error.code not in _LOST:
                log.warning("Slack does not tell of a file", channel="slack", file=name, reason=str(error))
            return {"note": _LOST.get(error.code, NOT_GIVEN)}
        shown = inner_or(answer, "file")
        return {"file": told(shown), **await self._fetched(shown, keep, is_last=is_last)}

    async def _fetched(self, file: Fields, keep: KeepFile, *, is_last: bool) -> Mapping[str, Any]:
        address = address_of(file)
        if not address:
            return {"note": reason} if (reason := reason_against(file)) else {}
        if not self._is_slacks(address):
            return {"note": "kept outside Slack"}
        try:
            async with aclosing(self._chunks(address)) as chunks:
                digest, size = await keep(chunks)
        except PermanentError as error:
            return {"note": str(error)}
        except TemporaryError:
            if not is_last:
                raise
            return {"note": _NOT_KEPT}
        return {"digest": digest, "size": size}

    async def _chunks(self, address: str) -> AsyncGenerator[bytes]:
        size = 0
        async with aclosing(self._web.web.download(address)) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise PermanentError(TOO_LARGE)
                yield chunk

    def _is_slacks(self, address: str) -> bool:
        try:
            there, api = urlsplit(address), urlsplit(self._config.api_url)
            if (there.scheme, there.netloc) == (api.scheme, api.netloc):
                return True
            return there.scheme == "https" and (there.hostname or "").endswith(".slack.com")
        except ValueError:
            return False
