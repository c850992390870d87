"""What went out automatically by mail is counted alone, and for a day."""

import asyncio

from sqlalchemy import Connection

from bot.store.delivery import auto_answers
from bot.store.delivery.auto_answers import AutoAnswer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.tickets.ticket import TicketId
from sla.duration import Instant

NOW = Instant(1_772_528_400_000)
DAY_MS = 24 * 60 * 60 * 1000
ONE = AutoAnswer(NOW, TicketId(1), is_asked=False)


async def test_an_answer_counts_once_for_a_day_and_for_an_hour_among_strangers(database: Database) -> None:
    def note(conn: Connection) -> None:
        for _ in range(2):
            auto_answers.note(conn, "m1", "lena@acme.test", ONE, is_known=False)
        auto_answers.note(conn, "m2", "lena@acme.test", AutoAnswer(NOW, None, is_asked=True), is_known=True)

    await database.write(note)
    found = await database.read(lambda conn: auto_answers.lately(conn, "lena@acme.test", now=NOW))
    assert sorted(found, key=lambda one: one.is_asked) == [ONE, AutoAnswer(NOW, None, is_asked=True)]
    assert await database.read(lambda conn: auto_answers.lately(conn, "max@acme.test", now=NOW)) == []
    assert await database.read(lambda conn: auto_answers.to_strangers(conn, now=NOW)) == 1
    assert await database.read(lambda conn: auto_answers.to_strangers(conn, now=Instant(NOW + 3_600_000))) == 0
    later = Instant(NOW + DAY_MS)
    assert await database.read(lambda conn: auto_answers.lately(conn, "lena@acme.test", now=later)) == []
    assert await database.write(lambda conn: auto_answers.forget(conn, now=Instant(later - 1))) == 0
    assert await database.write(lambda conn: auto_answers.forget(conn, now=later)) == 2


async def test_two_processes_never_share_the_last_answer_of_an_hour(database: Database, database_url: str) -> None:
    async def say_one(own: Database, key: str) -> bool:
        def may(conn: Connection) -> bool:
            auto_answers.hold(conn)
            if auto_answers.to_strangers(conn, now=NOW) >= 1:
                return False
            auto_answers.note(conn, key, key, ONE, is_known=False)
            return True

        return await own.write(may)

    other = await open_database(database_url)
    said = await asyncio.gather(*(say_one(own, f"m{n}") for n in range(4) for own in (database, other)))
    await other.close()
    assert said.count(True) == 1
