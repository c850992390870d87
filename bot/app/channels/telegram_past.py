"""What the Telegram channel asks the desk: how far its updates were read and when, and what was set at the bot."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, TypeVar

from adapters.errors import DeskAwayError
from adapters.message import Channel
from bot.desk.desk import Desk
from bot.desk.directory import DESK_ACCOUNT
from bot.store import journal, remembered
from bot.store.driver.connection import Connection
from bot.store.errors import StoreUnavailableError
from sla.duration import moment

#: Under this the bot's name stands beside the desk's other memories; links to the bot are made of it.
NAME: Final = "telegram:username"
#: What Telegram has still to bring after a silence, each hole under a name of its own: no process touches another's.
HOLE: Final = "telegram:hole:"
#: Which parts of the bot's menu were set, as JSON.
MENUS: Final = "telegram:menus"

Found = TypeVar("Found")


class StoredPast:
    """Asks the desk's database. Everything raises DeskAwayError while it is away."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def last_read(self) -> tuple[str, datetime] | None:
        """The cursor, and when it was kept."""
        found = await self._read(lambda conn: journal.last_read(conn, Channel.TELEGRAM, DESK_ACCOUNT))
        return None if found is None else (found[0], moment(found[1]))

    async def name(self) -> str | None:
        return await self._read(lambda conn: remembered.recall(conn, NAME))

    async def keep_name(self, name: str) -> None:
        await self._keep(NAME, name)

    async def came(self, keys: Collection[str]) -> set[str]:
        """Which of these updates stand in the journal."""
        start = f"{Channel.TELEGRAM}:{DESK_ACCOUNT}:"
        wanted = [f"{start}{key}" for key in keys]
        return {key.removeprefix(start) for key in await self._read(lambda conn: journal.known_keys(conn, wanted))}

    async def holes(self) -> Collection[str]:
        found = await self._read(lambda conn: remembered.names_under(conn, HOLE))
        return [name.removeprefix(HOLE) for name in found]

    async def keep_hole(self, hole: str) -> None:
        await self._keep(f"{HOLE}{hole}", "")

    async def forget_holes(self, holes: Collection[str]) -> None:
        names = [f"{HOLE}{hole}" for hole in holes]
        await self._change(lambda conn: remembered.forget(conn, names))

    async def menus(self) -> Collection[str]:
        kept = await self._read(lambda conn: remembered.recall(conn, MENUS))
        return list(map(str, json.loads(kept))) if kept else ()

    async def keep_menus(self, names: Collection[str]) -> None:
        await self._keep(MENUS, json.dumps(sorted(names)))

    async def _keep(self, name: str, value: str) -> None:
        await self._change(lambda conn: remembered.remember(conn, name, value))

    async def _change(self, change: Callable[[Connection], None]) -> None:
        try:
            await self._desk.database.write(change)
        except StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error

    async def _read(self, question: Callable[[Connection], Found]) -> Found:
        try:
            return await self._desk.database.read(question)
        except StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error
