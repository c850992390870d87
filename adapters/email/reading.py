"""A mail is kept first and read then: in the child, its files kept by their digests, the letter beside the mail.

Whatever becomes of that is written down, so that no mail is read over and over. What cannot be read is a dead letter,
and its headers, read alone, say who is to be answered all the same.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

from adapters.email.convert import payload_from_failure, payload_from_letter
from adapters.email.envelope import Envelope, opened
from adapters.email.letter import Enclosed, Letter
from adapters.email.limits import head_of
from adapters.errors import DeskAwayError, MalformedError, TemporaryError
from adapters.port import KeepFile, Raw

NOT_KEPT: Final = "could not be kept; it stays in the mail"
_NOT_WHOLE: Final = "not fetched whole; it stays in the mail"
_NOT_READ: Final = "could not be read: no process to read it in"


class Reading(Protocol):
    """Whoever turns bytes into letters; `child.Reader` does it in a process of its own."""

    async def read(self, mail: bytes) -> tuple[Letter, Sequence[bytes]]:
        """Raises MalformedError and TemporaryError."""


async def completed(raw: Raw, keep: KeepFile, reader: Reading, *, is_last: bool) -> Raw:
    """The payload with the letter in place of the mail; unchanged if it was read before.

    TemporaryError, DeskAwayError: try again, but for the `is_last` time.
    """
    if raw.payload.startswith(b"{"):
        return raw
    try:
        envelope = opened(raw.payload)
    except MalformedError as error:
        return replace(raw, payload=payload_from_failure(str(error)))
    if not envelope.mail:
        reason = envelope.unreadable or envelope.note or "could not be read: nothing is in it"
        return replace(raw, payload=payload_from_failure(reason))
    if envelope.unreadable:
        return await _without_body(raw, envelope, reader, envelope.unreadable)
    try:
        letter, contents = await reader.read(envelope.mail)
    except MalformedError as error:
        return await _without_body(raw, envelope, reader, str(error))
    except TemporaryError:
        if not is_last:
            raise
        return await _without_body(raw, envelope, reader, _NOT_READ)
    files = letter.files
    if envelope.note:  # of the last file only a part may be here, and nothing says which part
        files = tuple(replace(one, note=one.note or _NOT_WHOLE) for one in files)
    kept = [await _kept(one, content, keep, is_last=is_last) for one, content in zip(files, contents, strict=True)]
    return replace(raw, payload=payload_from_letter(letter.with_files(kept), envelope.at, envelope.note))


async def _without_body(raw: Raw, envelope: Envelope, reader: Reading, reason: str) -> Raw:
    """Who wrote what cannot be read, and about what: that much can be answered."""
    try:
        letter, _ = await reader.read(head_of(envelope.mail))
    except (MalformedError, TemporaryError):
        return replace(raw, payload=payload_from_failure(reason))
    return replace(raw, payload=payload_from_letter(letter, envelope.at, envelope.note, unreadable=reason))


async def _kept(one: Enclosed, content: bytes, keep: KeepFile, *, is_last: bool) -> Enclosed:
    if one.note:
        return one
    try:
        digest, size = await keep(_chunks(content))
    except (TemporaryError, DeskAwayError):
        if not is_last:
            raise
        return replace(one, note=NOT_KEPT)
    return replace(one, digest=digest, size=size)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    step = 256 * 1024
    for start in range(0, max(len(content), 1), step):
        yield content[start : start + step]
