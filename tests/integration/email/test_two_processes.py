"""Two processes and one mail box: one reads it, and the other goes on where that one ended. Nothing is kept twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.email.config import Config
from adapters.email.fetching import Fetching
from bot.app.turn import Pace, StoredTurn
from bot.store import leases
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from tests.integration.email.reading import ADDRESS, NOW, QUICK, Kept, imap, letter, reading, sent_at
from tests.peers.dovecot import Box
from tests.templates import new_sqlite

TURN = "email:INBOX"
HASTE = Pace(lease_for=timedelta(minutes=1), renew_every_s=0.2, ask_every_s=0.02)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(new_sqlite(tmp_path / "maitred.db"))
    yield database
    await database.close()


def reader(kept: Kept, box: Box, database: Database, owner: str) -> Fetching:
    server = imap(box)
    turn = StoredTurn(database, TURN, HASTE, owner=owner)
    return Fetching(Config(ADDRESS, imap=server), server, "INBOX", turn, kept, lambda: NOW, QUICK)


async def test_one_reads_and_the_other_goes_on_where_it_ended(box: Box, database: Database) -> None:
    kept = Kept()
    async with reading(kept, reader(kept, box, database, "first")):
        box.receives(letter(0), at=sent_at(0))
        await kept.has(1)
        async with reading(kept, second := reader(kept, box, database, "second")):
            for number in range(1, 20):
                box.receives(letter(number), at=sent_at(number))
            await kept.has(20)
            assert "another process reads it" in second.health().detail
            assert await database.read(lambda conn: leases.holder(conn, TURN)) == "first"
    async with reading(kept, reader(kept, box, database, "second")):
        box.receives(letter(20), at=sent_at(20))
        await kept.has(21)
    assert kept.repeats == 0


async def test_whoever_was_killed_is_followed_once_their_lease_is_over(box: Box, database: Database) -> None:
    kept = Kept()
    soon = timedelta(milliseconds=300)
    await database.write(lambda conn: leases.acquire(conn, TURN, owner="killed", lease_for=soon))
    for number in range(5):
        box.receives(letter(number), at=sent_at(number))
    async with asyncio.timeout(60), reading(kept, reader(kept, box, database, "second")):
        await kept.has(5)
    assert (len(kept.raws), kept.repeats) == (5, 0)
