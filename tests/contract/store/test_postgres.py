"""What only a server can suffer: it is restarted, throws us out, is asked by too many."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import asyncpg
import pytest
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from adapters.port import Raw
from bot.store import alarms, journal
from bot.store.delivery import replies
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.errors import StoreUnavailableError
from bot.store.remembered import recall, remember
from sla.duration import Instant
from tests.contract.store.rows import outbox_row, plant_lines, plant_outbox, raw


@pytest.fixture
def url(database_url_factory: Callable[..., str], migrated_server: str) -> str:
    return database_url_factory(template=migrated_server)


@pytest.fixture
async def server(url: str) -> AsyncIterator[Database]:
    opened = await open_database(url)
    yield opened
    await opened.close()


async def throw_everybody_out(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


def write(conn: Connection, items: Sequence[str]) -> Sequence[str]:
    for item in items:
        remember(conn, item, "kept")
    return items


async def test_a_restarted_server_is_found_again(server: Database, url: str) -> None:
    committer = Committer(server)
    await committer.commit(write, "before")
    await throw_everybody_out(url)

    await committer.commit(write, "after")

    assert await server.read(lambda conn: recall(conn, "before")) == "kept"
    assert await server.read(lambda conn: recall(conn, "after")) == "kept"


async def test_what_was_interrupted_is_not_acknowledged(server: Database, url: str) -> None:
    committer = Committer(server)

    def write_and_lose_the_server(conn: Connection, items: Sequence[str]) -> Sequence[str]:
        results = write(conn, items)
        conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return results

    answers = await asyncio.gather(
        committer.commit(write_and_lose_the_server, "one"), committer.commit(write, "two"), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [StoreUnavailableError] * 2
    assert await server.read(lambda conn: recall(conn, "one")) is None
    await committer.commit(write, "two")


async def test_an_alarm_that_another_replica_decides_is_passed_over_and_not_waited_for(url: str) -> None:
    replicas = [await open_database(url) for _ in range(2)]

    is_held, may_end = asyncio.Event(), asyncio.Event()

    def decide(conn: Connection) -> Sequence[str]:
        found = alarms.ours(conn, ["promises:1", "promises:2"])
        is_held.set()
        while not may_end.is_set():
            conn.exec_driver_sql("SELECT 1")  # with each answer that it waits for, the others have their turn
        return found

    deciding = asyncio.create_task(replicas[0].write(decide))
    await is_held.wait()
    assert await replicas[1].write(lambda conn: alarms.ours(conn, ["promises:1", "promises:3"])) == ["promises:3"]
    may_end.set()
    assert await deciding == ["promises:1", "promises:2"]
    assert await replicas[1].write(lambda conn: alarms.ours(conn, ["promises:1"])) == ["promises:1"]
    for one in replicas:
        await one.close()


async def test_readers_never_take_the_writers_connections(server: Database) -> None:
    def slow(conn: Connection) -> None:
        conn.exec_driver_sql("SELECT pg_sleep(0.3)")

    reading = [asyncio.create_task(server.read(slow)) for _ in range(12)]
    await asyncio.sleep(0)

    await server.write(lambda conn: remember(conn, "greeting", "hello"))

    assert not all(one.done() for one in reading)
    await asyncio.gather(*reading)


async def test_plans_made_for_empty_tables_do_no_harm_once_they_are_full(server: Database) -> None:
    def shown(conn: Connection, setting: str) -> str:
        found: str = conn.exec_driver_sql(f"SHOW {setting}").scalar_one()
        return found

    assert await server.read(partial(shown, setting="plan_cache_mode")) == "force_custom_plan"
    assert await server.write(partial(shown, setting="enable_seqscan")) == "off"


async def test_a_look_sees_one_moment_whatever_is_written_meanwhile(server: Database) -> None:
    def seen(conn: Connection) -> list[str | None]:
        before = recall(conn, "hours")
        await_only(server.write(partial(remember, key="hours", value="new")))
        return [before, recall(conn, "hours")]

    await server.write(partial(remember, key="hours", value="old"))
    assert await server.read(seen) == ["old", "old"]
    assert await server.read(partial(recall, key="hours")) == "new"


async def test_a_writer_plans_a_statement_once_and_a_reader_each_time(server: Database) -> None:
    """For a single key PostgreSQL would rather plan anew: for a message alone that cost more than all else it does."""

    def plans(conn: Connection) -> tuple[int, int]:
        for _ in range(9):
            rows_by_keys(conn, "SELECT key FROM contact JOIN identity ON contact_id = id WHERE name IN {keys}", ["Ada"])
        kept = (
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT key FROM con%'"
        )
        ((once, anew),) = rows_of(conn, kept)
        return once, anew

    assert await server.write(plans) == (9, 0)
    assert await server.read(plans) == (0, 9)


async def test_transactions_in_a_circle_are_tried_again(url: str) -> None:
    """Two replicas take two rows in opposite orders: PostgreSQL breaks the circle, the committer tries again."""
    replicas = [await open_database(url) for _ in range(2)]
    await replicas[0].write(partial(write, items=["a", "b"]))

    def crossing(first: str, second: str) -> Callable[[Connection, Sequence[str]], Sequence[str]]:
        def change(conn: Connection, items: Sequence[str]) -> Sequence[str]:
            remember(conn, first, "mine")
            conn.exec_driver_sql("SELECT pg_sleep(0.05)")
            remember(conn, second, "mine")
            return items

        return change

    answers = await asyncio.gather(
        Committer(replicas[0]).commit(crossing("a", "b"), "first"),
        Committer(replicas[1]).commit(crossing("b", "a"), "second"),
    )

    assert list(answers) == ["first", "second"]
    for one in replicas:
        await one.close()


async def test_a_reply_does_not_leave_while_its_author_thinks_better_of_it(server: Database) -> None:
    def plant(conn: Connection) -> None:
        plant_lines(conn, 1)
        conn.exec_driver_sql("UPDATE message SET key = 'slack:desk:T1/U1:m1' WHERE id = 1")
        plant_outbox(conn, [outbox_row(1, message_id=1)])

    def rethink(conn: Connection) -> tuple[bool, bool]:
        is_found = replies.spoken(conn, "slack:desk:T1/U1:m1") is not None
        return is_found, bool(conn.exec_driver_sql("SELECT xmax::text <> '0' FROM outbox WHERE id = 1").scalar())

    await server.write(plant)
    assert await server.write(rethink) == (True, True)  # found, and held by whoever found it


async def test_a_lane_that_another_replica_is_deciding_is_not_decided_beside_it(server: Database, url: str) -> None:
    other = await open_database(url)

    def keep(name: str, conn: Connection) -> Sequence[tuple[int, Raw]]:
        return journal.keep_decided(conn, [((raw(name, lane="a"),), None, Instant(0))], most=9)[1]

    def keep_first(conn: Connection) -> Sequence[tuple[int, Raw]]:
        taken = keep("m1", conn)
        assert await_only(other.write(partial(keep, "m2"))) == []
        return taken

    assert [one.external_id for _, one in await server.write(keep_first)] == ["m1"]
    assert len(await server.read(lambda conn: journal.fresh(conn, after=0, count=9))) == 1
    await other.close()


async def test_a_glance_begins_nothing_and_writes_nothing(server: Database, url: str) -> None:
    """What it asks is a transaction by itself, on a connection that only reads."""
    ((before,),) = await server.glance(lambda conn: rows_of(conn, "SELECT pg_current_xact_id_if_assigned()"))
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await server.glance(lambda conn: remember(conn, "glance", "kept"))

    def looks(conn: Connection) -> int:
        return len({rows_of(conn, "SELECT now()")[0] for _ in range(2)})

    assert before is None
    assert [await server.glance(looks), await server.read(looks)] == [2, 1]
    assert await server.read(lambda conn: recall(conn, "glance")) is None


async def test_a_glance_over_connections_that_were_lost_is_taken_again(server: Database, url: str) -> None:
    await server.glance(lambda conn: recall(conn, "before"))
    await throw_everybody_out(url)

    assert await server.glance(lambda conn: recall(conn, "after")) is None


async def test_what_is_urgent_waits_for_no_batch_and_is_waited_for_at_the_end(server: Database) -> None:
    committer, is_under_way, is_told = Committer(server), asyncio.Event(), asyncio.Event()

    def slowly(conn: Connection, items: Sequence[str]) -> Sequence[str]:
        is_under_way.set()
        await_only(is_told.wait())
        return write(conn, items)

    batch = committer.begin(slowly, "many")
    await is_under_way.wait()
    assert await committer.commit_all(write, ["alarm"], is_urgent=True) == ["alarm"]
    assert not batch.done()
    is_told.set()
    last = committer.begin(write, "last", is_urgent=True)
    await committer.close()
    assert (await batch, await last) == ("many", "last")
    assert await server.read(lambda conn: recall(conn, "last")) == "kept"
