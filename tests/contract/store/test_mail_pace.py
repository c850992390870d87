"""How fast mail leaves is one pace for every process of the desk, and a restart forgets nothing of it."""

import asyncio
from datetime import timedelta

from adapters.email.pacing import wait_for_turn
from bot.app.channels.email_memory import StoredPace
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import Instant, later

SUPPORT, SALES = "support@desk.test", "sales@desk.test"
AT = Instant(1_772_500_000_000)
NOTHING, SECOND = timedelta(0), timedelta(seconds=1)


class Process:
    """One that sends, sixty a minute at most, by a clock that the test owns."""

    def __init__(self, database: Database, address: str = SUPPORT, per_minute: int = 60) -> None:
        self.at = AT
        self.may_leave = StoredPace(Committer(database), address, per_minute, clock=lambda _: self.at)

    async def asks(self, after: timedelta = NOTHING) -> timedelta:
        self.at = later(AT, after)
        return await self.may_leave()


async def test_a_mail_leaves_each_second_of_whichever_process(database: Database) -> None:
    one, other = Process(database), Process(database)
    assert await one.asks() == NOTHING
    assert await other.asks(SECOND / 4) == SECOND * 3 / 4
    assert await one.asks(SECOND / 2) == SECOND / 2, "who waited was not counted"
    assert await other.asks(SECOND) == NOTHING
    assert await one.asks(SECOND) == SECOND


async def test_whoever_starts_anew_waits_as_well_and_another_address_does_not(database: Database) -> None:
    assert await Process(database).asks() == NOTHING
    assert await Process(database).asks() == SECOND
    assert await Process(database, SALES).asks() == NOTHING
    assert await Process(database, per_minute=6_000).asks(SECOND / 100) == NOTHING


async def test_of_all_who_ask_at_once_one_may(database_url: str, database: Database) -> None:
    second = database if database_url.startswith("sqlite") else await open_database(database_url)
    asked = await asyncio.gather(*(Process(one).asks() for one in (database, second) * 10))
    if second is not database:
        await second.close()
    assert sorted(asked) == [NOTHING] + [SECOND] * 19


async def test_a_minute_of_two_processes_that_send_what_they_can_has_sixty(database: Database) -> None:
    sent = 0
    processes = Process(database), Process(database)
    for tick in range(240):
        for one in processes:
            sent += await one.asks(SECOND * tick / 4) == NOTHING
    assert sent == 60


async def test_who_runs_ahead_waits_until_they_may(database: Database) -> None:
    await Process(database).asks()
    behind = Process(database)
    waits: list[timedelta] = []

    async def pace() -> timedelta:
        waits.append(await behind.asks(SECOND if waits else SECOND - timedelta(milliseconds=1)))
        return waits[-1]

    await wait_for_turn(pace)
    assert waits == [timedelta(milliseconds=1), NOTHING]
