"""P4 and P8: how long a message takes from the webhook to the manager's card taken at the far end, and PostgreSQL.

The far end is another process behind loopback HTTP. The control is that wire alone: the same webhook, answered at once
with a card that says the same, without a desk between.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from adapters.message import Channel
from bench.controls import raw_postgres
from bench.disk import waits_ms
from bench.measure import best, complain, percentile, tell, timed, title, verdict
from bench.stand import chat, count, hear, sqlite_url, stand
from bench.wire import WireChannel
from tests.builders import STORY_DESK
from tests.peers.missing import PeerMissingError
from tests.peers.postgres import postgres_server

SECONDS = 6
SLOW_RATE, FAST_RATE = 100, 500
MANAGERS = 40
MESSAGES = 1_500
ROUNDS = 3

#: One manager is shown one card at a time, so a desk that is written to five hundred times a second has some more.
LARGE_DESK = STORY_DESK.replace(
    'people = ["oleg", "mira"]', f"people = {json.dumps([f'm{number}' for number in range(MANAGERS)])}"
) + "".join(
    f"""
[people.m{number}]
name = "Manager {number}"
roles = ["manager"]
calendar = "office"
identities = {{ slack = "T1/U{100 + number}" }}
"""
    for number in range(MANAGERS)
)


@dataclass(slots=True)
class _FarEnd:
    process: Process
    address: str
    written: int = 0

    async def write(self, desk: str, rate: int) -> list[float]:
        """Let clients write at this rate; the milliseconds each message took to be shown."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        first, wanted = self.written, rate * SECONDS
        self.written += wanted
        self.process.stdin.write(
            json.dumps({"desk": desk, "rate": rate, "first": first, "count": wanted}).encode() + b"\n"
        )
        line = await self.process.stdout.readline()
        return [] if not line else [seconds * 1000 for seconds in json.loads(line)]


async def chat_to_card() -> None:
    """P4."""
    title("P4 message in, card taken (loopback HTTP)", "p99 20 ms at 100/s, 40 ms at 500/s")
    _tell("the disk alone, the pages of a message", await asyncio.to_thread(waits_ms))
    with sqlite_url() as url:
        wire, ours = await _alone(), await _through_desk(url, (SLOW_RATE, FAST_RATE))
    for rate, alone, ms in zip((SLOW_RATE, FAST_RATE), wire, ours, strict=True):
        _tell(f"the wire alone at {rate}/s", alone)
        _tell(f"ours on SQLite at {rate}/s", ms)
    verdict(*(_within(ms, rate, goal) for ms, rate, goal in zip(ours, (SLOW_RATE, FAST_RATE), (20, 40), strict=True)))


async def postgres() -> None:
    """P8."""
    title("P8 PostgreSQL from empty tables", "2,000 per s, p99 20 ms at 100/s")
    try:
        with postgres_server(durable=True) as server:
            await _postgres(server.new_database(), server.new_database(), server.new_database())
    except PeerMissingError as error:
        complain(f"left out: {error}")


async def _postgres(first: str, second: str, control: str) -> None:
    ours, raw = [], []
    async with stand(first) as desk:
        for place in range(ROUNDS):
            raw.append(await raw_postgres(control, MESSAGES))
            raws = [chat(number) for number in range(place * MESSAGES, (place + 1) * MESSAGES)]
            with timed(MESSAGES) as pace:
                await hear(desk.desk, raws)
            ours.append(pace)
        assert await count(desk.database, "ticket") == ROUNDS * MESSAGES, "a ticket is missing"
    (ms,) = await _through_desk(second, (SLOW_RATE,))
    limit, ticket = best(raw), best(ours)
    tell("raw asyncpg, 8 rows a message, 50 a transaction", limit)
    tell("ours, 64 in flight, each opens a ticket", ticket)
    tell("the first round alone, from empty tables", ours[0])
    tell("of the raw limit", f"{ticket.per_second / limit.per_second:.0%}")
    _tell(f"message in, card taken, at {SLOW_RATE}/s", ms)
    verdict(("2,000 per s", ticket.per_second >= 2_000), _within(ms, SLOW_RATE, 20))


async def _through_desk(url: str, rates: Sequence[int]) -> list[list[float]]:
    async with _far_end() as far_end, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        channels = {one: WireChannel(one, http, far_end.address) for one in (Channel.TELEGRAM, Channel.SLACK)}
        async with stand(url, channels, desk=LARGE_DESK) as ours:
            for one in channels.values():
                await one.run(ours.desk.intake.journal, ours.desk.press)
            async with _listening(channels[Channel.TELEGRAM].said) as address:
                running = asyncio.create_task(ours.desk.run())
                await far_end.write(address, SLOW_RATE)  # warm
                found = [await far_end.write(address, rate) for rate in rates]
                running.cancel()
                await asyncio.wait([running])
    return found


async def _alone() -> list[list[float]]:
    async with _far_end() as far_end, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        shows: set[asyncio.Task[None]] = set()

        async def show(text: str) -> None:
            async with http.post(far_end.address, json={"text": text, "is_card": True}) as answer:
                await answer.read()

        async def said(request: web.Request) -> web.Response:
            task = asyncio.create_task(show((await request.json())["text"]))
            shows.add(task)
            task.add_done_callback(shows.discard)
            return web.Response()

        async with _listening(said) as address:
            await far_end.write(address, SLOW_RATE)
            return [await far_end.write(address, rate) for rate in (SLOW_RATE, FAST_RATE)]


@asynccontextmanager
async def _far_end() -> AsyncIterator[_FarEnd]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.far_end", stdin=PIPE, stdout=PIPE, limit=2**24
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield _FarEnd(process, (await process.stdout.readline()).decode().strip())
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def _listening(said: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", said)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _tell(what: str, ms: Sequence[float]) -> None:
    if not ms:
        tell(what, "did not keep up: cards were missing 20 s after the last message")
        return
    tell(what, f"p50 {percentile(ms, 0.5):.1f} ms, p99 {percentile(ms, 0.99):.1f} ms, worst {max(ms):.0f} ms")


def _within(ms: Sequence[float], rate: int, goal: int) -> tuple[str, bool]:
    return f"p99 {goal} ms at {rate}/s", bool(ms) and percentile(ms, 0.99) <= goal
