"""The other side of a chat service, in a process of its own: clients who write, managers who are shown cards.

Posts messages at a steady rate, whether or not the desk keeps up, and notes for each when the card that shows it was
taken here. Started by `bench.latency`, told over its standard input, and answers with one line of JSON.
"""

import asyncio
import json
import re
import sys
import time
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from bench.stand import chat

_NUMBER = re.compile(r"at row (\d+) with")
#: How long the last cards are waited for.
PATIENCE_SECONDS = 20.0


class FarEnd:
    """Everything said and shown, by the number of the message."""

    def __init__(self) -> None:
        self.said_at: dict[int, float] = {}
        self.shown_at: dict[int, float] = {}
        self._names = 0
        self._news = asyncio.Event()

    async def shown(self, request: web.Request) -> web.Response:
        """The desk shows something; a card names its message by the words it quotes."""
        message: dict[str, Any] = await request.json()
        if message["is_card"] and (found := _NUMBER.search(message["text"])):
            self.shown_at.setdefault(int(found[1]), time.perf_counter())
        self._names += 1
        self._news.set()
        return web.json_response({"id": f"shown-{self._names}"})

    async def wait_for(self, wanted: range) -> None:
        """Return once all these have been shown; TimeoutError when the desk does not keep up."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(number not in self.shown_at for number in wanted):
                self._news.clear()
                await self._news.wait()

    async def write(self, desk: str, *, first: int, count: int, rate: float) -> None:
        """Post so many messages; each at its own moment, not after the answer to the one before."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http, asyncio.TaskGroup() as group:
            begun = time.perf_counter()
            for place in range(count):
                await asyncio.sleep(max(0.0, begun + place / rate - time.perf_counter()))
                group.create_task(self._post(http, desk, first + place))

    async def _post(self, http: aiohttp.ClientSession, desk: str, number: int) -> None:
        raw = chat(number)
        self.said_at[number] = time.perf_counter()
        async with http.post(desk, data=raw.payload) as answer:
            answer.raise_for_status()


async def serve() -> None:
    """Say where we listen; then, for each order on the standard input, write and report."""
    end = FarEnd()
    app = web.Application()
    app.router.add_post("/", end.shown)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        wanted = range(order["first"], order["first"] + order["count"])
        await end.write(order["desk"], first=order["first"], count=order["count"], rate=order["rate"])
        with suppress(TimeoutError):
            await end.wait_for(wanted)
        shown = [end.shown_at[number] - end.said_at[number] for number in wanted if number in end.shown_at]
        print(json.dumps(shown if len(shown) == len(wanted) else []), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
