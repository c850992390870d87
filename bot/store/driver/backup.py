"""Copies of a whole database, made while it is in use, and put back where nothing is in the way.

SQLite is copied by its own online backup and checked afterwards. PostgreSQL is left to pg_dump and pg_restore, which
know it best. Attachments are plain files: any copy of their directory will do.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, make_url

from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.lock_file import hold_lock
from bot.store.errors import CorruptDatabaseError, StoreUnavailableError, UnusableDatabaseError


async def backup(database: Database, target: Path) -> None:
    """Copy the database into a new file. Raises FileExistsError rather than write over a backup."""
    await asyncio.to_thread(_backup, database.url, database.path, target)


async def restore(url: str, source: Path, *, replace: bool = False) -> None:
    """Put a backup in place of the database at `url`, which nobody may be using.

    Raises UnusableDatabaseError if there is something in it already, unless told to `replace` it.
    """
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        await asyncio.to_thread(_restore_sqlite, Path(place.database or ""), source, replace=replace)
        return
    database = await open_database(url)
    try:
        is_empty = not await database.read(lambda conn: inspect(conn).get_table_names())
    finally:
        await database.close()
    if not is_empty and not replace:
        raise UnusableDatabaseError(
            "the database holds tables; restoring would write over them (say so with --replace)"
        )
    await asyncio.to_thread(_restore_postgres, place, source, replace=replace)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file that may be in use, and read the copy through for damage."""
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            (found,) = new.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{source} cannot be copied: {error}") from error
    if found != "ok":
        raise CorruptDatabaseError(f"{source} is damaged ({found}): restore an earlier backup (maitred db restore)")
    _sync(target)


def _backup(url: str, path: Path | None, target: Path) -> None:
    if target.exists():
        raise FileExistsError(f"{target} exists; name another file")
    coming = target.with_name(f".{target.name}.coming")
    coming.unlink(missing_ok=True)
    try:
        if path is not None:
            copy_sqlite(path, coming)
        else:
            _run("pg_dump", make_url(url), ["--format=custom", "--no-owner", f"--file={coming}"])
            _sync(coming)
        coming.replace(target)
    finally:
        coming.unlink(missing_ok=True)


def _restore_sqlite(target: Path, source: Path, *, replace: bool) -> None:
    _must_exist(source)
    if target.exists() and not replace:
        raise UnusableDatabaseError(f"{target} exists; restoring would write over it (say so with --replace)")
    target.parent.mkdir(parents=True, exist_ok=True)
    coming = target.with_name(f".{target.name}.coming")
    coming.unlink(missing_ok=True)
    with hold_lock(target):
        try:
            copy_sqlite(source, coming)
            for rest in ("-wal", "-shm"):  # the log of the old file must not be applied to the new one
                target.with_name(target.name + rest).unlink(missing_ok=True)
            coming.replace(target)
        finally:
            coming.unlink(missing_ok=True)


def _restore_postgres(place: URL, source: Path, *, replace: bool) -> None:
    _must_exist(source)
    words = ["--no-owner", "--exit-on-error", "--single-transaction", *(["--clean", "--if-exists"] if replace else [])]
    _run("pg_restore", place, [*words, str(source)])


def _must_exist(source: Path) -> None:
    if not source.is_file():
        raise UnusableDatabaseError(f"there is no backup at {source}")


def _run(program: str, place: URL, words: Sequence[str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise UnusableDatabaseError(f"{program} is not installed: apt-get install postgresql-client")
    where = URL.create("postgresql", username=place.username, host=place.host, port=place.port, database=place.database)
    # The password goes by the environment: a command line can be read by every account of the machine.
    environment = {"PATH": os.defpath, "PGPASSWORD": place.password or "", "PGCONNECT_TIMEOUT": "10"}
    command = [path, f"--dbname={where.render_as_string(hide_password=False)}", "--no-password", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise StoreUnavailableError(f"{program} failed: {last[0]}")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
