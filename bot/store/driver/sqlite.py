"""SQLite, used so that it never gets in its own way and never says "stored" before it is on disk.

One thread holds the only writing connection, so transactions queue instead of colliding, and a whole batch costs one
hop. Readers have threads and connections of their own: in WAL mode they never wait for the writer. Connections stay
open from one transaction to the next. Checkpoints run in the background: SQLite's own stall the writer by 20 ms.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from bot.store.driver import plain
from bot.store.driver.database import Database
from bot.store.driver.lock_file import file_system_of, is_shared
from bot.store.driver.trouble import is_given_up, translated
from bot.store.errors import CorruptDatabaseError, StoreUnavailableError, UnusableDatabaseError

T = TypeVar("T")

READERS = 3
BUSY_FOR_MS = 5_000
CHECKPOINT_BUSY_FOR_MS = 200
CHECKPOINT_AFTER_ROWS = 4_000
#: A transaction writes the last page of each table and index it touches, however few its rows: as much as so many rows.
ROWS_OF_A_TRANSACTION = 32
#: A passive checkpoint does not begin the log anew while it is in use; past this size the writer waits until it is. Its
#: file keeps that size: to write over it costs half of what it costs to make it longer.
LOG_CAP = 24 * 1024 * 1024
#: Of a new file. A message alone touches some thirty pages, and every one of them is written to the log whole.
PAGE_SIZE = 2_048


class _Driver:
    """The sqlite3 module, for `plain`."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: plain.Values) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
        cursor = self._connection.execute(sql, values)
        found = cursor.fetchall()
        return tuple([column[0] for column in cursor.description or ()]), found

    def change(self, sql: str, values: plain.Values | list[plain.Values]) -> int:
        if isinstance(values, list):
            return self._connection.executemany(sql, values).rowcount
        return self._connection.execute(sql, values).rowcount


class SqliteDatabase(Database):
    """An open SQLite file."""

    def __init__(self, path: Path, *, busy_for_ms: int = BUSY_FOR_MS) -> None:
        self._path = path
        self._writer = _engine(path, size=1, busy_for_ms=busy_for_ms)
        self._readers = _engine(path, size=READERS, busy_for_ms=busy_for_ms)
        self._sweeper = _engine(path, size=1, busy_for_ms=CHECKPOINT_BUSY_FOR_MS)
        self._idle: dict[Engine, list[Connection]] = {self._writer: [], self._readers: []}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._sweeping = ThreadPoolExecutor(1, thread_name_prefix="sqlite-checkpoint")
        self._transactions = 0
        self._written_at_checkpoint = 0
        self._checkpoint: asyncio.Future[None] | None = None
        event.listen(self._readers, "connect", _forbid_writing)

    @property
    def is_sqlite(self) -> bool:
        return True

    @property
    def path(self) -> Path:
        return self._path

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self._path}"

    @property
    def log_size(self) -> int:
        """Bytes in the write-ahead log; far above the cap, a reader has been holding it open."""
        try:
            return self._path.with_name(self._path.name + "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    async def read(self, look: Callable[[Connection], T]) -> T:
        return await _hop(self._reading, partial(self._transact, self._readers, "BEGIN", look))

    async def write(self, change: Callable[[Connection], T]) -> T:
        result, rows = await _hop(
            self._writing, partial(self._transact, self._writer, "BEGIN IMMEDIATE", partial(_counted, change))
        )
        await self._keep_log_short(rows)
        return result

    async def quick_check(self) -> None:
        found = await self.read(lambda conn: conn.exec_driver_sql("PRAGMA quick_check").scalar())
        if found != "ok":
            raise CorruptDatabaseError(f"{self._path} is damaged ({found}): restore a backup (maitred db restore)")

    async def checkpoint(self) -> None:
        """Move the log into the database and empty it; readers are waited for a moment, a sweep to its end."""
        if self._checkpoint is not None and not self._checkpoint.done():
            await asyncio.wait([self._checkpoint])
        await _hop(self._writing, partial(_checkpoint, self._sweeper, "TRUNCATE"))

    async def close(self) -> None:
        for threads in (self._writing, self._reading, self._sweeping):
            await asyncio.to_thread(threads.shutdown)
        for conn in (*self._idle[self._readers], *self._idle[self._writer]):
            conn.close()
        for engine in (self._readers, self._sweeper, self._writer):
            engine.dispose()

    def _transact(self, engine: Engine, begin: str, work: Callable[[Connection], T]) -> T:
        """Runs in a thread of the engine, of which there are as many as it may have connections."""
        idle = self._idle[engine]
        try:
            conn = idle.pop() if idle else _opened(engine)
            try:
                return plain.transact(conn, begin, work)
            finally:
                if is_given_up(conn):  # in no transaction, as it should be
                    idle.append(conn)
                else:
                    conn.invalidate()
                    conn.close()
        except SQLAlchemyError as error:
            if ours := translated(error):
                raise ours from error
            raise

    async def _keep_log_short(self, rows: int) -> None:
        self._transactions += 1
        written = rows + ROWS_OF_A_TRANSACTION * self._transactions
        if self._checkpoint is not None and not self._checkpoint.done():
            if self.log_size > 2 * LOG_CAP:  # the disk moves less than we write
                await asyncio.wait([self._checkpoint])
            return
        if written - self._written_at_checkpoint < CHECKPOINT_AFTER_ROWS:
            return
        self._written_at_checkpoint = written
        is_long = self.log_size > LOG_CAP
        threads, mode = (self._writing, "RESTART") if is_long else (self._sweeping, "PASSIVE")
        self._checkpoint = asyncio.get_running_loop().run_in_executor(threads, _checkpoint, self._sweeper, mode)


async def open_sqlite(url: URL) -> SqliteDatabase:
    """Open the file, making it and its directory if they are missing; raises a DatabaseError in one sentence."""
    if not url.database or url.database == ":memory:":
        raise UnusableDatabaseError("DATABASE_URL names no file; write sqlite+aiosqlite:///var/maitred.db")
    path = Path(url.database)
    if not path.is_absolute():
        path = Path.cwd() / path
    await asyncio.to_thread(_prepare, path)
    database = SqliteDatabase(path)
    try:
        await _hop(database._writing, partial(_first_look, database._sweeper, path))  # noqa: SLF001 - its own module
    except BaseException:
        await database.close()
        raise
    return database


def _prepare(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabaseError(f"the directory {path.parent} cannot be made: {error.strerror}") from error
    if path.is_dir():
        raise UnusableDatabaseError(f"{path} is a directory; DATABASE_URL must name a file")
    kind = file_system_of(path.parent)
    if is_shared(kind):
        raise UnusableDatabaseError(
            f"{path} lies on a network share ({kind}), where SQLite loses rows: use a local disk"
        )


def _first_look(engine: Engine, path: Path) -> None:
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql(f"PRAGMA page_size = {PAGE_SIZE}")
            mode = conn.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
            # A real write, so that a read-only file is refused now and not in the night.
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            conn.exec_driver_sql("PRAGMA user_version = 1")
            conn.exec_driver_sql("COMMIT")
    except SQLAlchemyError as error:
        cause = translated(error)
        if isinstance(cause, CorruptDatabaseError):
            raise cause from error
        reason = cause or (error.orig if isinstance(error, DBAPIError) else error)
        raise UnusableDatabaseError(f"{path} cannot be opened for writing: {reason}") from error
    if mode != "wal":
        raise UnusableDatabaseError(f"{path} lies where WAL has no shared memory: use a local disk")


def _engine(path: Path, *, size: int, busy_for_ms: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        # None: the sqlite3 module begins nothing by itself. Left alone it begins too late, and 76 of 100 updates that
        # read and then write were lost in our measurement without a single error.
        connect_args={"isolation_level": None, "check_same_thread": False, "cached_statements": 512},
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # what a client wrote is no part of an error
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[plain.DRIVER] = _Driver(connection)
        for pragma in (
            f"busy_timeout = {busy_for_ms}",
            "synchronous = FULL",
            "foreign_keys = ON",
            "wal_autocheckpoint = 0",
            f"journal_size_limit = {LOG_CAP}",
            "cache_size = -16000",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


def _forbid_writing(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON").close()


async def _hop(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        running = asyncio.get_running_loop().run_in_executor(threads, work)
    except RuntimeError as error:  # the threads were shut down
        raise StoreUnavailableError("the database is closed") from error
    return await running


def _opened(engine: Engine) -> Connection:
    conn = engine.connect()
    conn.begin()  # of which the file hears nothing: so nobody, Alembic neither, begins or ends what `transact` does
    return conn


def _counted(change: Callable[[Connection], T], conn: Connection) -> tuple[T, int]:
    try:
        result = change(conn)
    except SQLAlchemyError as error:
        if is_given_up(conn) and translated(error) is None:  # an echo of what made SQLite drop the transaction
            raise StoreUnavailableError("SQLite could not go on with the transaction") from error
        raise
    if is_given_up(conn):
        raise StoreUnavailableError("SQLite could not go on with the transaction")
    file = conn.connection.driver_connection
    return result, file.total_changes if isinstance(file, sqlite3.Connection) else 0


def _checkpoint(engine: Engine, mode: str) -> None:
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").all()
    except SQLAlchemyError as error:
        # Busy: the next write comes round again. Anything worse shows itself to the writer.
        if translated(error) is None:
            raise
