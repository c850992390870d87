"""The bytes of files that people sent in Telegram, fetched once the message is kept and before it is read.

Telegram says where a file is only when asked, and for an hour; the place is always on its own host. A file that is here
already is not asked for: whoever changes the words beside it sends it along again.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any, Final

from adapters.errors import DeskAwayError, InboundError, PermanentError, TemporaryError
from adapters.port import KeepFile, Raw
from adapters.shapes import fields_from_json, inner_or, text_or
from adapters.telegram.files import IN_TELEGRAM, LARGEST, File, fetchable, files_of, too_large
from adapters.telegram.memory import Fetched
from adapters.telegram.numbers import number_or
from adapters.telegram.refusals import RefusedError
from adapters.telegram.web import Web

_NOT_KEPT: Final = "could not be fetched from Telegram"
_GONE: Final = "Telegram has it no longer"
_LARGE: Final = f"too large to fetch; {IN_TELEGRAM}"


class Downloads:
    """Fetches what updates name."""

    def __init__(self, web: Web, fetched: Fetched) -> None:
        self._web = web
        self._fetched = fetched
        #: What became of files in tries that did not bring them all, by the payload's key.
        self._kept: dict[str, dict[str, Any]] = {}

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        """The payload with what became of each of its files.

        TemporaryError: try again, but for the `is_last` time; what is kept by then is not fetched again.
        """
        try:
            update = fields_from_json(raw.payload)
        except InboundError:
            return raw
        kept = self._kept.setdefault(raw.key, dict(inner_or(update, "kept")))
        message = inner_or(update, "message") or inner_or(update, "edited_message")
        for file in fetchable(files_of(message), kept):
            kept[file.id] = await self._fate(file, keep, is_last=is_last)
        del self._kept[raw.key]
        whole = raw.payload.rstrip()
        return replace(raw, payload=whole[:-1] + b',"kept":' + json.dumps(kept).encode() + b"}")

    async def _fate(self, file: File, keep: KeepFile, *, is_last: bool) -> Mapping[str, object]:
        try:
            digest, size = await self._had(file, is_last=is_last) or await self._fetch(file, keep)
        except RefusedError as error:
            return {"note": _LARGE if error.says("too big") else _GONE}
        except PermanentError as error:
            return {"note": str(error)}
        except TemporaryError:
            if not is_last:
                raise
            return {"note": _NOT_KEPT}
        return {"digest": digest, "size": size}

    async def _had(self, file: File, *, is_last: bool) -> tuple[str, int] | None:
        """What names the bytes that came with it before. Raises DeskAwayError, but for the last time."""
        try:
            return await self._fetched.find(file.mark) if file.mark else None
        except DeskAwayError:
            if not is_last:
                raise
            return None

    async def _fetch(self, file: File, keep: KeepFile) -> tuple[str, int]:
        async with aclosing(self._chunks(file)) as chunks:
            digest, size = await keep(chunks)
        if file.mark:
            with suppress(DeskAwayError):  # at worst it is fetched once more
                await self._fetched.keep(file.mark, digest, size)
        return digest, size

    async def _chunks(self, file: File) -> AsyncGenerator[bytes]:
        found = await self._web.call("getFile", {"file_id": file.id})
        place = found if isinstance(found, Mapping) else {}
        if (number_or(place, "file_size") or 0) > LARGEST:
            raise PermanentError(too_large(number_or(place, "file_size") or 0))
        size = 0
        async with aclosing(self._web.fetch(text_or(place, "file_path"))) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise PermanentError(_LARGE)
                yield chunk
