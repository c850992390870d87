"""Attachments: kept once under the digest of their bytes, in files beside the database.

A file appears under its name only when all of it is on disk, so whatever a row names can be read. Names that people
gave their files never become paths.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.store.errors import StoreUnavailableError, TooLargeError

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What the bytes are called from now on (SHA-256, hex), and how many there are."""

    digest: str
    size: int


class Files:
    """The attachments of one desk, below one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def save(self, chunks: AsyncIterator[bytes], *, limit: int) -> KeptFile:
        """Keep what comes, until it ends. The same bytes are kept once, however often they come.

        Raises TooLargeError past `limit` bytes, and StoreUnavailableError when the disk takes no more; either way
        nothing is kept.
        """
        digest, size = hashlib.sha256(), 0
        try:
            file, path = await asyncio.to_thread(self._begin)
        except OSError as error:
            raise StoreUnavailableError(f"an attachment cannot be kept: {error.strerror}") from error
        try:
            with file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise TooLargeError(f"the file is larger than {limit} bytes")
                    digest.update(chunk)
                    await asyncio.to_thread(_write, file, chunk)
                await asyncio.to_thread(_flush, file)
            await asyncio.to_thread(_publish, path, self.path(digest.hexdigest()))
        finally:
            with suppress(FileNotFoundError):
                path.unlink()
        return KeptFile(digest.hexdigest(), size)

    def path(self, digest: str) -> Path:
        """Where the bytes of a digest are or would be; ValueError for a text that is no digest."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError("an attachment is named by 64 hexadecimal digits")
        return self._directory / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether the bytes are here."""
        return self.path(digest).is_file()

    async def read(self, digest: str) -> bytes:
        """All bytes of a kept file; FileNotFoundError if it is not here."""
        return await asyncio.to_thread(self.path(digest).read_bytes)

    def _begin(self) -> tuple[BinaryIO, Path]:
        self._directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".coming-", dir=self._directory)
        return os.fdopen(handle, "wb"), Path(name)


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise StoreUnavailableError(f"an attachment cannot be kept: {error.strerror}") from error


def _flush(file: BinaryIO) -> None:
    try:
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise StoreUnavailableError(f"an attachment cannot be kept: {error.strerror}") from error


def _publish(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name is on disk too, not only the bytes
    finally:
        os.close(folder)
