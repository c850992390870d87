"""The demo: the whole product on the example desk, with invented people and channels in memory, without credentials.

What it needs is put together here and nowhere else; the bot itself is the one of `serve`, down to the last loop.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from adapters.fake import FakeChannel
from adapters.message import Channel
from bot.app.channels.configured import STOOD_IN_FOR
from bot.app.demo.client_page import Addresses, ClientPage, Guest
from bot.app.demo.clients import Clients
from bot.app.demo.colleagues import Colleagues
from bot.app.demo.rehearsing import keep_time, resumed
from bot.app.demo.sayings import Voice
from bot.app.demo.standins import Standins
from bot.app.house import House, built
from bot.app.serve import EXIT_CONFIGURATION, put_in_force, run
from bot.settings import Settings
from bot.store.driver.lock_file import hold_lock
from bot.web.pages import Pages

log = structlog.get_logger()


async def demo(settings: Settings, *, speed: float, tell: Callable[[Addresses], None]) -> int:
    """Run until Ctrl-C; the exit code. `tell` is given the addresses once everything listens.

    Raises a DatabaseError where another demo works with the same database.
    """
    standins: dict[Channel, FakeChannel] = {}

    def stand_in(now: Callable[[], datetime]) -> Mapping[Channel, FakeChannel]:
        # The database outlives this process, and so do the names of what was said: each process gives out its own.
        prefix = f"{secrets.token_hex(4)}-"
        standins.update({one: FakeChannel(one, now=now, prefix=prefix, adopts=True) for one in STOOD_IN_FOR})
        return standins

    rehearsal = resumed(settings.rehearsal_file, speed=speed)
    async with built(settings, rehearsal=rehearsal, standins=stand_in) as house:
        if not await put_in_force(house):
            return EXIT_CONFIGURATION
        return await _open(house, standins, tell)


async def _open(house: House, standins: Mapping[Channel, FakeChannel], tell: Callable[[Addresses], None]) -> int:
    page = ClientPage(house, Pages(house.site))
    channels = Standins(house, page, standins)
    house.extra_routes += [*page.routes, *channels.routes]
    house.closes.append(channels.close)
    clients = Clients(house, standins, lambda voice: page.token(_guest(voice)))
    beside: list[asyncio.Task[None]] = []

    async def started(house: House, address: str) -> None:
        house.settings.address_file.write_text(address)
        await channels.recall()
        tell(await page.opened(address))
        beside.append(asyncio.create_task(keep_time(house.settings.rehearsal_file, house.time)))
        beside.append(asyncio.create_task(_lived(clients, address)))
        colleagues = Colleagues(house, standins[Channel.SLACK], played=page.played)
        beside.append(asyncio.create_task(colleagues.run()))

    try:
        return await run(house, started=started)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _lived(clients: Clients, address: str) -> None:
    try:
        await clients.run(address)
    except Exception:
        log.exception("the invented clients fell silent; the demo goes on")


def _guest(voice: Voice) -> Guest:
    return Guest(voice.address, voice.name, voice.client)


def forget(settings: Settings) -> None:
    """Begin anew: the demo's own database and time are removed. Raises a DatabaseError while a demo works with them."""
    database = Path(settings.database_url.get_secret_value().partition(":///")[2])
    if not database.exists():
        return
    with hold_lock(database):
        for place in (database, Path(f"{database}-wal"), Path(f"{database}-shm"), settings.rehearsal_file):
            with suppress(FileNotFoundError):
                place.unlink()
