"""The bytes of files that people shared in Slack, fetched once the message is kept and before it is read.

Only from Slack itself: the token goes nowhere else, and no redirect is followed.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.errors import InboundError, PermanentError, TemporaryError
from adapters.port import KeepFile, Raw
from adapters.shapes import each, fields_from_json, inner_or
from adapters.slack.config import Config
from adapters.slack.files import LARGEST, TOO_LARGE, fetchable
from adapters.slack.web import Web

_NOT_KEPT: Final = "could not be fetched from Slack"


class Downloads:
    """Fetches what payloads name."""

    def __init__(self, config: Config, web: Web) -> None:
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
        for name, address in fetchable(each(inner_or(envelope, "event"), "files"), kept).items():
            kept[name] = await self._fetched(address, keep, is_last=is_last)
        del self._kept[raw.key]
        whole = raw.payload.rstrip()
        return replace(raw, payload=whole[:-1] + b',"kept":' + json.dumps(kept).encode() + b"}")

    async def _fetched(self, address: str, keep: KeepFile, *, is_last: bool) -> Mapping[str, object]:
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
        async with aclosing(self._web.download(address)) as chunks:
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
