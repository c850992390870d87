"""The port between a channel and the desk: what an adapter is given, and what it owes.

An adapter listens, keeps what it heard through `Journal`, and only then acknowledges its channel. It sends what it is
given and says exactly one of three things: a Receipt, a DeliveryError, or that it cannot tell (UncertainError). It
never retries, never decides and never touches a ticket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from adapters.card import Form, Outbound, OutboundCard
from adapters.message import Channel, Conversation, Identity, Inbound, OutboundMessage, Receipt, Vouched


@dataclass(frozen=True, slots=True)
class Raw:
    """A payload as it came. `external_id` is the channel's own name for it, the same on every redelivery.

    `lane` is the conversation's where it is plain to see: payloads of one lane are decided in the order they came.
    """

    channel: Channel
    account: str
    external_id: str
    payload: bytes
    received_at: datetime
    lane: str = ""

    @property
    def key(self) -> str:
        """What the journal is unique by."""
        return f"{self.channel}:{self.account}:{self.external_id}"


@dataclass(frozen=True, slots=True)
class Fence:
    """The right to read what only one process may read; every change of hands raises its `epoch`."""

    name: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far we have read a channel that is read in order. With a `fence` it is kept only while that is still ours.

    Where several processes move it side by side, `rests_for` keeps it from going back: `value` ends in a colon and a
    number, and a lower number counts only once nothing has come for so long. Another beginning is another count.
    """

    channel: Channel
    account: str
    value: str
    fence: Fence | None = None
    rests_for: timedelta | None = None

    def is_behind(self, value: str, rested: timedelta) -> bool:
        """Whether another process has come further, which left this value so long ago."""
        if self.rests_for is None or rested >= self.rests_for:
            return False
        (of, _, ours), (before, _, theirs) = self.value.rpartition(":"), value.rpartition(":")
        return of == before and theirs.isdecimal() and int(theirs) > int(ours)


@dataclass(frozen=True, slots=True)
class Press:
    """A button, form or command used by a person. `key` is the same when the channel repeats itself.

    `under` is the channel's name of the message that the button stands below, where there is one. `vouched`,
    `language` and `zone` are as of a message: on some channels a press is somebody's first word.
    """

    key: str
    by: Identity
    action: str
    value: str
    at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    conversation: Conversation | None = None
    under: str | None = None
    vouched: Vouched | None = None
    language: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press is answered with, at once: a sentence, a form to show, or what is wrong with which field."""

    text: str = ""
    form: Form | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False


#: Returns once the raw payloads and the channel's cursor are safe in our database. Only then may an adapter acknowledge
#: them to its channel: a crash in between costs a redelivery, which the journal recognises by key, and never a message.
#: Raises DeskAwayError when nothing can be kept now: nothing was, and nothing may be acknowledged. TurnLostError, where
#: the cursor has a fence, means the same, and that another process reads the channel by now.
Journal = Callable[[Sequence[Raw], Cursor | None], Awaitable[None]]

#: Decided and committed inside the call, keyed: the same press gives the same answer however often it comes.
Ask = Callable[[Press], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel bears: sends per second in all, the rest between two sends in one conversation.

    `recognises_repeats`: a key sent twice is shown once. `can_tell`: `reconcile` knows for certain, and None means that
    nothing arrived. `can_edit`: what it shows can be changed afterwards.
    `can_mark` and `has_homes`: it draws an OutboundMark, an OutboundHome; others are never given one. `has_threads`: a
    message may go under another one (`reply_to`), and what people write there comes back with `reply_to`.
    `has_buttons`: buttons may stand under words to a client, and who presses one is answered at once.
    `has_replies`: what people write comes with the very message it answers, not with the first of its thread.
    `has_windows`: a form opens before whoever pressed; on a channel without, the desk asks for it in words.
    `has_letters`: each thing sent stands for itself and calls its reader, so nothing is sent that does not need to.
    """

    per_second: float | None = None
    per_conversation: timedelta = timedelta(0)
    recognises_repeats: bool = False
    can_tell: bool = False
    can_edit: bool = True
    can_mark: bool = False
    has_homes: bool = False
    has_threads: bool = False
    has_buttons: bool = False
    has_replies: bool = False
    has_windows: bool = True
    has_letters: bool = False

    @property
    def never_doubles(self) -> bool:
        """Does a send in doubt end in one message, once the channel was asked and it is sent again?"""
        return self.recognises_repeats or self.can_tell


@dataclass(frozen=True, slots=True)
class Health:
    """How a channel is, in words for `/readyz` and the log.

    `trouble`: it works, and somebody has to mend something all the same.
    """

    is_up: bool
    detail: str
    since: datetime | None = None
    trouble: str = ""


#: An aiohttp handler; typed loosely because most channels serve no HTTP and need not import it.
Handler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path the channel wants served by the desk's own HTTP listener."""

    method: str
    path: str
    handler: Handler


class Turn(Protocol):
    """What only one process may do at a time: ask a bot's updates, read a mailbox. The app knows who is to."""

    def held(self) -> AbstractAsyncContextManager[Fence]:
        """Wait until it is ours, and do it inside; it is given back at the end.

        What is inside is cancelled, and TurnLostError raised, once it may be another's.
        """


class Adapter(Protocol):
    """One channel. Everything but `run` may be called while `run` is between connections."""

    @property
    def channel(self) -> Channel:
        """Which pipe this is; the desk keeps one adapter per channel and account."""

    @property
    def limits(self) -> Limits:
        """What the sender must respect."""

    @property
    def routes(self) -> Sequence[Route]:
        """What the HTTP listener serves for this channel; empty for most."""

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled. Reconnecting is this method's business, not its caller's."""

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        """Read one payload, purely. Raises UnsupportedError or MalformedError; an empty answer is legal."""

    async def send(self, message: Outbound) -> Receipt:
        """Send one thing or raise a DeliveryError. Retrying is the caller's business."""

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        """Replace what the channel shows under `external_id`. A message that already reads so is a success."""

    async def reconcile(self, message: Outbound) -> Receipt | None:
        """After an uncertain send: the receipt if the channel has the message, None if it has not or cannot tell."""

    def health(self) -> Health:
        """How the channel is right now; never waits."""


@runtime_checkable
class KnowsAccounts(Protocol):
    """An adapter that can say what became of somebody's account, also where nobody listened as it was closed."""

    async def is_closed(self, who: Identity) -> bool:
        """Whether nobody can use it any more. A TemporaryError is asked again; a PermanentError: nobody knows."""


@runtime_checkable
class KnowsGuests(Protocol):
    """An adapter whose workspace has members and others: guests, people of other workspaces, programs."""

    async def is_guest(self, who: Identity) -> bool:
        """Whether it is no member's account, and so can be nobody's of ours. Errors as of `KnowsAccounts`."""


#: Keeps the bytes of a file; gives what names them from then on (SHA-256, hex) and how many there are. Raises
#: DeskAwayError when nothing can be kept now; what the bytes themselves raise comes through.
KeepFile = Callable[[AsyncIterator[bytes]], Awaitable[tuple[str, int]]]


@runtime_checkable
class Completing(Protocol):
    """An adapter whose payloads may name files that they do not carry: it reads them as UnfinishedError first."""

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        """The payload with its files kept, which can be read then. Called after it was acknowledged.

        A TemporaryError is tried again. The last time nothing is raised: what could not be fetched says so.
        """
