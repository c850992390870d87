"""The Slack adapter as a test of sending holds it, and what it asks of the workspace at the other end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.message import Attachment, Channel, Conversation, OutboundMessage, Untrusted
from adapters.slack.adapter import SlackAdapter
from tests.peers.slack_adapter import KeptFiles, adapter_for, seen, wall
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import Payload

VERA, LENA, ACME = "U0VERA", "U0LENA", "C0ACME"
LONG = "\n".join(f"{number}: a line of a long report" for number in range(400))


@dataclass
class Desk:
    """The adapter, the workspace, and what a test of sending asks of them; `ahead` is how much later it is."""

    slack: SlackFront
    files: KeptFiles = field(default_factory=KeptFiles)
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.adapter: SlackAdapter = adapter_for(self.slack, self.files, at=self.now)

    def now(self) -> datetime:
        return wall() + self.ahead

    def words(self, text: str, address: str = f"{TEAM}/{ACME}", **more: Any) -> OutboundMessage:  # noqa: ANN401
        return OutboundMessage("reply-1", self.at(address), text, wall(), **more)

    def at(self, address: str) -> Conversation:
        return Conversation(Channel.SLACK, "desk", address)

    async def shown(self, channel: str = ACME) -> list[Payload]:
        return [message for message in await self.slack.shown(channel) if "bot_id" in message]

    async def texts(self, channel: str = ACME) -> list[str]:
        return [seen(message) for message in await self.shown(channel)]


def a_file(desk: Desk, name: str = "report.pdf", content: bytes = b"%PDF-1.7") -> Attachment:
    digest = f"{len(desk.files.content):064x}"
    desk.files.content[digest] = content
    return Attachment(Untrusted(name), "application/pdf", len(content), digest)


def names_of_files(messages: list[Payload]) -> list[str]:
    return [file["name"] for message in messages for file in message.get("files", [])]
