"""Whole desks on the Slack of a test: the real adapter, a real database, the wall clock."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.message import Channel
from adapters.slack.adapter import SlackAdapter
from adapters.slack.config import Config
from adapters.slack.timings import Timings
from bot.app.channels.slack_channel import too_late
from bot.app.channels.slack_past import StoredPast
from bot.app.channels.transcript import kept_in
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from bot.store.files import Files
from sla.duration import moment
from tests.builders import STORY_DESK, document
from tests.integration.slack.conftest import PATIENCE_S, eventually, wall
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import SlackFront

#: Nothing here is given up because the machine is busy.
PATIENT = Timings(answer_within_s=60, connect_within_s=60, ping_every_s=60, names_within_s=60, retry_first_s=0.02)
VERA, LENA, ACME = "U0VERA", "U0LENA", "C0ACME"
LENAS_TEAM = "T0ACMECO"
#: The tests' desk with people of this Slack, open at any hour, because the wall clock may stand anywhere.
DESK = (
    STORY_DESK.replace('mon-fri = ["10:00-19:00"]', 'mon-sun = ["00:00-24:00"]')
    .replace('mon-fri = ["09:00-21:00"]', 'mon-sun = ["00:00-24:00"]')
    .replace('slack = "T1/U1"', f'slack = "{TEAM}/{VERA}"')
    .replace('slack = "T2/U9"', f'slack = "{LENAS_TEAM}/{LENA}"')
    .replace(
        "channels = { telegram = [-1001234] }", f'channels = {{ telegram = [-1001234], slack = ["{TEAM}/{ACME}"] }}'
    )
)


class NoFiles:
    """No reply of these tests carries a file."""

    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


@dataclass
class WholeDesk:
    """A desk that works, and how its doors are reached."""

    desk: Desk
    adapter: SlackAdapter
    address: str

    async def rows(self, sql: str) -> Sequence[Any]:
        """What the database says."""
        return await self.desk.database.read(lambda conn: conn.exec_driver_sql(sql).fetchall())


async def people(slack: SlackFront) -> str:
    """Vera of ours and Lena of Acme, in Acme's channel."""
    await slack.person(VERA, "Vera Kova")
    await slack.person(LENA, "Lena", team=LENAS_TEAM)
    return await slack.channel(ACME, members=[VERA, LENA])


async def prepared(url: str, desk: str = DESK) -> None:
    """The desk, in a database that has its tables."""
    database = await open_database(url)
    await apply_document(database, document(desk), at=Timekeeper().now(), by="test")
    await database.close()


@asynccontextmanager
async def working(
    slack: SlackFront, url: str, folder: Path, *, is_http: bool = False, timings: Timings | None = None
) -> AsyncIterator[WholeDesk]:
    """A desk at work on a prepared database; with sockets, once both are open."""
    time = Timekeeper()
    database = await open_database(url)
    adapters: dict[Channel, SlackAdapter] = {}
    files = Files(folder)
    desk = Desk(database, adapters, time, keep=kept_in(files))
    app_token = None if is_http else slack.app_token
    config = Config(slack.bot_token, app_token, slack.signing_secret, api_url=slack.api_url)
    adapter = SlackAdapter(
        config,
        files,
        StoredPast(desk),
        lambda: moment(time.now()),
        title="Desk",
        too_late=too_late(desk),
        wall=wall,
        timings=timings or replace(PATIENT, retry_longest_s=0.1),
    )
    adapters[Channel.SLACK] = adapter
    await desk.prepare(is_alone=database.is_sqlite)
    app = web.Application()
    for route in adapter.routes:
        app.router.add_route(route.method, route.path, route.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    loops = [asyncio.create_task(adapter.run(desk.journal, desk.press)), asyncio.create_task(desk.run())]
    try:
        await eventually(lambda: adapter.health().is_up)
        if not is_http:
            await slack.line.connected(2)
        yield WholeDesk(desk, adapter, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        for loop in reversed(loops):
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
        async with asyncio.timeout(PATIENCE_S):
            await desk.drain()
        await adapter.close()
        await runner.cleanup()
        await database.close()
