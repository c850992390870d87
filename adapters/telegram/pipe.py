"""How Telegram reaches the desk: we ask for updates (poll) or Telegram brings them (webhook), and never past the desk.

    Telegram <──getUpdates── Poll ─┐                        ┌─> journal (commit) ──> confirmed
             ──requests──> Door ───┴─> payloads, presses ───┴─> ask (commit) ──────> answered

What words mean is not known here: updates are read in `convert.py`, presses in `presses.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from adapters.errors import DeskAwayError
from adapters.port import Ask, Health, Journal, Route, Turn
from adapters.telegram.config import Config
from adapters.telegram.holes import Brought, Holes
from adapters.telegram.hook import Hook
from adapters.telegram.me import Me, Names
from adapters.telegram.menu import Menu, Menus, Shown
from adapters.telegram.poll import Past, Poll
from adapters.telegram.pressing import Presses
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web
from adapters.telegram.webhook import Door

_NOT_RUNNING: Final = Health(is_up=False, detail="not running")


class Remembered(Past, Names, Brought, Shown, Protocol):
    """What the desk remembers for the way in."""


class Pipe:
    """The way in. `now` is the desk's clock, `wall` the world's, against which Telegram's own moments are held."""

    def __init__(
        self,
        config: Config,
        web: Web,
        presses: Presses,
        turn: Turn,
        past: Remembered,
        *,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        menu: Callable[[], Menu | None] = lambda: None,
        timings: Timings | None = None,
    ) -> None:
        self._config = config
        self._web = web
        self._now = now
        self._timings = timings = timings or Timings()
        self._me = Me(web, past, timings)
        self._menus = Menus(web, menu, timings, past)
        is_brought = config.mode == "webhook"
        self._holes = Holes(config, past, now, timings) if is_brought else None
        self._door = Door(config, presses, self._holes, now, timings) if self._holes is not None else None
        self._hook = Hook(config, web, wall, timings) if is_brought else None
        self._poll = None if is_brought else Poll(config, web, presses, turn, past, now, timings)
        self._since: datetime | None = None

    @property
    def routes(self) -> Sequence[Route]:
        return self._door.routes if self._door is not None else ()

    @property
    def username(self) -> str:
        """What the bot is called, empty until it is known; commands in groups name it."""
        return self._me.name

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled."""
        self._since = self._now()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._me.run(), name="telegram me")
                await self._me.is_asked.wait()  # so that the first command to it by name is understood
                group.create_task(self._menus.run(), name="telegram menu")
                if self._door is not None and self._hook is not None and self._holes is not None:
                    group.create_task(self._open(self._door, self._holes, journal, ask), name="telegram door")
                    group.create_task(self._hook.run(), name="telegram webhook")
                elif self._poll is not None:
                    group.create_task(self._poll.run(journal, ask), name="telegram poll")
        finally:
            self._since = None
            if self._door is not None:
                self._door.close()

    async def _open(self, door: Door, holes: Holes, journal: Journal, ask: Ask) -> None:
        """Take what is brought once it is known how far we were: before that Telegram is told to come again."""
        while True:
            try:
                await holes.resume()
            except DeskAwayError:
                await asyncio.sleep(self._timings.retry_longest_s)
            else:
                break
        door.open(journal, ask)
        await holes.run(journal)

    def health(self) -> Health:
        """How the way in is right now, in words."""
        if self._since is None:
            return _NOT_RUNNING
        if self._hook is not None:
            words = [self._hook.trouble or ("Telegram brings updates" if self._hook.is_set else "being set up")]
            return Health(self._hook.is_set, "; ".join(filter(None, [*words, self._hook.told])), self._since)
        if self._poll is None or not self._poll.has_turn:
            # Whoever does not read can send all the same.
            return Health(is_up=True, detail="another process reads the updates, or is about to", since=self._since)
        words = ["reads updates"] if self._poll.is_heard else [self._poll.trouble or "connecting"]
        return Health(self._poll.is_heard, words[0], self._since)
