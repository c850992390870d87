"""What only a file can suffer: a wrong place, a lock, damage, a log that grows, a second process."""

import asyncio
import itertools
import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import Engine

from bot.store.driver import sqlite as driver
from bot.store.driver.bulk import insert_many
from bot.store.driver.committer import Committer
from bot.store.driver.engine import open_database
from bot.store.driver.lock_file import file_system_in, hold_lock, is_shared
from bot.store.driver.sqlite import LOG_CAP, SqliteDatabase
from bot.store.errors import (
    CorruptDatabaseError,
    DatabaseInUseError,
    StoreUnavailableError,
    UnusableDatabaseError,
)
from bot.store.remembered import recall, remember
from bot.store.tables import schema

MEGABYTE = 1024 * 1024
ENOUGH = 20


async def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "desk" / "maitred.db"

    database = await open_database(f"sqlite+aiosqlite:///{path}")
    await database.close()

    assert path.exists()
    assert database.path == path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("", "is a directory", id="a directory"),
        pytest.param("notes.txt/maitred.db", "cannot be made", id="a directory that is a file"),
        pytest.param("notes.txt", "is damaged|database file is damaged", id="a file of something else"),
    ],
)
async def test_a_wrong_place_is_one_sentence(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "notes.txt").write_text("not a database at all\n" * 200)

    with pytest.raises((UnusableDatabaseError, CorruptDatabaseError), match=words):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / name}")


async def test_a_file_that_cannot_be_written_is_refused_at_once(sqlite_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_path)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")

        with pytest.raises(UnusableDatabaseError, match="cannot be opened for writing: the database is locked"):
            await open_database(f"sqlite+aiosqlite:///{sqlite_path}")


async def test_damage_is_found_at_the_start(sqlite_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_path)) as file:
        file.execute("PRAGMA journal_mode = DELETE")
        (root,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'inbound'").fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    with sqlite_path.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\xa5" * size)

    with pytest.raises(CorruptDatabaseError, match=r"damaged.*restore"):
        await open_database(f"sqlite+aiosqlite:///{sqlite_path}", quick_check=True)


async def test_what_another_process_has_locked_is_not_acknowledged_and_flows_afterwards(sqlite: SqliteDatabase) -> None:
    committer = Committer(sqlite)

    def write(conn: DatabaseConnection, items: Sequence[str]) -> Sequence[str]:
        for item in items:
            remember(conn, item, "kept")
        return items

    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked by another process"):
            await committer.commit(write, "one")
        assert await sqlite.read(lambda conn: recall(conn, "one")) is None
        other.execute("ROLLBACK")

    await committer.commit(write, "one")
    assert await sqlite.read(lambda conn: recall(conn, "one")) == "kept"


async def test_every_commit_reaches_the_disk_and_every_reference_is_checked(sqlite: SqliteDatabase) -> None:
    def settings(conn: DatabaseConnection) -> list[object]:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "page_size")
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]

    assert await sqlite.write(settings) == ["wal", 2, 1, 0, 2_048]


@pytest.mark.parametrize("slowness", [pytest.param(0, id="on a quick disk"), pytest.param(0.5, id="on a slow one")])
async def test_the_log_stays_short_under_load(
    sqlite: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, slowness: float
) -> None:
    checkpoint = vars(driver)["_checkpoint"]

    def slowly(engine: Engine, mode: str) -> None:
        threading.Event().wait(slowness)
        checkpoint(engine, mode)

    monkeypatch.setattr(driver, "_checkpoint", slowly)
    longest = 0
    for batch in range(120):  # about 100 MB
        rows = [{"key": f"{batch}/{n}", "value": "x" * 4_000} for n in range(200)]
        await sqlite.write(partial(insert_many, table=schema.setting, rows=rows))
        longest = max(longest, sqlite.log_size)

    assert longest < 64 * MEGABYTE
    await sqlite.checkpoint()
    assert sqlite.log_size == 0


async def test_a_reader_that_stays_delays_the_checkpoint_and_nothing_else(sqlite: SqliteDatabase) -> None:
    def write(conn: DatabaseConnection) -> None:
        conn.exec_driver_sql("DELETE FROM setting")
        insert_many(conn, schema.setting, [{"key": str(n), "value": "x" * 4_000} for n in range(1_000)])

    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM setting").fetchone()
        for _ in range(12):
            await sqlite.write(write)
        assert sqlite.log_size > LOG_CAP

    for _ in range(6):
        await sqlite.write(write)
    await sqlite.checkpoint()
    assert sqlite.log_size == 0


def test_a_second_run_is_refused_and_told_who_was_first(tmp_path: Path) -> None:
    path = tmp_path / "maitred.db"
    program = (
        "import sys, pathlib\n"
        "from bot.store.driver.lock_file import hold_lock\n"
        "with hold_lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"

        with pytest.raises(DatabaseInUseError, match=f"in use by process {first.pid}"), hold_lock(path):
            pass

        first.kill()  # the lock ends with the process, however that ends
        first.wait()

    with hold_lock(path):
        pass


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        pytest.param("/opt/desk", "ext4", id="the root's own"),
        pytest.param("/srv/share/desk", "nfs4", id="a share"),
        pytest.param("/srv/shared", "ext4", id="a name that only begins alike"),
        pytest.param("/srv/with space/x", "cifs", id="a mount point with a space"),
    ],
)
def test_the_longest_mount_point_tells_the_file_system(directory: str, kind: str) -> None:
    mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/x /srv/share nfs4 rw 0 0\n//nas/y /srv/with\\040space cifs rw 0 0\n"

    found = file_system_in(mounts, Path(directory))

    assert found == kind
    assert is_shared(found) == (kind != "ext4")


async def test_a_killed_writer_leaves_whole_transactions(sqlite_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_write_until_killed, args=(str(sqlite_path), theirs))
    process.start()
    assert await asyncio.to_thread(ours.recv) == ENOUGH
    process.kill()
    process.join()

    database = await open_database(f"sqlite+aiosqlite:///{sqlite_path}", quick_check=True)
    rows = await database.read(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM setting").scalar_one())
    await database.close()
    assert rows >= 2 * ENOUGH
    assert rows % 2 == 0


def _write_until_killed(path: str, wire: Connection) -> None:
    async def write() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{path}")
        for number in itertools.count(1):
            rows = [{"key": f"{number}/{half}", "value": ""} for half in "ab"]
            await database.write(partial(insert_many, table=schema.setting, rows=rows))
            if number == ENOUGH:
                wire.send(number)

    asyncio.run(write())
