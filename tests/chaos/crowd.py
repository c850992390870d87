"""Everybody who uses the desk at once: clients who write, change their minds and repeat themselves, and our own people.

Each line says who said it and is said once, so that afterwards every one of them can be looked for.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from adapters.fake_payload import payload_from_inbound
from adapters.message import (
    Channel,
    Conversation,
    Identity,
    InboundDeletion,
    InboundEdit,
    InboundLine,
    InboundMessage,
    Untrusted,
)
from sla.duration import moment
from tests.chaos.driver import Driver
from tests.chaos.wire import ACCOUNT

#: Contacts the desk knows, and as many strangers as wanted.
KNOWN: Final = (
    (Channel.TELEGRAM, "1001"),
    (Channel.TELEGRAM, "1002"),
    (Channel.TELEGRAM, "1003"),
    (Channel.SLACK, "T2/U9"),
    (Channel.SLACK, "T3/U21"),
    (Channel.SLACK, "T4/U31"),
)
Place = tuple[Channel, str]


@dataclass
class Crowd:
    """What was said and done so far: `lines` by place in their order, with the words as they read now, None if gone."""

    driver: Driver
    chance: random.Random
    strangers: int = 30
    lines: dict[Place, dict[str, str | None]] = field(default_factory=lambda: defaultdict(dict))
    replies: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def turn(self) -> None:
        """One more thing happens."""
        chance = self.chance.random()
        if chance < 0.65 or not self.lines:
            self.writes(*self._anybody())
        elif chance < 0.8:
            self._corrects(*self.chance.choice(list(self.lines)))
        else:
            self._presses()

    def writes(self, channel: Channel, address: str) -> None:
        """A client says something new."""
        name = self._fresh("line")
        text = f"{name} from {address}"
        self.lines[channel, address][name] = text
        self._happens(
            InboundMessage(
                self._conversation(channel, address),
                name,
                Identity(channel, address),
                Untrusted(f"Client {address}"),
                Untrusted(text),
                moment(self.driver.now),
            ),
            name,
        )

    def _corrects(self, channel: Channel, address: str) -> None:
        mine = self.lines[channel, address]
        said = self.chance.choice([*mine][-5:])
        if mine[said] is None:
            return
        where, by, at = self._conversation(channel, address), Identity(channel, address), moment(self.driver.now)
        name = self._fresh("change")
        if self.chance.random() < 0.2:
            mine[said] = None
            self._happens(InboundDeletion(where, said, by, at), name)
        else:
            mine[said] = f"{said} as of {name}"
            self._happens(InboundEdit(where, said, by, Untrusted(mine[said] or ""), at), name)

    def _presses(self) -> None:
        side = self.driver.far_end.sides[Channel.SLACK]
        cards = [card for card in side.shown[-80:] if card.tickets]
        if not cards:
            return
        card = self.chance.choice(cards)
        key = self._fresh("press")
        action = self.chance.choice(["reply", "reply", "reply", "take", "note", "clarify", "resolve", "ack"])
        fields = {"text": f"{key} says so"} if action in {"reply", "note", "clarify"} else {}
        if action in {"reply", "clarify"}:
            self.replies[key] = fields["text"]
        side.presses(key, card.address, f"ticket.{action}", card.tickets[0], fields)

    def _happens(self, inbound: InboundLine, name: str) -> None:
        where = inbound.conversation
        self.driver.far_end.sides[where.channel].says(name, where.address, payload_from_inbound(inbound))

    def _anybody(self) -> Place:
        number = self.chance.randrange(len(KNOWN) + self.strangers)
        if number < len(KNOWN):
            return KNOWN[number]
        return (Channel.TELEGRAM, f"{5000 + number}") if number % 2 else (Channel.SLACK, f"T9/U{number}")

    @staticmethod
    def _conversation(channel: Channel, address: str) -> Conversation:
        return Conversation(channel, ACCOUNT, address)

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"
