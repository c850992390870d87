"""The way in from Slack, running against the workspace of a test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.errors import DeskAwayError
from adapters.message import InboundMessage
from adapters.port import Answer, Ask, Cursor, Press, Raw
from adapters.slack.config import Config
from adapters.slack.convert import inbound_from_raw
from adapters.slack.held_back import held_back_from_raw
from adapters.slack.pacing import PacedWeb
from adapters.slack.pipe import Pipe
from adapters.slack.timings import Timings
from adapters.slack.web import Web
from tests.peers.slack_adapter import QUICK
from tests.peers.slack_front import SlackFront

PATIENCE_S = 60


@dataclass
class KeptJournal:
    """A journal in memory, unique by key as the real one; a test can close it or have it fail."""

    kept: list[Raw] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    readers: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    failures: list[Exception] = field(default_factory=list)
    is_away: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def __call__(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        async with self.changed:
            self.calls += 1
            self.changed.notify_all()
        await self.open.wait()
        if self.is_away:
            raise DeskAwayError("locked")
        if raws and self.failures:
            raise self.failures.pop(0)
        async with self.changed:
            known = {raw.key for raw in self.kept}
            self.kept += [raw for raw in raws if raw.key not in known]
            if cursor is not None and "/readers/" in cursor.account:
                self.readers[cursor.account.rpartition("/")[2]] = cursor.value
            elif cursor is not None:
                self.cursors.append(cursor.value)
            self.changed.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that comes with a call."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(is_so)


@dataclass
class KeptPresses:
    """Answers every press with the same body, or fails."""

    body: Mapping[str, Any] = field(default_factory=lambda: {"text": "Taken."})
    pressed: list[Mapping[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def answer(self, payload: Mapping[str, Any], ask: Ask) -> Mapping[str, Any]:
        self.pressed.append(payload)
        if self.failures:
            raise self.failures.pop(0)
        return self.body


@dataclass
class KeptPast:
    """What a desk would remember."""

    at: str | None = None
    open_threads: Sequence[str] = ()
    known_readers: dict[str, str] = field(default_factory=dict)

    async def cursor(self) -> str | None:
        return self.at

    async def threads(self) -> Sequence[str]:
        return self.open_threads

    async def channels(self) -> Sequence[str]:
        return list(self.known_readers)

    async def readers(self, channel: str) -> str | None:
        return self.known_readers.get(channel)


@dataclass
class Piped:
    """A pipe and what is around it."""

    pipe: Pipe
    journal: KeptJournal
    presses: KeptPresses
    past: KeptPast
    address: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        run = asyncio.create_task(self.pipe.run(self.journal, _ask))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self.pipe.health().is_up:
                    assert not run.done(), run
                    await asyncio.sleep(0)
            yield
        finally:
            run.cancel()
            with suppress(asyncio.CancelledError):
                await run


async def _ask(_press: Press) -> Answer:
    return Answer()


def texts(found: Piped) -> list[str]:
    """The words of the messages that were kept."""
    events = [raw for raw in found.journal.kept if held_back_from_raw(raw) is None]
    read = [inbound for raw in events for inbound in inbound_from_raw(raw)]
    return [one.text for one in read if isinstance(one, InboundMessage)]


def wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - Slack's emulator reads it too


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait for what tells nobody when it comes: health, a log."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


@asynccontextmanager
async def piped(
    slack: SlackFront, *, is_http: bool = False, timings: Timings = QUICK, past: KeptPast | None = None
) -> AsyncIterator[Piped]:
    """A pipe on this workspace, not running yet; over HTTP its doors are open."""
    config = Config(
        bot_token=slack.bot_token,
        app_token=None if is_http else slack.app_token,
        signing_secret=slack.signing_secret,
        api_url=slack.api_url,
    )
    web_api = Web(config)
    presses, past = KeptPresses(), past or KeptPast()
    pipe = Pipe(config, PacedWeb(web_api), presses, past, now=wall, wall=wall, timings=timings)
    found = Piped(pipe, KeptJournal(readers=past.known_readers), presses, past)
    app = web.Application(client_max_size=2**25)
    for route in pipe.routes:
        app.router.add_route(route.method, route.path, route.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    if is_http:
        slack.line.point_at(found.address)
    try:
        yield found
    finally:
        await runner.cleanup()
        await web_api.close()


@pytest.fixture
async def sockets(slack: SlackFront) -> AsyncIterator[Piped]:
    """Socket Mode, running, both sockets open."""
    async with piped(slack) as found, found.running():
        await slack.line.connected(2)
        yield found


@pytest.fixture
async def doors(slack: SlackFront) -> AsyncIterator[Piped]:
    """HTTP, running."""
    async with piped(slack, is_http=True) as found, found.running():
        yield found
