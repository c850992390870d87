"""Two processes and one mail box: one reads it, and the other goes on where that one ended. Nothing is kept twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.email.config import Config
from adapters.email.fetching import Fetching
from adapters.errors import TurnLostError
from adapters.port import Cursor, Raw
from bot.app.turn import Pace, StoredTurn
from bot.store import journal, leases
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.errors import LeaseLostError
from sla.duration import Instant
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


class Stored:
    """What a process keeps, in the store that all share. `before` is told the number of each call of its journal."""

    def __init__(self, database: Database, before: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.refused = 0
        self._database, self._before, self._calls = database, before, 0

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        self._calls += 1
        if self._before is not None:
            await self._before(self._calls)
        try:
            await self._database.write(lambda conn: journal.keep(conn, [(raws, cursor, Instant(1_000))]))
        except LeaseLostError as error:
            self.refused += 1
            raise TurnLostError(str(error)) from error

    async def cursor(self, mailbox: str) -> str | None:
        return await self._database.read(lambda conn: journal.cursor_of(conn, "email", f"desk/{mailbox}"))


async def reached(kept: Stored, ending: str) -> None:
    """Wait until the folder was read so far."""
    while (mark := await kept.cursor("INBOX")) is None or not mark.endswith(ending):  # noqa: ASYNC110 - a row tells nobody
        await asyncio.sleep(0.01)


async def test_a_turn_that_changes_hands_in_the_middle_of_mails_keeps_each_once(box: Box, database: Database) -> None:
    for number in range(401):
        box.receives(letter(number), at=sent_at(number))
    ahead = asyncio.Event()
    second = Stored(database)
    server = imap(box)

    def fetching(kept: Stored, owner: str) -> Fetching:
        turn = StoredTurn(database, TURN, Pace(timedelta(minutes=10), renew_every_s=600, ask_every_s=0.02), owner=owner)
        return Fetching(Config(ADDRESS, imap=server), server, "INBOX", turn, kept, lambda: NOW, QUICK)

    async def is_late(call: int) -> None:
        """Between two portions the first process stands still for longer than its turn lasts."""
        if call == 2:
            await database.write(lambda conn: leases.release(conn, TURN, epoch=1))
            await ahead.wait()

    first = Stored(database, is_late)
    tasks = [asyncio.create_task(fetching(first, "first").run(first.journal))]
    async with asyncio.timeout(60):
        await reached(first, "")
        tasks.append(asyncio.create_task(fetching(second, "second").run(second.journal)))
        await reached(second, ":401")
        ahead.set()
        while not first.refused:  # noqa: ASYNC110 - nobody tells of a refusal
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    rows = await database.read(lambda conn: journal.listing(conn, states=("new",), count=1_000))
    assert len(rows) == len({row.external_id for row in rows}) == 401
    assert (first.refused, second.refused) == (1, 0)
    assert str(await first.cursor("INBOX")).endswith(":401")
