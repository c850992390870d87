"""Telegram, in a process of its own: the tests' server, people who write at a steady rate, and what the bot did when.

Started by `bench.telegram`, told over its standard input, one line of JSON an order, and answers each with one line.
"""

import asyncio
import json
import re
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from tests.peers.telegram_person import Person
from tests.peers.telegram_server import TelegramServer

_NUMBER: Final = re.compile(r"at row (\d+) with")
PATIENCE_S: Final = 20.0
WORDS: Final = "Since 9:30 the export of our payroll stops at row {number} with a time-out. Could you look, please?"


class FarEnd:
    """Contacts who are new to the desk, and managers who wait for their cards."""

    def __init__(self, telegram: TelegramServer) -> None:
        self.telegram = telegram
        self.said_at: dict[int, float] = {}
        self.written = 0
        #: Confirmed although no other program could see it in the database yet.
        self.early = 0
        self._looked = 0

    async def furnish(self, order: dict[str, Any]) -> dict[str, Any]:
        """Managers have pressed Start; only after that does anybody poll."""
        for number in order["managers"]:
            self.telegram.person(f"Manager {number}", id=number)
            self.telegram.world.private(number)
            self.telegram.world.started.add(number)
        return {}

    async def updates(self, order: dict[str, Any]) -> dict[str, Any]:
        """Say things at a steady rate; how long each took until a question of the bot's confirmed it."""
        await self.telegram.until(lambda: self.telegram.line.is_polled, within_s=PATIENCE_S)
        said_at: dict[int, float] = {}
        confirmed_at: dict[int, float] = {}
        people = [self._newcomer() for _ in range(20)]
        self.early, self._looked = 0, len(self.telegram.line.confirmed)
        watching = asyncio.create_task(self._watch(confirmed_at, order["file"]))
        begun = time.perf_counter()
        for place in range(order["count"]):
            await asyncio.sleep(max(0.0, begun + place / order["rate"] - time.perf_counter()))
            at = time.perf_counter()
            update = people[place % len(people)].says(WORDS.format(number=place)).update_id
            assert update is not None
            said_at[update] = at
        with suppress(TimeoutError):
            await self.telegram.until(lambda: said_at.keys() <= confirmed_at.keys(), within_s=PATIENCE_S)
        watching.cancel()
        took = [confirmed_at[update] - at for update, at in said_at.items() if update in confirmed_at]
        names = [f"{self.telegram.bot_id}:{update}" for update in said_at]
        return {"took_s": took, "names": names, "early": self.early}

    async def cards(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let people write, each their first words; how long it took until the API had taken a card about it."""
        await self.telegram.until(lambda: self.telegram.line.is_polled, within_s=PATIENCE_S)
        first, wanted = self.written, order["count"]
        self.written += wanted
        people = [self.telegram.person("Contact", id=one) for one in order["contacts"][first : first + wanted]]
        begun = time.perf_counter()
        for number, person in zip(range(first, first + wanted), people, strict=True):
            await asyncio.sleep(max(0.0, begun + (number - first) / order["rate"] - time.perf_counter()))
            self.said_at[number] = time.time()  # as the server counts
            person.says(WORDS.format(number=number))
        managers = {str(number) for number in order["managers"]}

        def shown_at() -> dict[int, float]:
            found: dict[int, float] = {}
            for call in self.telegram.asked("sendMessage"):
                if call.status == 200 and str(call.arguments["chat_id"]) in managers:
                    for number in map(int, _NUMBER.findall(str(call.arguments["text"]))):
                        found.setdefault(number, call.at)
            return found

        with suppress(TimeoutError):
            await self.telegram.until(
                lambda: shown_at().keys() >= set(range(first, first + wanted)), within_s=PATIENCE_S
            )
        found = shown_at()
        return {"took_s": [found[one] - self.said_at[one] for one in range(first, first + wanted) if one in found]}

    def _newcomer(self) -> Person:
        return self.telegram.person("Contact")

    async def _watch(self, confirmed_at: dict[int, float], file: str) -> None:
        """With a look into the database, from outside, the moment something is confirmed."""
        line = self.telegram.line
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        try:
            while True:
                await self.telegram.until(lambda: len(line.confirmed) > self._looked, within_s=3_600)
                fresh, at = line.confirmed[self._looked :], time.perf_counter()
                self._looked += len(fresh)
                for update in fresh:
                    confirmed_at[update] = at
                    name = f"telegram:desk:{self.telegram.bot_id}:{update}"
                    self.early += database.execute("SELECT 1 FROM inbound WHERE key = ?", (name,)).fetchone() is None
                self.telegram.people.changed()
        finally:
            database.close()


async def serve() -> None:
    """Say where Telegram is; then, for each order, do it and report."""
    telegram = TelegramServer()
    await telegram.start()
    try:
        end = FarEnd(telegram)
        orders: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "furnish": end.furnish,
            "updates": end.updates,
            "cards": end.cards,
        }
        print(telegram.url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            print(json.dumps(await orders[order["do"]](order)), flush=True)
    finally:
        await telegram.stop()


if __name__ == "__main__":
    asyncio.run(serve())
