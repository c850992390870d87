"""The stream of events gives each once, also one that was numbered earlier and committed later."""

from collections.abc import Sequence

import pytest

from bot.store.driver.bulk import insert_many
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.reading.stream import OVERLAP, Stream
from bot.store.tables import schema
from tests.contract.store.rows import plant_conversation, ticket_row


@pytest.fixture
async def events(database: Database) -> Database:
    """A desk with one ticket on which three things happened."""

    def plant(conn: Connection) -> None:
        plant_conversation(conn)
        insert_many(conn, schema.ticket, [ticket_row(1)])
        _plant(conn, [1, 2, 3])

    await database.write(plant)
    return database


async def _seen(database: Database, stream: Stream) -> list[int]:
    return [one.id for one in await database.read(stream.look)]


async def test_the_past_comes_only_as_far_as_it_was_asked_for(events: Database) -> None:
    assert await _seen(events, Stream()) == []
    assert await _seen(events, Stream(behind=2)) == [2, 3]
    assert await _seen(events, Stream(behind=10)) == [1, 2, 3]


async def test_each_event_comes_once(events: Database) -> None:
    stream = Stream()
    await _seen(events, stream)
    await events.write(lambda conn: _plant(conn, [4, 6]))

    assert await _seen(events, stream) == [4, 6]
    assert await _seen(events, stream) == []


async def test_an_event_committed_late_is_not_missed(events: Database) -> None:
    stream = Stream()
    await events.write(lambda conn: _plant(conn, [6]))
    await _seen(events, stream)
    await events.write(lambda conn: _plant(conn, [5]))

    assert await _seen(events, stream) == [5]


async def test_a_rush_of_events_comes_whole(events: Database) -> None:
    stream = Stream()
    await _seen(events, stream)
    rush = range(4, 4 + 6 * OVERLAP)
    await events.write(lambda conn: _plant(conn, rush))

    found: list[int] = []
    while fresh := await _seen(events, stream):
        found += fresh

    assert found == list(rush)


def _plant(conn: Connection, numbers: Sequence[int]) -> None:
    happened = {
        "ticket_id": 1,
        "what": "noted",
        "by": "vera",
        "why": "",
        "particulars": "{}",
        "at": 0,
        "recorded_at": 0,
    }
    insert_many(conn, schema.event, [{"id": number, **happened} for number in numbers])
