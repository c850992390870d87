"""T1 and T2: how soon an update is stored and confirmed, and how soon a manager has the card of it.

Telegram is the tests' own, strict server in a process of its own; the adapter is the real one, and polls. There is no
control: the goals are ours.
"""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.message import Channel
from adapters.port import Adapter
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.config import Config
from bench.measure import percentile, tell, title, verdict
from bench.stand import sqlite_url, stand
from bot.app.channels.telegram_memory import telegram_memory
from bot.app.channels.telegram_past import StoredPast
from bot.app.turn import StoredTurn
from bot.desk.changes import Changes
from bot.desk.sending.board_channel import BoardChannel
from bot.now import wall_now
from bot.store.driver.database import Database
from bot.store.files import Files
from sla.duration import moment
from tests.builders import STORY_DESK
from tests.peers.telegram_world import TOKEN

UPDATES_RATE, UPDATES_SECONDS = 40, 20
#: Each message is answered with a receipt and shown on a card, and Telegram's outbox sends one after the other.
CARDS_RATE, CARDS_SECONDS = 5, 20
WARM_UP_S: Final = 2
MANAGERS: Final = range(900_001, 900_041)
CONTACTS: Final = range(800_001, 800_001 + CARDS_RATE * (CARDS_SECONDS + WARM_UP_S))


def _client(number: int) -> str:
    """A client with a manager of its own: Telegram takes one message a second in a chat."""
    contacts = [one for one in CONTACTS if one % len(MANAGERS) == number]
    known = ", ".join(f'{{ name = "Contact {one}", telegram = {one} }}' for one in contacts)
    return f"""
[people.m{number}]
name = "Manager {number}"
roles = ["manager"]
calendar = "office"
identities = {{ telegram = {MANAGERS[number]} }}
[clients.c{number}]
name = "Client {number}"
plan = "premium"
manager = "m{number}"
contacts = [{known}]
"""


DESK = STORY_DESK + "".join(_client(number) for number in range(len(MANAGERS)))


@dataclass(slots=True)
class _Telegram:
    process: Process
    api_url: str

    async def do(self, what: str, **order: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever an order needs
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        people = {"managers": list(MANAGERS), "contacts": list(CONTACTS)}
        self.process.stdin.write(json.dumps({"do": what, **people, **order}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return answer


class _NoFiles:
    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


async def confirmations() -> None:
    """T1."""
    title("T1 Telegram's update stored and confirmed at 40/s", "p99 500 ms, none before its commit, each once")
    with sqlite_url() as url:
        file = url.removeprefix("sqlite+aiosqlite:///")
        async with _working(url) as (telegram, database):
            await telegram.do("updates", rate=UPDATES_RATE, count=UPDATES_RATE * WARM_UP_S, file=file)
            wall, cpu = time.perf_counter(), time.process_time()
            answer = await telegram.do("updates", rate=UPDATES_RATE, count=UPDATES_RATE * UPDATES_SECONDS, file=file)
            share = (time.process_time() - cpu) / (time.perf_counter() - wall)
            names = "SELECT external_id FROM inbound"
            kept = await database.read(lambda conn: [name for (name,) in conn.exec_driver_sql(names)])
    took, wanted = [seconds * 1000 for seconds in answer["took_s"]], set(answer["names"])
    _tell("update to confirmation", took)
    tell("our share of one core meanwhile", f"{share:.0%}")
    verdict(
        ("p99 500 ms", percentile(took, 0.99) < 500),
        ("none confirmed before its commit", answer["early"] == 0),
        ("all kept, once", sum(name in wanted for name in kept) == len(wanted) == UPDATES_RATE * UPDATES_SECONDS),
    )


async def cards() -> None:
    """T2."""
    title("T2 Telegram message to the manager's card taken by the API at 5/s", "p99 250 ms")
    with sqlite_url() as url:
        async with _working(url) as (telegram, _):
            await telegram.do("cards", rate=CARDS_RATE, count=CARDS_RATE * WARM_UP_S)
            answer = await telegram.do("cards", rate=CARDS_RATE, count=CARDS_RATE * CARDS_SECONDS)
    took = [seconds * 1000 for seconds in answer["took_s"]]
    is_whole = len(took) == CARDS_RATE * CARDS_SECONDS
    if not is_whole:
        tell("cards that did not come in 20 s", CARDS_RATE * CARDS_SECONDS - len(took))
    if took:
        _tell("message to card taken", took)
    verdict(("p99 250 ms", is_whole and percentile(took, 0.99) < 250))


@asynccontextmanager
async def _working(url: str) -> AsyncIterator[tuple[_Telegram, Database]]:
    """The desk at work, its Telegram in another process, everybody at their place."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.telegram_far_end", stdin=PIPE, stdout=PIPE, limit=2**24
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        telegram = _Telegram(process, (await process.stdout.readline()).decode().strip())
        await telegram.do("furnish")
        channels: dict[Channel, Adapter] = {Channel.BOARD: BoardChannel(Changes(), lambda: moment(wall_now()))}
        async with stand(url, channels, desk=DESK) as ours:
            adapter = TelegramAdapter(
                Config(TOKEN, api_url=telegram.api_url),
                _NoFiles(),
                telegram_memory(ours.desk, Files(Path("no files")), "of-the-bench-only"),
                lambda: moment(wall_now()),
                say=lambda name, _language: name,
                turn=StoredTurn(ours.database, "telegram:bench"),
                past=StoredPast(ours.desk),
            )
            channels[Channel.TELEGRAM] = adapter
            loops = [
                asyncio.create_task(adapter.run(ours.desk.journal, ours.desk.press)),
                asyncio.create_task(ours.desk.run()),
            ]
            yield telegram, ours.database
            for loop in reversed(loops):
                loop.cancel()
            await asyncio.wait(loops)
            await adapter.close()
    finally:
        process.stdin.close()
        await process.wait()


def _tell(what: str, ms: Sequence[float]) -> None:
    tell(what, f"p50 {percentile(ms, 0.5):.1f} ms, p99 {percentile(ms, 0.99):.1f} ms, worst {max(ms):.0f} ms")
