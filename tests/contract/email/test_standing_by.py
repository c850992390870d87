"""A process that waits for its turn to read a folder is well: another one reads it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from adapters.email.config import Config, Server
from adapters.email.fetching import Fetching
from adapters.email.timings import Timings
from adapters.port import Cursor, Fence, Raw

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOWHERE = Server("127.0.0.1", 1, "none", "support@desk.test", "secret")


class TheirTurn:
    """Somebody else's, until they are gone."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.taken = asyncio.Event()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Fence]:
        self.asked.set()
        await self.gone.wait()
        self.taken.set()
        yield Fence("email:INBOX", 2)


class Past:
    """Nothing was read yet."""

    async def cursor(self, _mailbox: str) -> str | None:
        return None


async def journal(_raws: Sequence[Raw], _cursor: Cursor | None) -> None:
    """Nothing is ever read here."""


async def test_whoever_waits_for_another_to_be_gone_is_up_and_then_says_what_is_wrong() -> None:
    turn = TheirTurn()
    config = Config("support@desk.test", imap=NOWHERE)
    folder = Fetching(config, NOWHERE, "INBOX", turn, Past(), lambda: NOW, Timings(retry_first_s=60))
    assert not folder.health().is_up
    reading = asyncio.create_task(folder.run(journal))
    async with asyncio.timeout(60):
        await turn.asked.wait()
        assert folder.health().is_up
        assert folder.health().detail == "INBOX: another process reads it"
        turn.gone.set()
        await turn.taken.wait()
        while not folder.trouble:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)
        assert not folder.health().is_up
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
