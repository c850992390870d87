"""S1, S2 and S3: how soon Slack is acknowledged, also with a locked database, and how soon a manager has the card.

Slack is the tests' own (npm `emulate` and its front) in a process of its own; the adapter is the real one, over Socket
Mode, S1 over HTTP as well. There is no control: the goals are Slack's three seconds and ours.
"""

import asyncio
import json
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from adapters.message import Channel
from adapters.slack.adapter import SlackAdapter
from adapters.slack.config import Config
from bench.measure import complain, percentile, tell, title, verdict
from bench.stand import sqlite_url, stand
from bot.desk.changes import Changes
from bot.desk.sending.board_channel import BoardChannel
from bot.now import wall_now
from bot.store.driver.database import Database
from sla.duration import moment
from tests.builders import STORY_DESK
from tests.peers.missing import PeerMissingError
from tests.peers.slack_adapter import press_again
from tests.peers.slack_emulator import TEAM, program
from tests.peers.slack_front import SlackFront

EVENTS_RATE, EVENTS_SECONDS = 50, 20
CARDS_RATE, CARDS_SECONDS = 20, 15
WARM_UP_S: Final = 2
SLACK_WAITS_MS: Final = 3_000
LOCKED_S, FREE_S = 2.0, 4.0
#: Slack takes one message a second in a conversation, so there are enough managers for twenty cards a second.
MANAGERS = [f"U0MANAGER{number:02d}" for number in range(40)]
CHANNELS = [f"C0CLIENT{number:02d}" for number in range(40)]
CONTACTS = [f"U0CONTACT{number:03d}" for number in range(CARDS_RATE * (CARDS_SECONDS + WARM_UP_S))]

DESK = STORY_DESK + "".join(
    f"""
[people.m{number}]
name = "Manager {number}"
roles = ["manager"]
calendar = "office"
identities = {{ slack = "{TEAM}/{manager}" }}
[clients.c{number}]
name = "Client {number}"
plan = "premium"
manager = "m{number}"
channels = {{ slack = ["{TEAM}/{channel}"] }}
"""
    for number, (manager, channel) in enumerate(zip(MANAGERS, CHANNELS, strict=True))
)


@dataclass(slots=True)
class _Slack:
    process: Process
    api_url: str

    async def do(self, what: str, **order: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever an order needs
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        people = {"managers": MANAGERS, "contacts": CONTACTS, "channels": CHANNELS}
        self.process.stdin.write(json.dumps({"do": what, **people, **order}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return answer


class _NoPast:
    """A first start: there is nothing to read back."""

    async def cursor(self) -> str | None:
        return None

    async def threads(self) -> Sequence[str]:
        return ()

    async def channels(self) -> Sequence[str]:
        return ()

    async def readers(self, _channel: str) -> str | None:
        return None


class _NoFiles:
    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


@dataclass(frozen=True, slots=True)
class _Acknowledged:
    """What became of the events of a run. `early`: acknowledged before another program could see them stored."""

    took_ms: list[float]
    early: int
    kept: int
    cpu_share: float

    def tell(self) -> None:
        _tell("event to acknowledgement", self.took_ms)
        tell("our share of one core meanwhile", f"{self.cpu_share:.0%}")

    @property
    def goals(self) -> tuple[tuple[str, bool], ...]:
        """What holds however busy the desk is."""
        return (
            ("none acknowledged before its commit", self.early == 0),
            ("none after 3 s", max(self.took_ms) < SLACK_WAITS_MS),
            ("all kept, once", self.kept == len(self.took_ms)),
        )


async def acknowledgements() -> None:
    """S1."""
    title("S1 Slack's event acknowledged at 50/s", "p99 500 ms, none before its commit, none after 3 s")
    if not _is_here():
        return
    for way in ("Socket Mode", "HTTP"):
        found = await _events(is_locked=False, is_http=way == "HTTP")
        tell("over", way)
        found.tell()
        verdict((f"p99 500 ms over {way}", percentile(found.took_ms, 0.99) < 500), *found.goals)


async def locked() -> None:
    """S2."""
    title("S2 the same, the database locked 2 s of every 6", "none before its commit, none after 3 s")
    if _is_here():
        found = await _events(is_locked=True)
        found.tell()
        verdict(*found.goals)


async def cards() -> None:
    """S3."""
    title("S3 Slack message to the manager's card taken by the API at 20/s", "p99 250 ms")
    if not _is_here():
        return
    with sqlite_url() as url:
        async with _working(url) as (slack, _):
            await slack.do("cards", rate=CARDS_RATE, count=CARDS_RATE * WARM_UP_S)
            answer = await slack.do("cards", rate=CARDS_RATE, count=CARDS_RATE * CARDS_SECONDS)
    took = [seconds * 1000 for seconds in answer["took_s"]]
    is_whole = len(took) == CARDS_RATE * CARDS_SECONDS
    if not is_whole:
        tell("cards that did not come in 20 s", CARDS_RATE * CARDS_SECONDS - len(took))
    if took:
        _tell("message to card taken", took)
    verdict(("p99 250 ms", is_whole and percentile(took, 0.99) < 250))


async def _events(*, is_locked: bool, is_http: bool = False) -> _Acknowledged:
    with sqlite_url() as url:
        file = url.removeprefix("sqlite+aiosqlite:///")
        async with _working(url, is_http=is_http) as (slack, database):
            await slack.do("events", rate=EVENTS_RATE, count=EVENTS_RATE * WARM_UP_S, file=file)
            locking = asyncio.create_task(_lock_again_and_again(file)) if is_locked else None
            wall, cpu = time.perf_counter(), time.process_time()
            answer = await slack.do("events", rate=EVENTS_RATE, count=EVENTS_RATE * EVENTS_SECONDS, file=file)
            share = (time.process_time() - cpu) / (time.perf_counter() - wall)
            if locking is not None:
                locking.cancel()
                await asyncio.wait([locking])
            names = "SELECT external_id FROM inbound"
            kept = await database.read(lambda conn: [name for (name,) in conn.exec_driver_sql(names)])
    wanted = set(answer["names"])
    took_ms = [seconds * 1000 for seconds in answer["took_s"]]
    return _Acknowledged(took_ms, answer["early"], sum(name in wanted for name in kept), share)


async def _lock_again_and_again(file: str) -> None:
    """What another program does to the database: a write that takes its time."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=10)
    try:
        while True:
            await asyncio.sleep(FREE_S)
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(LOCKED_S)
            connection.execute("ROLLBACK")
    finally:
        connection.close()


@asynccontextmanager
async def _working(url: str, *, is_http: bool = False) -> AsyncIterator[tuple[_Slack, Database]]:
    """The desk at work, its Slack in another process, everybody at their place."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.slack_far_end", stdin=PIPE, stdout=PIPE, limit=2**24
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        slack = _Slack(process, (await process.stdout.readline()).decode().strip())
        await slack.do("furnish")
        adapter = SlackAdapter(
            Config(
                SlackFront.bot_token,
                None if is_http else SlackFront.app_token,
                SlackFront.signing_secret,
                api_url=slack.api_url,
            ),
            _NoFiles(),
            _NoPast(),
            lambda: moment(wall_now()),
            title="Desk",
            too_late=press_again,
        )
        board = BoardChannel(Changes(), lambda: moment(wall_now()))
        async with stand(url, {Channel.SLACK: adapter, Channel.BOARD: board}, desk=DESK) as ours:
            loops = [
                asyncio.create_task(adapter.run(ours.desk.journal, ours.desk.press)),
                asyncio.create_task(ours.desk.run()),
            ]
            async with _doors(adapter) as address:
                await slack.do("goes", address=address if is_http else "")
                yield slack, ours.database
                for loop in reversed(loops):
                    loop.cancel()
                await asyncio.wait(loops)
        await adapter.close()
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def _doors(adapter: SlackAdapter) -> AsyncIterator[str]:
    """What the adapter serves over HTTP, and where."""
    app = web.Application()
    for route in adapter.routes:
        app.router.add_route(route.method, route.path, route.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _is_here() -> bool:
    try:
        program()
    except PeerMissingError as error:
        complain(f"left out: {error}")
        return False
    return True


def _tell(what: str, ms: Sequence[float]) -> None:
    tell(what, f"p50 {percentile(ms, 0.5):.1f} ms, p99 {percentile(ms, 0.99):.1f} ms, worst {max(ms):.0f} ms")
