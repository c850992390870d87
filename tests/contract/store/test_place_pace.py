"""What was said lately in a place is one count for every process, and Telegram's own word outlives them."""

import asyncio
from datetime import timedelta

import pytest

from bot.store.channels import place_pace
from bot.store.channels.place_pace import Asked, Held
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import Instant, later

AT = Instant(1_772_500_000_000)
ACME, OTHER = "telegram:desk:-1001234", "telegram:desk:-1005678"
MINUTE = timedelta(seconds=61)


async def claimed(database: Database, *places: str, after: timedelta = timedelta(0), count: int = 1) -> list[timedelta]:
    """How long each waits that asks at this moment."""
    asked = [Asked(place, count, 20, MINUTE) for place in places]
    return list(await database.write(lambda conn: place_pace.claim(conn, asked, at=later(AT, after))))


async def test_a_minute_bears_twenty_and_the_next_waits_for_the_first_to_be_over(database: Database) -> None:
    assert await claimed(database, *[ACME] * 12, OTHER, *[ACME] * 8) == [timedelta(0)] * 21
    assert await claimed(database, ACME, OTHER, after=timedelta(seconds=10)) == [timedelta(seconds=51), timedelta(0)]
    assert await claimed(database, ACME, after=MINUTE - timedelta(milliseconds=1)) == [timedelta(milliseconds=1)]
    assert await claimed(database, *[ACME] * 20, after=MINUTE) == [timedelta(0)] * 20, "what waited was not counted"
    assert await claimed(database, ACME, after=MINUTE) == [MINUTE]


async def test_an_album_counts_as_all_it_shows_and_goes_whole(database: Database) -> None:
    assert await claimed(database, ACME, count=15) == [timedelta(0)]
    assert await claimed(database, ACME, count=10) == [MINUTE]
    assert await claimed(database, ACME, count=5) == [timedelta(0)]
    assert await claimed(database, OTHER, count=30) == [timedelta(0)], "more than it bears goes when nothing else did"


async def test_processes_that_ask_at_once_are_counted_together(database_url: str, database: Database) -> None:
    if database_url.startswith("sqlite"):
        databases = [database]
    else:
        databases = [database, *[await open_database(database_url) for _ in range(3)]]
    asked = await asyncio.gather(*(claimed(databases[number % len(databases)], ACME) for number in range(40)))
    for one in databases[1:]:
        await one.close()
    assert sorted(wait for (wait,) in asked) == [timedelta(0)] * 20 + [MINUTE] * 20


async def test_what_wants_to_be_left_alone_is_and_a_shorter_word_takes_nothing_back(database: Database) -> None:
    held = [Held(ACME, timedelta(seconds=seconds)) for seconds in (7, 3)]
    await claimed(database, ACME)
    await database.write(lambda conn: place_pace.hold(conn, held, at=AT))
    await database.write(lambda conn: place_pace.hold(conn, held[1:], at=AT))
    assert await claimed(database, ACME, OTHER) == [timedelta(seconds=7), timedelta(0)]
    assert await database.read(lambda conn: place_pace.held(conn, at=AT)) == {ACME: later(AT, timedelta(seconds=7))}
    assert not await database.read(lambda conn: place_pace.held(conn, at=later(AT, timedelta(seconds=7))))
    assert await claimed(database, ACME, after=timedelta(seconds=7)) == [timedelta(0)]


async def test_a_clock_that_is_set_back_silences_nobody_for_long(database: Database) -> None:
    await claimed(database, *[ACME] * 20)
    assert await claimed(database, ACME, after=timedelta(days=-1)) == [MINUTE]


@pytest.mark.parametrize(("after", "count"), [(timedelta(minutes=30), 0), (timedelta(hours=2), 1)])
async def test_places_that_nobody_writes_to_are_forgotten(database: Database, after: timedelta, count: int) -> None:
    await claimed(database, ACME)
    assert await database.write(lambda conn: place_pace.forget(conn, before=later(AT, after))) == count
