"""Alarms: one per owner, moved in place, found when due and claimed by one replica only."""

import asyncio

from sqlalchemy import Connection

from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import Instant

NOW = Instant(1_000)


async def put(database: Database, *wanted: Alarm) -> None:
    await database.write(lambda conn: alarms.put(conn, wanted))


async def due(database: Database, now: Instant = NOW) -> list[str]:
    return [one.owner for one in await database.read(lambda conn: alarms.peek(conn, now=now, count=10))]


async def test_alarms_are_due_at_their_moment_the_oldest_first(database: Database) -> None:
    await put(database, Alarm("late", Instant(999), 1), Alarm("now", NOW, 2), Alarm("soon", Instant(1_001)))

    assert await due(database) == ["late", "now"]
    assert await database.read(lambda conn: alarms.overdue(conn, now=NOW)) == 2
    assert await database.read(alarms.next_due) == 999
    claimed = await database.write(lambda conn: alarms.due(conn, now=NOW, count=1))
    assert claimed == [Alarm("late", Instant(999), 1)]


async def test_setting_an_alarm_again_moves_it(database: Database) -> None:
    await put(database, Alarm("promises:1", Instant(1), 1))
    await put(database, Alarm("promises:1", Instant(2), 1), Alarm("promises:1", Instant(5_000), 1))

    assert await due(database) == []
    assert await database.read(alarms.next_due) == 5_000


async def test_a_cleared_alarm_is_silent(database: Database) -> None:
    await put(database, Alarm("promises:1", Instant(1)), Alarm("wait:1", Instant(1)))

    assert await database.write(lambda conn: alarms.clear(conn, ["promises:1", "promises:9"])) == 1

    assert await due(database) == ["wait:1"]


async def test_an_alarm_that_was_moved_or_taken_meanwhile_is_left_out(database: Database) -> None:
    await put(database, Alarm("due", NOW), Alarm("moved", Instant(5_000)))

    def take(conn: Connection) -> list[str]:
        return list(alarms.take(conn, ["due", "moved", "taken"], now=NOW))

    assert await database.write(take) == ["due"]
    assert await database.write(take) == []
    assert await database.read(alarms.next_due) == 5_000


async def test_what_is_due_and_when_the_next_one_is_are_one_question(database: Database) -> None:
    async def ahead(now: int) -> tuple[list[str], Instant | None]:
        found, next_due = await database.read(lambda conn: alarms.ahead(conn, now=Instant(now), count=2))
        return [one.owner for one in found], next_due

    assert await ahead(1_000) == ([], None)
    await put(database, *(Alarm(f"promises:{at}", Instant(at)) for at in (400, 300, 200)))
    assert await ahead(100) == ([], Instant(200))
    assert await ahead(350) == (["promises:200", "promises:300"], Instant(200))


async def test_nothing_is_due_where_nothing_is_armed(database: Database) -> None:
    assert await due(database) == []
    assert await database.read(alarms.next_due) is None


async def test_an_alarm_wakes_one_replica(database_url: str) -> None:
    replicas = [await open_database(database_url) for _ in range(2)]
    await put(replicas[0], *(Alarm(f"promises:{n}", Instant(n)) for n in range(100)))
    woken: list[str] = []

    def wake(conn: Connection) -> int:
        owners = [one.owner for one in alarms.due(conn, now=NOW, count=7)]
        alarms.clear(conn, owners)
        woken.extend(owners)
        return len(owners)

    async def work(database: Database) -> None:
        while await database.write(wake):
            pass

    await asyncio.gather(*(work(one) for one in replicas))

    assert sorted(woken) == sorted(f"promises:{n}" for n in range(100))
    for one in replicas:
        await one.close()
