"""The far end of the wire channels: a service that outlives the desk and remembers everything said to and by it.

It offers what was not acknowledged again and again, as real channels do, and now and then also what was. One of its
channels recognises a key it has shown; the other shows whatever comes.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.message import Channel

#: How long an empty answer is held back, in real seconds.
POLL_FOR = 0.5
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """Something the desk sent, in the order it came. `tickets` are named by the buttons of a card."""

    key: str
    address: str
    text: str
    external_id: str
    tickets: tuple[str, ...]
    is_edit: bool


@dataclass
class Side:
    """One channel as its own users see it."""

    recognises_repeats: bool
    chance: random.Random
    repeats: float = 0.0
    offered: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    pressed: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))
    shown: list[Shown] = field(default_factory=list)
    asked: int = 0
    _by_key: dict[str, str] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, external_id: str, address: str, payload: bytes) -> None:
        """Somebody wrote; it is offered until it is acknowledged."""
        said = {"id": external_id, "address": address, "payload": payload.decode()}
        self.offered[external_id] = self.waiting[external_id] = said
        self._news.set()

    def presses(self, key: str, by: str, action: str, ticket: str, fields: Mapping[str, str]) -> None:
        """One of our people pressed a button; it is asked until it is answered."""
        press = {"key": key, "by": by, "action": action, "value": ticket, "fields": dict(fields)}
        self.pressed[key] = self.unanswered[key] = press
        self._news.set()

    async def updates(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Take the acknowledgement and give what is new, waiting a moment for something to happen."""
        self.asked += 1
        for one in asked["taken"]:
            self.waiting.pop(one, None)
        if not self.waiting and not self.unanswered:
            self._news.clear()
            try:
                async with asyncio.timeout(POLL_FOR):
                    await self._news.wait()
            except TimeoutError:
                pass
        said = list(self.waiting.values())[:AT_ONCE]
        if said and self.chance.random() < self.repeats:
            said += self._some(self.offered, self.waiting)
        pressed = list(self.unanswered.values())[:AT_ONCE]
        if pressed and self.chance.random() < self.repeats:
            pressed += self._some(self.pressed, self.unanswered)
        return {"said": said, "pressed": pressed}

    def _some(self, ever: Mapping[str, dict[str, Any]], never_taken: Mapping[str, object]) -> list[dict[str, Any]]:
        """One thing that was taken before: what is new comes in its order."""
        taken = [one for name, one in ever.items() if name not in never_taken]
        return [self.chance.choice(taken)] if taken else []

    async def send(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Show a message, or change one that is shown."""
        known = self._by_key.get(asked["key"]) if self.recognises_repeats else None
        name = known or asked["replaces"] or f"shown-{len(self.shown) + 1}"
        if known is None:
            tickets = tuple(asked["tickets"])
            is_edit = asked["replaces"] is not None
            self.shown.append(Shown(asked["key"], asked["address"], asked["text"], name, tickets, is_edit))
            self._by_key[asked["key"]] = name
        return {"id": name}

    async def known(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": self._by_key.get(asked["key"])}

    async def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self.unanswered.pop(asked["key"], None)
        self.answers[asked["key"]].append((asked["text"], asked["is_refused"]))
        return {}


@dataclass(frozen=True)
class FarEnd:
    """All channels at one address."""

    address: str
    sides: Mapping[Channel, Side]

    @property
    def asked(self) -> int:
        """How often somebody asked what is new."""
        return sum(side.asked for side in self.sides.values())

    @property
    def is_heard(self) -> bool:
        """Whether everything said was acknowledged and everything pressed was answered."""
        return not any(side.waiting or side.unanswered for side in self.sides.values())


@asynccontextmanager
async def far_end(*, seed: int = 1, repeats: float = 0.0) -> AsyncIterator[FarEnd]:
    """Serve both channels on loopback until the block ends; `repeats` is how often something is offered once more."""
    chance = random.Random(seed)
    sides = {
        Channel.TELEGRAM: Side(recognises_repeats=False, chance=chance, repeats=repeats),
        Channel.SLACK: Side(recognises_repeats=True, chance=chance, repeats=repeats),
    }

    async def serve(request: web.Request) -> web.Response:
        side = sides[Channel(request.match_info["channel"])]
        calls = {"updates": side.updates, "send": side.send, "known": side.known, "answer": side.answer}
        return web.json_response(await calls[request.match_info["call"]](await request.json()))

    app = web.Application()
    app.router.add_post("/{channel}/{call}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield FarEnd(f"http://127.0.0.1:{runner.addresses[0][1]}", sides)
    finally:
        await runner.cleanup()
