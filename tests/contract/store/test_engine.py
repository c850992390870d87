"""What every database keeps: nothing is lost between tasks, wrong values are refused, reading is only reading."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from bot.store.driver.bulk import insert_many
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.errors import StoreUnavailableError, UnusableDatabaseError
from bot.store.remembered import recall, remember
from bot.store.tables import schema
from tests.contract.store.rows import plant_conversation, ticket_row

TASKS = 5
ROUNDS = 100


async def test_five_tasks_that_read_and_then_write_lose_nothing(database: Database) -> None:
    def count_up(conn: Connection) -> None:
        query = select(schema.load.c.tickets).where(schema.load.c.person == "vera").with_for_update()
        tickets = conn.execute(query).scalar_one()
        conn.execute(update(schema.load).values(tickets=tickets + 1))

    async def work() -> None:
        for _ in range(ROUNDS):
            await database.write(count_up)

    await database.write(lambda conn: insert_many(conn, schema.load, [{"person": "vera", "tickets": 0}]))
    await asyncio.gather(*(work() for _ in range(TASKS)))

    counted = await database.read(lambda conn: conn.execute(select(schema.load.c.tickets)).scalar_one())
    assert counted == TASKS * ROUNDS


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(datetime(2026, 3, 2, 9, 0, tzinfo=UTC).replace(tzinfo=None), id="naive datetime"),
        pytest.param(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), id="aware datetime"),
        pytest.param("2026-03-02T09:00:00", id="text"),
    ],
)
@pytest.mark.filterwarnings("ignore:The default datetime adapter:DeprecationWarning")
async def test_a_moment_that_is_no_instant_is_refused(database: Database, at: object) -> None:
    with pytest.raises(DBAPIError):
        await database.write(lambda conn: insert_many(conn, schema.alarm, [{"owner": "promises:1", "due_at": at}]))


async def test_a_conversation_has_at_most_one_current_ticket(database: Database) -> None:
    def open_two(conn: Connection) -> None:
        plant_conversation(conn)
        insert_many(conn, schema.ticket, [ticket_row(1, is_current=0), ticket_row(2), ticket_row(3)])

    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        await database.write(open_two)


async def test_a_ticket_of_no_conversation_is_refused(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        await database.write(lambda conn: insert_many(conn, schema.ticket, [ticket_row(1)]))


async def test_a_change_that_fails_leaves_nothing_behind(database: Database) -> None:
    def change(conn: Connection) -> None:
        remember(conn, "greeting", "hello")
        raise LookupError("on second thoughts")

    with pytest.raises(LookupError, match="second thoughts"):
        await database.write(change)

    assert await database.read(lambda conn: recall(conn, "greeting")) is None


async def test_whoever_reads_cannot_write(database: Database) -> None:
    with pytest.raises((DBAPIError, StoreUnavailableError), match=r"(?i)read-?only"):
        await database.read(lambda conn: remember(conn, "greeting", "hello"))


async def test_readers_see_the_last_commit_while_somebody_writes(database: Database) -> None:
    await database.write(lambda conn: remember(conn, "greeting", "before"))
    loop = asyncio.get_running_loop()
    is_written, may_commit = asyncio.Event(), asyncio.Event()

    async def seen_meanwhile() -> str | None:
        await is_written.wait()
        try:
            return await database.read(lambda conn: recall(conn, "greeting"))
        finally:
            may_commit.set()

    def change(conn: Connection) -> None:
        remember(conn, "greeting", "after")
        loop.call_soon_threadsafe(is_written.set)
        if database.is_sqlite:  # its writer has a thread of its own, which may wait
            asyncio.run_coroutine_threadsafe(may_commit.wait(), loop).result(timeout=60)

    reading = asyncio.create_task(seen_meanwhile())
    await database.write(change)

    assert await reading in ({"before"} if database.is_sqlite else {"before", "after"})
    assert await database.read(lambda conn: recall(conn, "greeting")) == "after"


async def test_a_closed_database_is_unavailable(database_url: str) -> None:
    database = await open_database(database_url)
    await database.close()
    if database.is_sqlite:
        with pytest.raises(StoreUnavailableError):
            await database.read(lambda conn: recall(conn, "greeting"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("maitred.db", "is no database address", id="a bare file name"),
        pytest.param("mysql://127.0.0.1/maitred", "SQLite or PostgreSQL", id="another database"),
        pytest.param("sqlite+aiosqlite://", "names no file", id="a database in memory"),
    ],
)
async def test_a_wrong_address_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(UnusableDatabaseError, match=words):
        await open_database(url)


async def test_a_server_that_is_away_is_no_mistake_of_the_settings() -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be used"):
        await open_database("postgresql+asyncpg://maitred@127.0.0.1:1/maitred")
