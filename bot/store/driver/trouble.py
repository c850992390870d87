"""What a driver's error means for us: try again later, mend the database, or a mistake of our own.

The drivers say it with numbers (SQLite's result codes, PostgreSQL's SQLSTATE classes) and, when the connection itself
is gone, with whatever the socket raised.
"""

import sqlite3

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.store.errors import CorruptDatabaseError, StoreError, StoreUnavailableError

_SQLITE_PRIMARY = 0xFF  # the rest of a result code only tells the same at greater length
_SQLITE_SENTENCES = {
    5: "the database is locked by another process",
    6: "the database is locked by another connection",
    7: "the machine is out of memory",
    8: "the database is read-only",
    10: "the disk answers with errors",
    13: "the disk is full",
    14: "the database file cannot be opened",
    15: "the database is locked by another process",
}
_SQLITE_CORRUPT = {11, 26}
#: The beginnings of PostgreSQL's codes that blame the server.
_POSTGRES_SENTENCES = {
    "08": "the connection to PostgreSQL is lost",
    "25006": "PostgreSQL is read-only",
    "25P03": "PostgreSQL ended the transaction",
    "25P04": "PostgreSQL ended the transaction",
    "53": "PostgreSQL has run out of disk, memory or connections",
    "55": "a lock of PostgreSQL was not to be had in time",
    "57": "PostgreSQL is stopping or starting",
    "58": "PostgreSQL's machine answers with errors",
}
#: Serialization failures and deadlocks: nobody is at fault, and the same transaction may succeed at once.
_POSTGRES_COLLISIONS = {"40001", "40P01"}


def translated(error: BaseException) -> StoreError | None:
    """Our own error where the database is to blame and not the statement; None where it is a mistake of ours."""
    if isinstance(error, StoreError):
        return None
    if isinstance(error, PoolTimeoutError):
        return StoreUnavailableError("every connection to the database is busy")
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _from_sqlite(code & _SQLITE_PRIMARY)
    if sentence := _postgres_sentence(error):
        return StoreUnavailableError(sentence)
    return None


def _from_sqlite(code: int) -> StoreError | None:
    if code in _SQLITE_CORRUPT:
        return CorruptDatabaseError("the database file is damaged: stop the bot, restore a backup (maitred db restore)")
    return StoreUnavailableError(_SQLITE_SENTENCES[code]) if code in _SQLITE_SENTENCES else None


def _postgres_sentence(error: BaseException) -> str | None:
    if is_collision(error):
        return "two transactions got in each other's way"
    state = sqlstate(error) or ""
    for beginning, sentence in _POSTGRES_SENTENCES.items():
        if state.startswith(beginning):
            return sentence
    if isinstance(error, DBAPIError) and (error.connection_invalidated or "closed" in str(error.orig)):
        return "the connection to PostgreSQL is lost"
    if isinstance(error.orig if isinstance(error, DBAPIError) else error, OSError | TimeoutError):
        return "PostgreSQL cannot be reached"
    return None


def is_given_up(conn: Connection) -> bool:
    """Whether the transaction is gone already, savepoints and all: SQLite drops it whole when the disk is full.

    Whatever is written after that would be committed at once and on its own.
    """
    file = conn.connection.driver_connection
    return isinstance(file, sqlite3.Connection) and not file.in_transaction


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter code, if the error carries one."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_collision(error: BaseException) -> bool:
    """Whether the transaction only met another one and deserves a second try."""
    return sqlstate(error) in _POSTGRES_COLLISIONS


def is_duplicate(error: BaseException) -> bool:
    """Whether a unique index refused a row: on PostgreSQL another replica may have been quicker."""
    return sqlstate(error) == "23505"
