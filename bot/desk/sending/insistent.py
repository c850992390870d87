"""Writing down what came of a send, however long the database is away.

We know what happened and nobody else does: forgotten, a message that arrived would be in doubt and said again.
"""

import asyncio
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from bot.store.driver.committer import Change, Committer
from bot.store.errors import StoreUnavailableError

log = structlog.get_logger()

Item = TypeVar("Item")
Result = TypeVar("Result")

AGAIN_AFTER_SECONDS: Final = 1
AGAIN_AT_MOST_SECONDS: Final = 60


class Insistent:
    """The committer for outcomes: tries again until they are stored, or whoever waits is cancelled."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def commit(self, change: Change[Item, Result], item: Item, *, within: timedelta | None = None) -> Result:
        """As `Committer.commit`, but for its StoreUnavailableError, which is waited out; `within` at most, if given.

        What happened stays true for ever. What is only planned, another try, is ours to say while the row is ours.
        """
        clock = asyncio.get_running_loop().time
        given_up_at = clock() + within.total_seconds() if within is not None else None
        while True:
            try:
                return await self._committer.commit(change, item)
            except StoreUnavailableError as error:
                if given_up_at is not None and clock() >= given_up_at:
                    raise
                log.warning("what came of a send waits to be stored", reason=str(error))
                await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def record(self, change: Change[Item, Result], item: Item, *, otherwise: Change[Item, Result]) -> Result:
        """Store what the channel has said is so, whatever goes wrong meanwhile: in doubt, it would be said again.

        Where the change fails by a mistake, of ours or of the database's, `otherwise` is stored, which says only that.
        """
        wait = AGAIN_AFTER_SECONDS
        while True:
            try:
                return await self.commit(change, item)
            except Exception:
                log.exception("what a channel took could not be written down, and is tried again")
                change = otherwise
                await asyncio.sleep(wait)
                wait = min(2 * wait, AGAIN_AT_MOST_SECONDS)
