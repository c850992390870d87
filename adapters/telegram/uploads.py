"""Files on their way out: which of them go together, what Telegram takes, and handing them over.

Pictures are shown, everything else is a file to open. Several of one kind go as an album. However long handing over
takes, a send waits for a moment only and comes again: what goes on beside it is found by the message's key. It ends
only while a send waits for it (`gate.py`), so no crash leaves more in doubt than that one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Protocol

from adapters.errors import PermanentError, TemporaryError
from adapters.message import Attachment
from adapters.telegram.gate import Gate
from adapters.telegram.markup import Drawn
from adapters.text import one_line

LARGEST_FILE: Final = 50 * 1024 * 1024
LARGEST_PHOTO: Final = 10 * 1024 * 1024
MOST_IN_ALBUM: Final = 10
_PHOTOS: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
_LONGEST_NAME: Final = 120
_REMEMBERED: Final = 200
_LOOK_EVERY: Final = timedelta(seconds=3)
#: An upload that nobody comes for is over by then: its message was taken back, or goes another way.
_FORGOTTEN: Final = timedelta(minutes=30)

FileKind = Literal["photo", "document"]


class KeptFiles(Protocol):
    """Where the desk keeps the bytes of files, by their digest."""

    async def read(self, digest: str) -> bytes:
        """All bytes. Raises FileNotFoundError when they are not here."""


@dataclass(frozen=True, slots=True)
class Load:
    """Files that go in one call."""

    kind: FileKind
    files: tuple[Attachment, ...]


def loads(files: Sequence[Attachment]) -> Iterator[Load]:
    """Files in their order, neighbours of one kind together; all of a call may be as large as one file alone.

    Raises PermanentError for one that is too large.
    """
    together: list[Attachment] = []
    kind: FileKind = "document"
    for file in files:
        if file.size > LARGEST_FILE:
            raise PermanentError(f"{file.name} is too large: Telegram takes files of up to 50 MB from a bot")
        is_full = len(together) == MOST_IN_ALBUM or sum(one.size for one in together) + file.size > LARGEST_FILE
        if together and (is_full or _kind(file) != kind):
            yield Load(kind, tuple(together))
            together = []
        kind = _kind(file)
        together.append(file)
    if together:
        yield Load(kind, tuple(together))


@dataclass(frozen=True, slots=True)
class Call:
    """A method of the Bot API, with what it is given."""

    method: str
    arguments: Mapping[str, Any]
    files: Mapping[str, tuple[str, bytes]]
    count: int


#: A file as it is handed over: its name and its bytes.
Content = tuple[str, bytes]


async def contents_of(load: Load, files: KeptFiles) -> Sequence[Content]:
    """Raises PermanentError for a file that is no longer kept."""
    return [(_name(file), await _read(file, files)) for file in load.files]


def call_for(load: Load, contents: Sequence[Content], caption: Drawn | None, is_plain: bool) -> Call:  # noqa: FBT001 - how the speaker asks
    """The call that hands these over, with the words under them."""
    words = {} if caption is None else {"caption": caption.plain} if is_plain else _marked_up(caption)
    if len(contents) == 1:
        method = "sendPhoto" if load.kind == "photo" else "sendDocument"
        return Call(method, words, {load.kind: contents[0]}, 1)
    items = [
        {"type": load.kind, "media": f"attach://file{place}"} | (words if place == 0 else {})
        for place in range(len(contents))
    ]
    files = {f"file{place}": one for place, one in enumerate(contents)}
    return Call("sendMediaGroup", {"media": items}, files, len(contents))


def as_files(load: Load) -> Load:
    """The same, to be opened and not shown."""
    return Load("document", load.files)


@dataclass(frozen=True, slots=True)
class _Upload:
    task: asyncio.Task[Any]
    gate: Gate


class Going:
    """Calls that go on whether or not their caller waits, found again by a message's key and the place in it."""

    def __init__(self, patience_s: float) -> None:
        """`patience_s` is how long a caller waits; they come again, and the call goes on meanwhile."""
        self._patience_s = patience_s
        self._uploads: dict[tuple[str, int], _Upload] = {}

    def has(self, key: str) -> bool:
        """Is anything of this message under way, or done and not yet told?"""
        return any(one == key for one, _ in self._uploads)

    async def result(self, key: str, position: int, call: Callable[[Gate], Awaitable[Any]]) -> Any:  # noqa: ANN401 - the call's own
        """What the call came to, which was begun now or before. TemporaryError while it is under way."""
        upload = self._uploads.get((key, position))
        if upload is None:
            self._forget_done()
            gate = Gate()
            upload = _Upload(asyncio.create_task(_awaited(call, gate), name="telegram upload"), gate)
            self._uploads[key, position] = upload
            upload.task.add_done_callback(_looked_at)
        upload.gate.open()
        try:
            await asyncio.wait([upload.task], timeout=self._patience_s)
            if not upload.task.done() and upload.gate.is_passed:
                await asyncio.wait([upload.task])  # nothing else may be in doubt meanwhile
        finally:
            upload.gate.shut()
        if not upload.task.done():
            # Whatever else Telegram is to be told has its turn meanwhile: it is told one thing after the other.
            raise TemporaryError("its files are still on their way to Telegram", retry_after=_LOOK_EVERY)
        self._uploads.pop((key, position), None)
        return upload.task.result()

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [one.task for one in self._uploads.values()]
        self._uploads = {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_done(self) -> None:
        if len(self._uploads) >= _REMEMBERED:
            self._uploads = {name: one for name, one in self._uploads.items() if not one.task.done()}


async def _awaited(call: Callable[[Gate], Awaitable[Any]], gate: Gate) -> Any:  # noqa: ANN401 - the call's own
    try:
        async with asyncio.timeout(_FORGOTTEN.total_seconds()):
            return await call(gate)
    except TimeoutError as error:
        raise TemporaryError("its files did not get to Telegram") from error


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Whoever comes again hears of its error; if nobody does, there is nobody to tell."""
    if not task.cancelled():
        task.exception()


async def _read(file: Attachment, files: KeptFiles) -> bytes:
    try:
        return await files.read(file.digest or "")
    except (FileNotFoundError, ValueError) as error:
        raise PermanentError(f"the file {file.name} is no longer kept here") from error


def _kind(file: Attachment) -> FileKind:
    return "photo" if file.type in _PHOTOS and file.size <= LARGEST_PHOTO else "document"


def _name(file: Attachment) -> str:
    return one_line(file.name, _LONGEST_NAME) or "file"


def _marked_up(caption: Drawn) -> dict[str, str]:
    return {"caption": caption.html, "parse_mode": "HTML"}
