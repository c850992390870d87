"""Who the bot is to others: the name that commands in groups are written to, and links to it are made of."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from adapters.errors import DeliveryError, DeskAwayError
from adapters.shapes import text_or
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web

log = structlog.get_logger()

_LONGEST_S: Final = 300.0


class Names(Protocol):
    """Where the desk remembers what the bot is called."""

    async def name(self) -> str | None:
        """Raises DeskAwayError."""

    async def keep_name(self, name: str) -> None:
        """Raises DeskAwayError."""


class Me:
    """The bot's own name, empty until it is known; Telegram is asked once a run, because BotFather may change it."""

    def __init__(self, web: Web, names: Names, timings: Timings) -> None:
        self._web = web
        self._names = names
        self._timings = timings
        self.name = ""
        #: Set once the name is known, or could not be asked for.
        self.is_asked = asyncio.Event()

    async def run(self) -> None:
        """Ask until Telegram answers."""
        pause_s = self._timings.retry_first_s
        while True:
            try:
                self.name = self.name or await self._names.name() or ""
                if self.name:
                    self.is_asked.set()
                found = await self._web.call("getMe", {})
                name = text_or(found if isinstance(found, Mapping) else {}, "username")
                if name and name != self.name:
                    self.name = name
                    await self._names.keep_name(name)
                return
            except (DeliveryError, DeskAwayError) as error:
                log.info("the bot's name could not be asked for", channel="telegram", reason=str(error))
            finally:
                self.is_asked.set()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_S)
