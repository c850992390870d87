"""Slack, in a process of its own: the tests' workspace, people who write at a steady rate, and what the app did when.

Started by `bench.slack`, told over its standard input, one line of JSON an order, and answers each with one line.
Moments are of `time.perf_counter`, which is the same clock in every process of a Linux machine.
"""

import asyncio
import json
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from tests.peers import slack_emulator
from tests.peers.slack_front import SlackFront
from tests.peers.slack_line import EVENTS, Delivery
from tests.peers.slack_payloads import event_payload, message_event

_NUMBER: Final = re.compile(r"at row (\d+) with")
#: Slack sends again what was not acknowledged after so long.
RETRY_AFTER_S: Final = 3.0
PATIENCE_S: Final = 20.0
WORDS: Final = "Since 9:30 the export of our payroll stops at row {number} with a time-out. Could you look, please?"


class FarEnd:
    """The workspace, and when each card was taken by the API."""

    def __init__(self, front: SlackFront) -> None:
        self.front = front
        self.shown_at: dict[int, float] = {}
        self.said_at: dict[int, float] = {}
        self.written = 0
        #: Acknowledged although no other program could see it in the database yet.
        self.early = 0
        self._news = asyncio.Event()
        told = front.api.worked
        assert told is not None

        async def worked(method: str, arguments: dict[str, Any], answer: dict[str, Any]) -> None:
            if method == "chat.postMessage" and str(answer["channel"]).startswith("D"):
                for number in map(int, _NUMBER.findall(json.dumps(arguments))):
                    self.shown_at.setdefault(number, time.perf_counter())
                self._news.set()
            await told(method, arguments, answer)

        front.api.worked = worked

    async def furnish(self, order: dict[str, Any]) -> dict[str, Any]:
        """People and channels, under the names that the desk calls them by."""
        for name in [*order["managers"], *order["contacts"]]:
            await self.front.person(name, name)
        for name in order["channels"]:
            await self.front.channel(name)
        return {}

    async def goes(self, order: dict[str, Any]) -> dict[str, Any]:
        """By which way the app is told: over HTTP at an address, or over its sockets once they are open."""
        if order["address"]:
            self.front.line.point_at(order["address"])
        else:
            await self.front.line.connected(2)
        return {}

    async def events(self, order: dict[str, Any]) -> dict[str, Any]:
        """Tell of messages at a steady rate; how long each acknowledgement took, and when it came."""
        told: list[Delivery] = []
        database = sqlite3.connect(f"file:{order['file']}?mode=ro", uri=True, isolation_level=None)
        self.early = 0
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for place in range(order["count"]):
                await asyncio.sleep(max(0.0, begun + place / order["rate"] - time.perf_counter()))
                payload = self._payload(order, place)
                delivery = Delivery(EVENTS, payload)
                told.append(delivery)
                group.create_task(self._tell_and_look(delivery, database))
        database.close()
        return {
            "early": self.early,
            "names": [one.payload["event_id"] for one in told],
            "took_s": [one.took_s for one in told],
        }

    async def cards(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let people write, each their first words; how long it took until the API had taken a card about it."""
        first, wanted = self.written, order["count"]
        self.written += wanted
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + wanted):
                await asyncio.sleep(max(0.0, begun + (number - first) / order["rate"] - time.perf_counter()))
                group.create_task(self._write(order, number))
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while any(number not in self.shown_at for number in range(first, first + wanted)):
                    self._news.clear()
                    await self._news.wait()
        found = {number: self.shown_at.get(number) for number in range(first, first + wanted)}
        return {"took_s": [at - self.said_at[number] for number, at in found.items() if at is not None]}

    async def _write(self, order: dict[str, Any], number: int) -> None:
        contact = order["contacts"][number]
        channel = order["channels"][number % len(order["channels"])]
        said = await self.front.says(contact, channel, WORDS.format(number=number), is_told=False)
        delivery = Delivery(EVENTS, self.front.event_of(said))
        self.said_at[number] = time.perf_counter()
        await self._tell(delivery)

    async def _tell_and_look(self, delivery: Delivery, database: sqlite3.Connection) -> None:
        """With a look into the database, from outside, the moment it is acknowledged."""
        await self._tell(delivery)
        name = f"slack:desk:{delivery.payload['event_id']}"
        self.early += database.execute("SELECT 1 FROM inbound WHERE key = ?", (name,)).fetchone() is None

    async def _tell(self, delivery: Delivery) -> None:
        """Once, and again until it is acknowledged, as Slack does."""
        while not delivery.is_acknowledged:
            await self.front.line.redelivers(delivery)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_AFTER_S):
                    await delivery.acknowledged.wait()

    def _payload(self, order: dict[str, Any], place: int) -> dict[str, Any]:
        self.written += 1
        ts = f"{int(time.time())}.{self.written:06d}"
        contact = order["contacts"][place % len(order["contacts"])]
        message = {"user": contact, "team": self.front.team, "ts": ts, "text": WORDS.format(number=place)}
        return event_payload(message_event(message, order["channels"][place % len(order["channels"])]))


async def serve() -> None:
    """Say where Slack is; then, for each order, do it and report."""
    emulator = slack_emulator.started()
    front = SlackFront(emulator)
    await front.start()
    try:
        end = FarEnd(front)
        orders: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "furnish": end.furnish,
            "goes": end.goes,
            "events": end.events,
            "cards": end.cards,
        }
        print(front.api_url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            print(json.dumps(await orders[order["do"]](order)), flush=True)
    finally:
        await front.stop()
        emulator.stop()
        shutil.rmtree(emulator.folder)


if __name__ == "__main__":
    asyncio.run(serve())
