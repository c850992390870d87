"""The one way to a database: `open_database`. What comes of it is described in `database.py`."""

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.store.driver.database import Database
from bot.store.errors import UnusableDatabaseError


async def open_database(url: str, *, quick_check: bool = False) -> Database:
    """Open the database at `sqlite+aiosqlite:///file` (made if missing) or `postgresql+asyncpg://…`.

    `quick_check` reads a whole SQLite file for damage first. Raises a DatabaseError that says what to mend.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnusableDatabaseError(
            "DATABASE_URL is no database address; write sqlite+aiosqlite:///var/maitred.db or postgresql+asyncpg://…"
        ) from error
    # Each kind is imported when it is used, so that a SQLite desk never loads the drivers of PostgreSQL.
    if parsed.get_backend_name() == "sqlite":
        from bot.store.driver.sqlite import open_sqlite  # noqa: PLC0415 - see above

        database = await open_sqlite(parsed)
        if quick_check:
            try:
                await database.quick_check()
            except BaseException:
                await database.close()
                raise
        return database
    if parsed.get_backend_name() == "postgresql":
        from bot.store.driver.postgres import open_postgres  # noqa: PLC0415 - see above

        return await open_postgres(parsed)
    raise UnusableDatabaseError(
        f"DATABASE_URL names {parsed.get_backend_name()}; Maitred keeps its rows in SQLite or PostgreSQL"
    )
