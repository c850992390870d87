"""The Telegram adapter as a test of sending holds it, and what it asks of the chats at the other end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.card import Card, OutboundCard, Promise
from adapters.message import Attachment, Button, Channel, Conversation, OutboundMessage, Untrusted
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.pacing import Rates
from adapters.telegram.timings import Timings
from tests.peers.telegram_adapter import HASTE, QUICK, KeptFiles, KeptInMemory, adapter_for, wall
from tests.peers.telegram_people import Group
from tests.peers.telegram_person import Person
from tests.peers.telegram_server import TelegramServer
from tests.peers.telegram_shown import Shown

LONG = "\n".join(f"{number}: a line of a long report 👍🏽" for number in range(400))

CARD = Card(
    "T-12 · Acme · Payroll /failed",
    lines=("Lena @durov on Telegram",),
    quote=Untrusted("it <b>stops</b> at t.me/evil"),
    promises=(Promise("first response", "58 min left", "ok"),),
    buttons=(Button("ticket.take", "Take it", "T-12", "primary"), Button("ticket.eta", "Give ETA", "T-12")),
)


@dataclass
class Desk:
    """The adapter, a client, one of our people, and the client's group; `ahead` is how much later it is."""

    telegram: TelegramServer
    files: KeptFiles = field(default_factory=KeptFiles)
    kept: KeptInMemory = field(default_factory=KeptInMemory)
    rates: Rates = HASTE
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.lena: Person = self.telegram.person("Lena")
        self.vera: Person = self.telegram.person("Vera")
        for one in (self.lena, self.vera):
            one.starts()
        self.acme: Group = self.telegram.group("Acme", self.lena, self.vera)
        self.kept.clock = lambda: self.now().timestamp()
        self.adapter: TelegramAdapter = self.anew()

    def anew(self, timings: Timings = QUICK) -> TelegramAdapter:
        """The adapter of another life, with the same memory."""
        return adapter_for(self.telegram, self.files, self.kept, at=self.now, rates=self.rates, timings=timings)

    async def restarts(self, timings: Timings = QUICK) -> None:
        await self.adapter.close()
        self.adapter = self.anew(timings)

    def now(self) -> datetime:
        return wall() + self.ahead

    def at(self, where: Person | Group | str) -> Conversation:
        address = where if isinstance(where, str) else str(where.id)
        return Conversation(Channel.TELEGRAM, "desk", address)

    def words(self, text: str, where: Person | Group | str | None = None, **more: Any) -> OutboundMessage:  # noqa: ANN401
        more.setdefault("key", "reply-1")
        return OutboundMessage(conversation=self.at(where or self.lena), text=text, at=wall(), **more)

    def shown(self, where: Person | Group | None = None, topic: int | None = None) -> list[Shown]:
        """What the bot said; that it made a topic says nothing."""
        found = self.telegram.shown(where or self.lena, topic)
        return [one for one in found if one.is_of_bot and not one.kind.startswith("forum_topic")]

    def texts(self, where: Person | Group | None = None) -> list[str]:
        return [one.text for one in self.shown(where)]

    def file(self, name: str = "report.pdf", content: bytes = b"%PDF-1.7", kind: str = "application/pdf") -> Attachment:
        digest = f"{len(self.files.content):064x}"
        self.files.content[digest] = content
        return Attachment(Untrusted(name), kind, len(content), digest)

    def photo(self, name: str = "screen.png") -> Attachment:
        return self.file(name, b"\x89PNG " + name.encode(), "image/png")


def card(desk: Desk, where: object = None, *, key: str = "card-1", **more: object) -> OutboundCard:
    conversation = desk.at(desk.vera if where is None else where)  # type: ignore[arg-type]
    return OutboundCard(key, conversation, CARD, wall(), **more)  # type: ignore[arg-type]
