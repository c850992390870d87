"""Files on their way out: put where Slack says, seen by nobody, then shared in one step beside their words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from adapters.errors import PermanentError, TemporaryError
from adapters.message import Attachment
from adapters.shapes import text_or
from adapters.slack.pacing import PacedWeb

#: Slack drops what was put there and not shared, some time later.
_KEPT_FOR_S: Final = 1_800


class KeptFiles(Protocol):
    """Where the desk keeps the bytes of files, by their digest."""

    async def read(self, digest: str) -> bytes:
        """All bytes. Raises FileNotFoundError when they are not here."""


@dataclass(slots=True)
class _Going:
    """The files of one message on their way: Slack's ids of those that are there, and who brings the rest."""

    there: dict[tuple[str, str], str] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    begun_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def is_stale(self) -> bool:
        is_going = self.task is not None and not self.task.done()
        return not is_going and asyncio.get_running_loop().time() - self.begun_at > _KEPT_FOR_S


class Uploads:
    """Hands files over to Slack, beside whoever sends: however long that takes, what is there by then stays there."""

    def __init__(self, web: PacedWeb, files: KeptFiles, *, patience_s: float = 20) -> None:
        """`patience_s` is how long a send waits for its files; it comes again, and they go on meanwhile."""
        self._web = web
        self._files = files
        self._patience_s = patience_s
        self._going: dict[str, _Going] = {}

    async def upload(self, key: str, files: Sequence[Attachment]) -> Sequence[tuple[str, str]]:
        """Put the files of one message there; gives Slack's id and the name of each. Raises a DeliveryError.

        TemporaryError also while they are on their way; asked again with the same key, nothing begins anew.
        """
        going = self._going.get(key)
        if going is None or going.is_stale:
            self._forget_stale()
            going = self._going[key] = _Going()
        if going.task is None or going.task.done():
            going.task = self._web.web.beside(self._upload(going, files))
        await asyncio.wait([going.task], timeout=self._patience_s)
        if not going.task.done() or going.task.cancelled():
            raise TemporaryError("its files are still on their way to Slack")
        going.task.result()
        return [(going.there[_name(file)], file.name) for file in files]

    async def share(self, key: str, files: Sequence[tuple[str, str]], channel: str, thread: str | None) -> None:
        """Show uploaded files in a channel or a thread, all of them at once."""
        self._going.pop(key, None)  # Slack takes an upload once
        shared = [{"id": name, "title": title} for name, title in files]
        arguments = {"files": shared, "channel_id": channel, "thread_ts": thread}
        await self._web.call("files.completeUploadExternal", arguments)

    async def _upload(self, going: _Going, files: Sequence[Attachment]) -> None:
        for file in files:
            if _name(file) not in going.there:
                going.there[_name(file)] = await self._put(file)

    async def _put(self, file: Attachment) -> str:
        try:
            content = await self._files.read(file.digest or "")
        except (FileNotFoundError, ValueError) as error:
            raise PermanentError(f"the file {file.name} is no longer kept here") from error
        arguments = {"filename": file.name, "length": len(content)}
        begun = await self._web.call("files.getUploadURLExternal", arguments)
        url, name = text_or(begun, "upload_url"), text_or(begun, "file_id")
        if not url or not name:
            raise PermanentError("Slack did not say where to put a file")
        await self._web.web.upload(url, content)
        return name

    def _forget_stale(self) -> None:
        self._going = {key: going for key, going in self._going.items() if not going.is_stale}


def _name(file: Attachment) -> tuple[str, str]:
    return file.digest or "", file.name
