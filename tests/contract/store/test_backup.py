"""A backup made under load can be put back, and never in place of something by accident."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.store.driver.backup import backup, restore
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.lock_file import hold_lock
from bot.store.driver.migrate import check
from bot.store.errors import CorruptDatabaseError, DatabaseInUseError, StoreUnavailableError, UnusableDatabaseError
from bot.store.remembered import recall, remember


async def test_a_backup_made_under_load_is_put_back_whole(database: Database, empty_url: str, tmp_path: Path) -> None:
    is_backed_up = asyncio.Event()

    async def write_on() -> None:
        while not is_backed_up.is_set():
            await database.write(lambda conn: remember(conn, "number", "later"))

    await database.write(lambda conn: remember(conn, "greeting", "hello"))
    writing = asyncio.create_task(write_on())
    await backup(database, tmp_path / "desk.backup")
    is_backed_up.set()
    await writing

    await restore(empty_url, tmp_path / "desk.backup")

    restored = await open_database(empty_url, quick_check=True)
    await check(restored)
    assert await restored.read(lambda conn: recall(conn, "greeting")) == "hello"
    await restored.close()


async def test_a_backup_is_not_written_over(database: Database, tmp_path: Path) -> None:
    (tmp_path / "desk.backup").write_text("precious")

    with pytest.raises(FileExistsError):
        await backup(database, tmp_path / "desk.backup")

    assert (tmp_path / "desk.backup").read_text() == "precious"


async def test_a_database_is_replaced_only_when_told_so(database: Database, database_url: str, tmp_path: Path) -> None:
    await backup(database, tmp_path / "desk.backup")
    await database.write(lambda conn: remember(conn, "greeting", "hello"))
    await database.close()

    with pytest.raises(UnusableDatabaseError, match="--replace"):
        await restore(database_url, tmp_path / "desk.backup")
    await restore(database_url, tmp_path / "desk.backup", replace=True)

    restored = await open_database(database_url)
    assert await restored.read(lambda conn: recall(conn, "greeting")) is None
    await restored.close()


async def test_a_missing_backup_is_a_sentence(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabaseError, match="there is no backup at"):
        await restore(database_url, tmp_path / "nowhere", replace=True)


async def test_a_damaged_backup_leaves_the_database_alone(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "desk.backup").write_bytes(b"PGDMP no, nor SQLite" * 100)

    with pytest.raises((StoreUnavailableError, CorruptDatabaseError)):
        await restore(database_url, tmp_path / "desk.backup", replace=True)

    database = await open_database(database_url)
    await check(database)
    await database.close()


async def test_a_running_desk_is_not_restored_under(sqlite_path: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_path, tmp_path / "desk.backup")

    with hold_lock(sqlite_path), pytest.raises(DatabaseInUseError):
        await restore(f"sqlite+aiosqlite:///{sqlite_path}", tmp_path / "desk.backup", replace=True)
