"""The way in from Telegram, running against the Telegram of a test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from adapters.errors import DeskAwayError, InboundError, TurnLostError
from adapters.message import Inbound, InboundGap, InboundMessage
from adapters.port import Answer, Ask, Cursor, Fence, Press, Raw
from adapters.telegram.config import Config
from adapters.telegram.convert import inbound_from_raw
from adapters.telegram.menu import Menu
from adapters.telegram.pipe import Pipe
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web
from tests.peers.telegram_server import TelegramServer

PATIENCE_S = 60
#: No test waits for these; they are what the way in itself waits for.
QUICK = Timings(
    poll_for_s=8,
    answer_margin_s=60,
    retry_first_s=0.02,
    retry_longest_s=0.1,
    conflict_s=0.1,
    revoked_s=0.1,
    look_every_s=0.1,
    menu_every_s=0.05,
)


@dataclass
class OwnClock:
    """The moment for both ends; it stands still but for what a test lets pass."""

    at: datetime = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def passes(self, by: timedelta) -> None:
        self.at += by


@dataclass
class KeptJournal:
    """A journal in memory, unique by key as the real one, and what the desk remembers of the way in."""

    clock: OwnClock
    kept: list[Raw] = field(default_factory=list)
    cursor: tuple[str, datetime] | None = None
    commits: list[tuple[list[str], str | None]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    username: str | None = None
    remembered: set[str] = field(default_factory=set)
    shown: Collection[str] = ()
    #: Told with every commit, and before it is done.
    seen: Callable[[], None] = lambda: None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.seen()
        async with self.changed:
            known = {raw.key for raw in self.kept}
            self.kept += [raw for raw in raws if raw.key not in known]
            self.commits.append(([raw.external_id for raw in raws], cursor.value if cursor is not None else None))
            if cursor is not None:
                value, moved_at = self.cursor or (cursor.value, self.clock.now())
                is_behind = cursor.is_behind(value, self.clock.now() - moved_at)
                self.cursor = (value if is_behind else cursor.value, self.clock.now())
            self.changed.notify_all()

    async def last_read(self) -> tuple[str, datetime] | None:
        if self.failures:
            raise self.failures.pop(0)
        return self.cursor

    async def name(self) -> str | None:
        return self.username

    async def keep_name(self, name: str) -> None:
        self.username = name

    async def came(self, keys: Collection[str]) -> set[str]:
        return {raw.external_id for raw in self.kept} & set(keys)

    async def holes(self) -> Collection[str]:
        return tuple(self.remembered)

    async def keep_hole(self, hole: str) -> None:
        self.remembered.add(hole)

    async def forget_holes(self, holes: Collection[str]) -> None:
        async with self.changed:
            self.remembered.difference_update(holes)
            self.changed.notify_all()

    async def menus(self) -> Collection[str]:
        return self.shown

    async def keep_menus(self, names: Collection[str]) -> None:
        self.shown = tuple(names)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that comes with a commit."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(is_so)

    @property
    def heard(self) -> list[Inbound]:
        """What the payloads say, without those that say nothing."""
        found: list[Inbound] = []
        for raw in self.kept:
            with suppress(InboundError):
                found += inbound_from_raw(raw)
        return found

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.heard if isinstance(one, InboundMessage)]

    @property
    def gaps(self) -> list[InboundGap]:
        return [one for one in self.heard if isinstance(one, InboundGap)]


@dataclass
class KeptPresses:
    """Has every press decided with an empty answer, or fails."""

    pressed: list[Mapping[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    #: Told with every press, before it is decided.
    seen: Callable[[], None] = lambda: None

    async def answer(self, query: Mapping[str, Any], ask: Ask) -> None:
        self.seen()
        if self.failures:
            raise self.failures.pop(0)
        self.pressed.append(query)


class OwnTurn:
    """A turn that a test gives and takes away."""

    def __init__(self) -> None:
        self.epoch = 0
        self.is_ours = asyncio.Event()
        self.is_ours.set()
        self._work: asyncio.Timeout | None = None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Fence]:
        await self.is_ours.wait()
        self.epoch += 1
        self._work = asyncio.timeout(None)
        try:
            async with self._work:
                yield Fence("telegram", self.epoch)
        except TimeoutError as error:
            raise TurnLostError("another has it") from error

    def lose(self) -> None:
        self.is_ours.clear()
        if self._work is not None:
            self._work.reschedule(asyncio.get_running_loop().time())


@dataclass
class WayIn:
    """A pipe and what is around it."""

    pipe: Pipe
    journal: KeptJournal
    presses: KeptPresses
    turn: OwnTurn
    clock: OwnClock
    address: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        run = asyncio.create_task(self.pipe.run(self.journal, _ask))
        try:
            yield
        finally:
            run.cancel()
            with suppress(asyncio.CancelledError):
                await run

    async def until_health(self, is_so: Callable[[str], bool]) -> None:
        """Wait for words of the health, which tells nobody when it changes."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so(self.pipe.health().detail):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.005)


async def _ask(_press: Press) -> Answer:
    return Answer()


def away() -> DeskAwayError:
    return DeskAwayError("locked")


def config_of(telegram: TelegramServer, *, is_webhook: bool = False) -> Config:
    return Config(
        telegram.token,
        api_url=telegram.url,
        mode="webhook" if is_webhook else "poll",
        webhook_secret="s3cret-of-the-test" if is_webhook else "",
        public_url="https://desk.example" if is_webhook else "",
    )


@asynccontextmanager
async def way_in(
    telegram: TelegramServer,
    *,
    is_webhook: bool = False,
    menu: Callable[[], Menu | None] = lambda: None,
    timings: Timings = QUICK,
    journal: KeptJournal | None = None,
) -> AsyncIterator[WayIn]:
    """A pipe before this Telegram, not running yet; with a webhook its door is there. `journal`: of another process."""
    journal = journal or KeptJournal(OwnClock())
    clock = journal.clock
    telegram.now = lambda: clock.now().timestamp()
    config = config_of(telegram, is_webhook=is_webhook)
    calls = Web(config)
    presses, turn = KeptPresses(), OwnTurn()
    pipe = Pipe(config, calls, presses, turn, journal, now=clock.now, wall=clock.now, menu=menu, timings=timings)
    found = WayIn(pipe, journal, presses, turn, clock)
    app = web.Application(client_max_size=2**25)
    for route in pipe.routes:
        app.router.add_route(route.method, route.path, route.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    telegram.point_at(found.address)
    try:
        yield found
    finally:
        await runner.cleanup()
        await calls.close()
