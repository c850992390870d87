"""The other end of a channel, as the contract suite needs it, and what records what the desk was given."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol

from adapters.card import Outbound, OutboundCard
from adapters.errors import (
    DeliveryError,
    PermanentError,
    TemporaryError,
    UncertainError,
)
from adapters.message import Conversation, Inbound, OutboundMessage, Receipt
from adapters.port import Adapter, Answer, Cursor, Press, Raw

PATIENCE = 60
AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)


class Fault(Enum):
    """What can happen to a send; the value is the one outcome it may have."""

    HASTE = TemporaryError  # the channel tells us to come back later
    UNREACHABLE = ConnectionError  # nobody could be spoken to: TemporaryError
    REFUSED = PermanentError  # the channel will never take it
    CUT = UncertainError  # it was handed over, and the connection died

    @property
    def outcome(self) -> type[DeliveryError]:
        return TemporaryError if self is Fault.UNREACHABLE else self.value


class Peer(Protocol):
    """The other end of a channel, as the suite needs it. What a peer was told to fail, it fails once."""

    @property
    def adapter(self) -> Adapter:
        """The adapter under test, not running yet."""

    @property
    def conversation(self) -> Conversation:
        """Where the suite's contact writes and is written to."""

    async def says(self, text: str) -> str:
        """Let the contact write, without waiting for us; the answer names it for `is_acknowledged` and `redelivers`."""

    async def redelivers(self, said: str) -> None:
        """Let the channel offer it once more, as it does when it missed our acknowledgement."""

    def is_acknowledged(self, said: str) -> bool:
        """Did we tell the channel that it need not keep this any longer?"""

    async def acknowledged(self, said: str) -> None:
        """Return once it is."""

    def samples(self) -> Mapping[type[Inbound], Raw]:
        """One captured payload for every kind the channel can say, by what it becomes."""

    def unreadable(self) -> Sequence[Raw]: ...

    def unsupported(self) -> Sequence[Raw]: ...

    async def send(self, message: Outbound) -> Receipt:
        """`adapter.send`, with whatever the desk has done before it on this channel."""

    async def shown(self) -> Sequence[str]:
        """The words the other end sees in the conversation now: one text for each message of ours."""


class EditingPeer(Peer, Protocol):
    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        """`adapter.edit`, with whatever the desk has done before it on this channel."""


class CardPeer(Peer, Protocol):
    async def press(self, label: str, *, key: str) -> Answer:
        """Press the button that reads so on the newest card; the same `key` is the channel repeating itself."""


class FaultyPeer(Peer, Protocol):
    async def fail(self, fault: Fault) -> None:
        """Let the next send meet this fault."""

    async def mend(self) -> None:
        """End whatever still fails."""


@dataclass
class RecordingJournal:
    """A journal a test can hold back or break; `kept` is what it has taken."""

    kept: list[Raw] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    broken_for: int = 0
    entered: asyncio.Queue[Sequence[Raw]] = field(default_factory=asyncio.Queue)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def __call__(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        if not raws:  # a channel that only says how far it has read
            self.cursors += [] if cursor is None else [cursor]
            return
        self.entered.put_nowait(raws)
        await self.open.wait()
        if self.broken_for:
            self.broken_for -= 1
            raise OSError("disk full")
        self.kept += raws
        if cursor is not None:
            self.cursors.append(cursor)

    async def called(self) -> Sequence[Raw]:
        """Wait for the next call and see what it was given."""
        async with asyncio.timeout(PATIENCE):
            return await self.entered.get()


@dataclass
class RecordingAsk:
    """A desk that remembers every press and gives the same answer to all."""

    answer: Answer = field(default_factory=lambda: Answer("Taken."))
    presses: list[Press] = field(default_factory=list)

    async def __call__(self, press: Press) -> Answer:
        self.presses.append(press)
        return self.answer


@asynccontextmanager
async def listening(peer: Peer, journal: RecordingJournal, ask: RecordingAsk | None = None) -> AsyncIterator[None]:
    """Run the adapter for the length of the block."""
    run = asyncio.create_task(peer.adapter.run(journal, ask or RecordingAsk()))
    try:
        await until_up(peer, run)
        yield
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


async def until_up(peer: Peer, run: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not peer.adapter.health().is_up:
            assert not run.done(), f"run() ended: {run}"
            await asyncio.sleep(0)


async def soon(waiting: Awaitable[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        await waiting


def reply(peer: Peer, text: str = "We are on it.", *, key: str = "reply-1") -> OutboundMessage:
    return OutboundMessage(key, peer.conversation, text, AT, author="Vera Kova")


def bare(text: str) -> str:
    """A channel may put white space where it divides a text, and nothing else."""
    return "".join(text.split())
