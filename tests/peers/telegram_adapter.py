"""The Telegram adapter as tests want it: on the Telegram of a test, quick, with what a desk would keep in memory."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.errors import DeskAwayError
from adapters.message import Button, Conversation
from adapters.port import Fence
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.config import Config
from adapters.telegram.memory import Kept, KnownTopic, Memory
from adapters.telegram.pacing import Budgets, Rates
from adapters.telegram.timings import Timings
from tests.peers.telegram_server import TelegramServer

QUICK = Timings(
    poll_for_s=1, answer_margin_s=60, retry_first_s=0.02, retry_longest_s=0.1, conflict_s=0.1, files_within_s=60
)
#: What a test must not wait for; tests/unit/telegram/test_pacing.py has the world's.
HASTE = Rates(in_a_second=10_000, chat_every_s=0, chat_rest_s=0, in_a_minute=10_000, edits_in_a_minute=10_000)
WORDS = {
    "press_unknown": "This button does nothing any more.",
    "press_elsewhere": "This button belongs to another chat.",
    "press_again": "The desk is away; your press is kept.",
    "mark_failed": "This did not arrive.",
    "mark_uncertain": "Nobody knows whether this arrived.",
}


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


@dataclass
class KeptInMemory:
    """Buttons, parts, topics, files and paces; `is_away` makes it a desk that can neither keep nor look up anything."""

    named: dict[str, Kept] = field(default_factory=dict)
    taken_parts: dict[str, dict[int, str]] = field(default_factory=dict)
    topics: dict[tuple[str, str], KnownTopic] = field(default_factory=dict)
    fetched: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: What was said lately in groups, by a clock of the test's, and until when Telegram wants quiet.
    spoken: dict[int, list[float]] = field(default_factory=dict)
    quiet_until: dict[int, float] = field(default_factory=dict)
    clock: Callable[[], float] = field(default=lambda: wall().timestamp())
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    is_away: bool = False

    @property
    def memory(self) -> Memory:
        return Memory(_Buttons(self), _Parts(self), _Topics(self), _Fetched(self), _Paces(self))

    def check(self) -> None:
        if self.is_away:
            raise DeskAwayError("the database is away")


class _Buttons:
    def __init__(self, kept: KeptInMemory) -> None:
        self._kept = kept

    async def keep(self, conversation: Conversation, buttons: Sequence[Button]) -> Sequence[str]:
        self._kept.check()
        wanted = [Kept(conversation, one.action, one.value) for one in buttons]
        known = {kept: name for name, kept in self._kept.named.items()}
        names = [known.get(one) or f"button-{next(self._kept.numbers):017}" for one in wanted]
        self._kept.named |= dict(zip(names, wanted, strict=True))
        return names

    async def find(self, name: str) -> Kept | None:
        self._kept.check()
        if not (name.isascii() and name.isprintable()):
            raise ValueError("PostgreSQL bears no NUL, and no store half a letter")
        return self._kept.named.get(name)


class _Parts:
    def __init__(self, kept: KeptInMemory) -> None:
        self._kept = kept

    async def taken(self, key: str) -> Mapping[int, str]:
        self._kept.check()
        return dict(self._kept.taken_parts.get(key, {}))

    async def take(self, key: str, parts: Mapping[int, str]) -> None:
        self._kept.check()
        self._kept.taken_parts.setdefault(key, {}).update(parts)

    async def beside(self, external_id: str) -> tuple[str, Mapping[int, str]] | None:
        self._kept.check()
        found = (one for one in self._kept.taken_parts.items() if external_id in one[1].values())
        return next(((key, dict(parts)) for key, parts in found), None)


class _Topics:
    def __init__(self, kept: KeptInMemory) -> None:
        self._kept = kept

    async def find(self, place: str, key: str) -> KnownTopic | None:
        self._kept.check()
        return self._kept.topics.get((place, key))

    async def keep(self, place: str, key: str, topic: KnownTopic) -> None:
        self._kept.check()
        self._kept.topics[place, key] = topic


class _Fetched:
    def __init__(self, kept: KeptInMemory) -> None:
        self._kept = kept

    async def find(self, mark: str) -> tuple[str, int] | None:
        self._kept.check()
        return self._kept.fetched.get(mark)

    async def keep(self, mark: str, digest: str, size: int) -> None:
        self._kept.check()
        self._kept.fetched[mark] = (digest, size)


class _Paces:
    def __init__(self, kept: KeptInMemory) -> None:
        self._kept = kept

    async def claim(self, chat: int, *, count: int, most: int, within_s: float) -> float:
        self._kept.check()
        at = self._kept.clock()
        lately = [one for one in self._kept.spoken.get(chat, []) if one + within_s > at]
        over = len(lately) + min(count, most) - most
        ready_at = max(at, self._kept.quiet_until.get(chat, at), lately[over - 1] + within_s if over > 0 else at)
        self._kept.spoken[chat] = lately + [at] * (count if ready_at == at else 0)
        return ready_at - at

    async def hold(self, chat: int, for_s: float) -> None:
        self._kept.check()
        self._kept.quiet_until[chat] = self._kept.clock() + for_s

    async def held(self) -> Mapping[int, float]:
        self._kept.check()
        at = self._kept.clock()
        return {chat: until - at for chat, until in self._kept.quiet_until.items() if until > at}


class AlwaysOurs:
    """Nobody else reads the updates."""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Fence]:
        yield Fence("telegram", 1)


class NoPast:
    """A desk that has heard nothing yet."""

    async def last_read(self) -> tuple[str, datetime] | None:
        return None

    async def name(self) -> str | None:
        return None

    async def keep_name(self, name: str) -> None:
        """Nobody asks for it again."""

    async def came(self, keys: Collection[str]) -> set[str]:
        return set()

    async def holes(self) -> Collection[str]:
        return ()

    async def keep_hole(self, hole: str) -> None:
        """Nobody asks for it again."""

    async def forget_holes(self, holes: Collection[str]) -> None:
        """None is kept."""

    async def menus(self) -> Collection[str]:
        return ()

    async def keep_menus(self, names: Collection[str]) -> None:
        """Nobody asks for them again."""


def adapter_for(
    telegram: TelegramServer,
    files: KeptFiles | None = None,
    kept: KeptInMemory | None = None,
    *,
    api_url: str = "",
    at: Callable[[], datetime] = wall,
    rates: Rates = HASTE,
    memory: Memory | None = None,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    timings: Timings = QUICK,
) -> TelegramAdapter:
    """The adapter that asks for its updates, as quick as a test wants it, at whatever time it says."""
    kept = kept or KeptInMemory(clock=lambda: at().timestamp())
    return TelegramAdapter(
        Config(telegram.token, api_url=api_url or telegram.url),
        files or KeptFiles(),
        memory or kept.memory,
        at,
        say=lambda name, language: WORDS[name] if language in {None, "en"} else f"{WORDS[name]} ({language})",
        turn=AlwaysOurs(),
        past=NoPast(),
        timings=timings,
        budgets=Budgets(rates),
        rest=rest,
    )
