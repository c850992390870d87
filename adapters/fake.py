"""The channel in memory: a whole channel without a network, for stories, for the demo and for whoever tries the desk.

It stands for any of the four: same port, same contract suite, the limits of the one it plays. On the clients' side
somebody *says*, *edits*, *presses*; on ours it shows what was sent as it reads now. It can be told to fail in each way
a real channel fails. It reads no clock and waits for nothing but what it is given, so a test owns its time.

What is said while nobody listens, while the channel is down or while the journal fails is not acknowledged: the channel
keeps it and offers it again with the next word, as real channels do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from adapters.card import Home, Outbound, OutboundCard, OutboundHome
from adapters.errors import DeliveryError, DeskAwayError, PermanentError
from adapters.fake_faults import Faults, Violation
from adapters.fake_payload import inbound_from_raw
from adapters.fake_people import People
from adapters.fake_screen import Happening, Screen, Shown, reads_the_same, reply_to
from adapters.message import Channel, Identity, Inbound, OutboundMark, OutboundMessage, Receipt, Standing, Untaken
from adapters.port import Ask, Health, Journal, Limits, Raw, Route

log = structlog.get_logger(__name__)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Guise:
    """What the fake takes over from the channel it stands for; `longest` is a message's length in characters."""

    limits: Limits
    longest: int | None = None


GUISES: Mapping[Channel, Guise] = {
    Channel.TELEGRAM: Guise(
        Limits(
            per_second=30,
            per_conversation=_SECOND,
            can_mark=True,
            has_threads=True,
            has_buttons=True,
            has_replies=True,
            has_windows=False,
        ),
        longest=4096,
    ),
    Channel.SLACK: Guise(
        Limits(
            per_conversation=_SECOND,
            recognises_repeats=True,
            can_mark=True,
            has_homes=True,
            has_threads=True,
            has_buttons=True,
        ),
        longest=40_000,
    ),
    Channel.EMAIL: Guise(
        Limits(can_edit=False, has_threads=True, has_replies=True, has_windows=False, has_letters=True)
    ),
    Channel.INAPP: Guise(Limits(recognises_repeats=True)),
}


class FakeChannel(People):
    """One channel in memory, in the guise of a real one.

    `prefix` goes before every number the channel gives out: set it per process where the journal outlives the channel.
    `adopts` lets an edit of something unknown show it anew, for a stand-in started again beside an old database.
    """

    def __init__(
        self,
        channel: Channel,
        account: str = "desk",
        *,
        now: Callable[[], datetime],
        limits: Limits | None = None,
        prefix: str = "",
        adopts: bool = False,
    ) -> None:
        self._guise = GUISES.get(channel, Guise(Limits()))
        self.limits = limits or self._guise.limits
        self.routes: Sequence[Route] = ()
        self._adopts = adopts
        self._ails = ""
        screen, faults = Screen(self._guise.longest), Faults(self.limits, now)
        super().__init__(channel, account, now=now, prefix=prefix, screen=screen, faults=faults)

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled; what waited is offered at once."""
        self.connect(journal, ask)
        try:
            await self._offer_again()
            await asyncio.Event().wait()
        finally:
            self.disconnect()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return (inbound_from_raw(raw),)

    async def send(self, message: Outbound) -> Receipt:
        if isinstance(message, OutboundCard | OutboundMessage) and message.replaces is not None:
            return await self.edit(message.replaces, message)
        if isinstance(message, OutboundMark | OutboundHome):
            return await self._put_up(message)
        if isinstance(message, OutboundMessage) and message.sent_to is not None:
            return await self._copy(message, message.sent_to)
        await self._faults.before_arrival(message.conversation)
        shown = self._recognised(message) or self._show(message, self._next_id("out"))
        self._faults.after_arrival()
        copies = message.copies if isinstance(message, OutboundMessage) else ()
        return Receipt(shown.external_id, shown.at, self._faults.untaken(copies))

    async def _copy(self, message: OutboundMessage, to: Identity) -> Receipt:
        """The same once more for somebody else: it stands where they look, and is called what the first is called."""
        there = replace(message, conversation=replace(message.conversation, address=to.address))
        await self._faults.before_arrival(there.conversation)
        first = self._screen.find_by_key(message.key)
        shown = self._show(there, self._next_id("out"))
        self._faults.after_arrival()
        return Receipt((first or shown).external_id, shown.at)

    async def edit(self, external_id: str, message: Outbound) -> Receipt:
        await self._faults.before_arrival(message.conversation)
        shown = self._screen.find(external_id)
        if shown is None and self._adopts:
            shown = self._show(message, external_id)
        if shown is None or shown.message.conversation != message.conversation:
            raise PermanentError("the channel shows no such message in this conversation")
        if not reads_the_same(shown.message, message):
            if not self.limits.can_edit:
                raise PermanentError("what was sent on this channel cannot be changed")
            shown = self._screen.change(shown, message, at=self._now())
            self._tell("changed", message.conversation, external_id, shown.text)
        self._faults.after_arrival()
        return Receipt(external_id, shown.at)

    async def _put_up(self, message: OutboundMark | OutboundHome) -> Receipt:
        """A sign or a page takes the place of the one before it; neither is a message, so it costs no rest."""
        if not (self.limits.can_mark if isinstance(message, OutboundMark) else self.limits.has_homes):
            raise PermanentError("this channel has neither signs nor pages")
        await self._faults.before_arrival(None)
        name = message.external_id if isinstance(message, OutboundMark) else "home"
        name = f"{name}/{type(message).__name__}/{message.conversation.address}"
        shown = self._screen.find(name)
        if shown is None:
            shown = self._show(message, name)
        elif not reads_the_same(shown.message, message):
            shown = self._screen.change(shown, message, at=self._now())
            self._tell("changed", message.conversation, name, shown.text)
        self._faults.after_arrival()
        return Receipt(name, shown.at)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        shown = None if self._faults.is_down else self._recognised(message)
        return Receipt(shown.external_id, shown.at) if shown else None

    def health(self) -> Health:
        if self._faults.is_down:
            return Health(is_up=False, detail="down", since=self._since)
        is_up = self._journal is not None
        return Health(is_up, self._ails or ("listening" if is_up else "nobody listens"), self._since, self._ails)

    @property
    def sent(self) -> Sequence[Shown]:
        """Everything shown, in the order it came, as it reads now."""
        return self._screen.everything()

    def shown(self, address: str) -> Sequence[Shown]:
        return self._screen.at(address)

    def messages(self, address: str) -> Sequence[Shown]:
        return tuple(shown for shown in self._screen.at(address) if isinstance(shown.message, OutboundMessage))

    def cards(self, address: str) -> Sequence[Shown]:
        """The cards that stand by themselves; what went under one is in its `thread`."""
        seen = self._screen.at(address)
        return tuple(shown for shown in seen if shown.card is not None and reply_to(shown.message) is None)

    def thread(self, external_id: str) -> Sequence[Shown]:
        """What went under a message of ours, in its order."""
        return tuple(shown for shown in self._screen.everything() if reply_to(shown.message) == external_id)

    def question(self, address: str, *, containing: str = "") -> Shown:
        """The newest message there that asks for a reply; LookupError if there is none."""
        asked = [one for one in self.messages(address) if isinstance(one.message, OutboundMessage) and one.message.asks]
        found = [one for one in asked if containing in one.text]
        if not found:
            raise LookupError(f"nothing at {address} asks for anything that contains {containing!r}")
        return found[-1]

    def standing(self, external_id: str) -> Standing | None:
        """The sign under what somebody wrote; None where there is none."""
        marks = [shown.message for shown in self._screen.everything() if isinstance(shown.message, OutboundMark)]
        return next((mark.standing for mark in marks if mark.external_id == external_id), None)

    def home(self, address: str) -> Home | None:
        """A person's own page as it reads now."""
        pages = (shown.message for shown in self._screen.at(address))
        return next((page.home for page in pages if isinstance(page, OutboundHome)), None)

    def happenings(self, address: str | None = None) -> Sequence[Happening]:
        """What happened lately, on both sides, for who comes late to a conversation."""
        return self._chronicle.recent(address)

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[Happening]]:
        """Follow the channel live for as long as the block lasts; nothing that happens within it is missed."""
        return self._chronicle.follow()

    @property
    def violations(self) -> Sequence[Violation]:
        """What came sooner than `limits` allow; a test that cares asserts that there is nothing."""
        return tuple(self._faults.violations)

    def fail_next(self, error: DeliveryError, times: int = 1) -> None:
        """Let the next sends or edits raise `error`; nothing arrives."""
        self._faults.fail_next(error, times)

    def takes_no_copies(self, *untaken: Untaken) -> None:
        """Let the next message that has these copies arrive without them."""
        self._faults.leave_untaken(untaken)

    def drop_after_sending(self, times: int = 1) -> None:
        """Let the next sends or edits arrive, and raise UncertainError all the same."""
        self._faults.cut_after_sending(times)

    def down(self) -> None:
        """Be away: sends are TemporaryError, what clients say waits."""
        self._faults.is_down = True
        self._since = self._now()

    async def up(self) -> None:
        """Come back, and offer what was said meanwhile."""
        self._faults.is_down = False
        self._since = self._now()
        await self._offer_again()

    def ails(self, trouble: str) -> None:
        """Work, and ask for somebody who mends something; empty ends it."""
        self._ails = trouble

    def slow(self, wait: Callable[[], Awaitable[object]] | None) -> None:
        """Let every send await something of the caller's on its way to the channel; None ends it."""
        self._faults.wait = wait

    async def _offer_again(self) -> None:
        try:
            await self._offer()
        except DeskAwayError as error:
            log.warning("journal away", channel=self.channel, waiting=len(self.unacknowledged), reason=str(error))
        except Exception:
            # Nobody stands here to be told; what was not kept is offered again with the next word.
            log.exception("journal failed", channel=self.channel, waiting=len(self.unacknowledged))

    def _recognised(self, message: Outbound) -> Shown | None:
        return self._screen.find_by_key(message.key) if self.limits.recognises_repeats else None

    def _show(self, message: Outbound, external_id: str) -> Shown:
        shown = self._screen.show(message, external_id, at=self._now())
        self._tell("sent", message.conversation, external_id, shown.text)
        return shown
