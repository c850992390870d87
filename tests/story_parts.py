"""What a story's desk stands on: the channel in memory and a real database, each of which can go wrong when told to."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from adapters.card import Outbound
from adapters.errors import TemporaryError
from adapters.fake import FakeChannel
from adapters.message import Identity, Receipt
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError

T = TypeVar("T")


class StoryChannel(FakeChannel):
    """The channel in memory that can also fall silent: it shows a message and never says so, as when we are killed.

    `closed` are addresses whose account is closed, which it tells whoever asks.
    """

    closed: frozenset[str] = frozenset()
    #: Whose account is a guest's, or of another workspace.
    guests: frozenset[str] = frozenset()
    #: Set by a story to leave such questions unanswered.
    is_mute: bool = False
    #: Whose account was asked about, and was answered for.
    asked_about: tuple[str, ...] = ()

    #: Set by a story to make it so, and rung once something was shown.
    falls_silent: asyncio.Event | None = None

    async def send(self, message: Outbound) -> Receipt:
        receipt = await super().send(message)
        if self.falls_silent is not None:
            self.falls_silent.set()
            await asyncio.Event().wait()
        return receipt

    async def is_closed(self, who: Identity) -> bool:
        if self.is_mute:
            raise TemporaryError("nobody answers")
        self.asked_about += (who.address,)
        return who.address in self.closed

    async def is_guest(self, who: Identity) -> bool:
        return who.address in self.guests


class Stage(StoryChannel, ABC):
    """A channel of a story that is the real adapter: people speak and look at the far end, in the words of the fake."""

    @abstractmethod
    async def close(self) -> None:
        """End what was opened for it."""


class StoryDatabase(Database):
    """A real database that can be away, as one is that is locked, full or restarting."""

    def __init__(self, database: Database) -> None:
        self.is_away = False
        self._database = database

    @property
    def is_sqlite(self) -> bool:
        return self._database.is_sqlite

    @property
    def path(self) -> Path | None:
        return self._database.path

    @property
    def url(self) -> str:
        return self._database.url

    async def read(self, look: Callable[[Connection], T]) -> T:
        self._refuse()
        return await self._database.read(look)

    async def glance(self, look: Callable[[Connection], T]) -> T:
        self._refuse()
        return await self._database.glance(look)

    async def write(self, change: Callable[[Connection], T]) -> T:
        self._refuse()
        return await self._database.write(change)

    async def quick_check(self) -> None:
        await self._database.quick_check()

    async def close(self) -> None:
        await self._database.close()

    def _refuse(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the database is locked")
