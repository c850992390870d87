"""Everything built and joined: database, desk, channels and pages, from settings and nothing else.

The one place that names concrete channels. Building begins nothing; `serve.py` starts it and stops it in order.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from adapters.inapp.adapter import InAppAdapter
from adapters.inapp.config import Config
from adapters.message import Channel
from adapters.port import Adapter, Health, Route
from bot import metrics
from bot.app.channels.asked_for import asked_for
from bot.app.channels.marked import REHEARSAL_MARK, MarkedAdapter
from bot.app.channels.transcript import StoredFiles, StoredTranscript, kept_in, widget_texts
from bot.app.deadman import DeadMan
from bot.app.feed_web import spans_from_feed
from bot.desk.care.auditor import Auditor
from bot.desk.desk import Desk
from bot.desk.people.feeds import Feeds
from bot.desk.sending.board_channel import BoardChannel
from bot.now import Rehearsal, Timekeeper, rehearse, wall_now
from bot.settings import Settings, with_secret_key
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.lock_file import hold_lock
from bot.store.driver.migrate import upgrade
from bot.store.files import Files
from bot.web.desk import Site
from bot.web.server import application
from sla.duration import moment

#: A ticker that has not looked for this long of real time is stuck.
TICKER_STUCK_SECONDS = 30


@dataclass(slots=True)
class House:
    """A desk with its channels and pages, built and not yet running."""

    settings: Settings
    time: Timekeeper
    database: Database
    desk: Desk
    inapp: InAppAdapter
    adapters: dict[Channel, Adapter]
    files: Files
    site: Site
    auditor: Auditor
    feeds: Feeds
    #: Whether the database is whole. Nobody is answered before that is known.
    checking: asyncio.Task[None]
    extra_routes: list[Route] = field(default_factory=list)
    #: What has to end before the listener can: pages that wait for news.
    closes: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def channels(self) -> Sequence[Adapter]:
        """The channels that people outside are on."""
        return [adapter for channel, adapter in self.adapters.items() if channel is not Channel.BOARD]

    def application(self) -> web.Application:
        """What the one HTTP listener serves."""
        registry = metrics.REGISTRY if self.settings.metrics is None else None
        app = application(
            self.desk,
            self.site,
            adapters=self.channels,
            routes=self.extra_routes,
            parts={"ticker": self._ticker, "auditor": self.auditor.health},
            registry=registry,
            files=self.files,
        )

        async def close(_app: web.Application) -> None:
            for end in self.closes:
                await end()

        app.on_shutdown.append(close)
        return app

    def _ticker(self) -> Health:
        last = self.desk.ticker.last_cycle
        stuck_ms = TICKER_STUCK_SECONDS * 1000 * self.time.speed
        if last is None or self.desk.now() - last > stuck_ms:
            return Health(is_up=False, detail="the ticker has not looked lately")
        return Health(is_up=True, detail="looks at what is due", since=moment(last))


@asynccontextmanager
async def built(
    settings: Settings,
    *,
    rehearsal: Rehearsal | None = None,
    standins: Callable[[Callable[[], datetime]], Mapping[Channel, Adapter]] | None = None,
    has_lock: bool = True,
) -> AsyncIterator[House]:
    """Open the database, bring it to the newest schema, and build everything around it; closed again at the end.

    Raises a DatabaseError with one sentence when the database cannot be used. `standins` adds channels in memory.
    """
    settings = with_secret_key(settings)
    time = Timekeeper(rehearsal or _rehearsal(settings))
    async with AsyncExitStack() as stack:
        database = await open_database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.close)
        # A large file takes seconds to read, so it is read beside the start and waited for at the end of it.
        checking = asyncio.create_task(database.quick_check(), name="quick check")
        stack.push_async_callback(asyncio.wait, [checking])
        if database.path is not None and has_lock:
            stack.enter_context(hold_lock(database.path))
        await upgrade(database)

        def now() -> datetime:
            return moment(time.now())

        adapters: dict[Channel, Adapter] = {}
        files = Files(settings.files)
        desk = Desk(database, adapters, time, keep=kept_in(files), page=settings.address)
        # With stand-ins nothing leaves the machine and every page says what it is; elsewhere each text has to.
        mark = REHEARSAL_MARK if settings.is_rehearsal and standins is None else ""
        inapp = InAppAdapter(
            Config(
                jwt_secrets=settings.jwt_secrets(),
                signing_secret=key.get_secret_value() if (key := settings.secret_key) else "",
                origins=(settings.address, *settings.inapp_origins),
            ),
            StoredTranscript(desk, mark=mark),
            StoredFiles(desk, files),
            widget_texts(),
            now,
            lambda: moment(wall_now()),
        )
        adapters[Channel.INAPP] = inapp
        for channel, adapter in asked_for(settings, desk, files, now) if standins is None else ():
            stack.push_async_callback(adapter.close)
            adapters[channel] = MarkedAdapter(adapter, mark) if mark else adapter
        adapters.update(standins(now) if standins else {})
        adapters[Channel.BOARD] = BoardChannel(desk.changes, now)
        site = Site(
            public_url=settings.address,
            speed=time.speed,
            is_rehearsal=settings.is_rehearsal or time.speed != 1,
            has_standins=standins is not None,
        )
        auditor = Auditor(
            database,
            desk.revisions,
            desk.directory,
            adapters,
            time,
            name=uuid.uuid4().hex,
            hold_down=DeadMan(settings.deadman_url).hold_down if settings.deadman_url is not None else None,
        )
        feeds = Feeds(database, desk.revisions, desk.directory, time.now, spans_from_feed, told=desk.sender.nudge.ring)
        yield House(settings, time, database, desk, inapp, adapters, files, site, auditor, feeds, checking)


def _rehearsal(settings: Settings) -> Rehearsal | None:
    if not settings.is_rehearsal:
        return None
    return rehearse(settings.rehearsal_file, start=settings.time_start, speed=settings.time_speed or 1.0)
