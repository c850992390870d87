"""The Slack adapter as tests want it: on the Slack of a test, quick, and with what a desk would keep in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.message import Identity
from adapters.slack.adapter import SlackAdapter
from adapters.slack.catching_up import Past
from adapters.slack.config import Config
from adapters.slack.markup import read
from adapters.slack.pacing import RATES, Budgets, Rate
from adapters.slack.timings import Timings
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import Payload

#: No test waits for these; they are what the pipe itself waits for.
QUICK = Timings(
    answer_within_s=60,
    connect_within_s=60,
    ping_every_s=60,
    names_within_s=60,
    retry_first_s=0.02,
    retry_longest_s=0.1,
    tick_every_s=0.05,
)
#: What a test must not wait for; tests/unit/slack/test_pacing.py has the world's.
HASTE = {method: Rate(burst=1_000, every_s=0.001, by_place=rate.by_place) for method, rate in RATES.items()}


def wall() -> datetime:
    return datetime.now(UTC)


@dataclass
class KeptFiles:
    """Files in memory, by their digest."""

    content: dict[str, bytes] = field(default_factory=dict)

    async def read(self, digest: str) -> bytes:
        if digest not in self.content:
            raise FileNotFoundError(digest)
        return self.content[digest]


async def press_again(_who: Identity) -> str:
    """What is said where Slack opened no window."""
    return "That took too long: press again."


class NoPast:
    """A desk that has heard nothing yet."""

    async def cursor(self) -> str | None:
        return None

    async def threads(self) -> Sequence[str]:
        return ()

    async def channels(self) -> Sequence[str]:
        return ()

    async def readers(self, channel: str) -> str | None:
        return None


def adapter_for(
    slack: SlackFront,
    files: KeptFiles | None = None,
    *,
    past: Past | None = None,
    api_url: str = "",
    at: Callable[[], datetime] = wall,
) -> SlackAdapter:
    """The adapter over sockets, as quick as a test wants it, at whatever time it says."""
    config = Config(slack.bot_token, app_token=slack.app_token, api_url=api_url or slack.api_url)
    return SlackAdapter(
        config,
        files or KeptFiles(),
        past or NoPast(),
        at,
        title="Maitred",
        too_late=press_again,
        timings=QUICK,
        budgets=Budgets(HASTE),
    )


def seen(message: Payload) -> str:
    """What a person reads of a message of ours: its blocks; of plain words the fallback says the same."""
    drawn = "\n".join(_read_block(block) for block in message.get("blocks", []))
    if [block["type"] for block in message.get("blocks", [])] == ["rich_text"]:
        assert read(message["text"], {}) == drawn
    return drawn


def _read_block(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "actions":
            return " ".join(f"[{element['text']['text']}]" for element in block["elements"])
        case "rich_text":
            sections = (section["elements"] for section in block["elements"])
            return "\n".join("".join(map(_read_element, section)) for section in sections)
    return str(block["text"]["text"])


def _read_element(element: Mapping[str, Any]) -> str:
    called = f"@{element['user_id']}" if "user_id" in element else ""
    return str(element.get("text") or element.get("url") or called)
