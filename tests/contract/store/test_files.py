"""Attachments: kept whole or not at all, once however often they come, and never under a name somebody gave them."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.errors import StoreUnavailableError, TooLargeError
from bot.store.files import Files


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def everything_in(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_a_file_is_found_by_its_digest(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")

    kept = await files.save(chunks(b"payroll,", b"march"), limit=100)

    assert kept.digest == hashlib.sha256(b"payroll,march").hexdigest()
    assert kept.size == 13
    assert files.has(kept.digest)
    assert await files.read(kept.digest) == files.path(kept.digest).read_bytes() == b"payroll,march"


async def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    files = Files(tmp_path)

    first = await files.save(chunks(b"twice"), limit=100)
    again = await files.save(chunks(b"tw", b"ice"), limit=100)

    assert first == again
    assert everything_in(tmp_path) == [files.path(first.digest)]


async def test_a_file_past_its_limit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="larger than 10 bytes"):
        await Files(tmp_path).save(chunks(b"12345", b"67890", b"!"), limit=10)

    assert everything_in(tmp_path) == []


async def test_a_file_that_stops_half_way_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        await Files(tmp_path).save(broken(), limit=100)

    assert everything_in(tmp_path) == []


async def test_a_place_that_takes_no_files_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the directory should be")

    with pytest.raises(StoreUnavailableError, match="cannot be kept"):
        await Files(tmp_path / "files").save(chunks(b"bytes"), limit=100)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "a" * 63, "", "a" * 64 + "\n"])
def test_only_a_digest_names_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        Files(tmp_path).path(name)


async def test_an_unknown_file_is_not_found(tmp_path: Path) -> None:
    files = Files(tmp_path)

    assert not files.has("0" * 64)
    with pytest.raises(FileNotFoundError):
        await files.read("0" * 64)
