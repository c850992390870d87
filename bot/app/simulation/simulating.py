"""A scene played on a desk of its own: the real rules, real texts and a real database, in time that nobody waits for.

Channels are the ones in memory; nothing leaves the process, and the database is gone afterwards. Time runs from event
to event and then on until no promise is left to break.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from adapters.card import OutboundHome
from adapters.fake import FakeChannel
from adapters.fake_screen import Happening, reply_to
from adapters.message import Channel, Conversation, OutboundMark
from bot.app.simulation.scene import Acted, Event, Spoken
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store import alarms
from bot.store.delivery import outbox
from bot.store.delivery.told import PRIORITY
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from bot.store.reading import queue, reads
from bot.tickets.outcome import promises_owner
from bot.tickets.ticket import TicketId, number
from sla.clock import Clock
from sla.duration import Instant, instant
from sla.policy import Metric

#: A promise that is still open after so many steps is not going to be kept or broken by waiting.
MOST_STEPS: Final = 30_000
MOST_ROWS: Final = 1_000_000
END_OF_TIME: Final = Instant(2**62)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the desk said. `to` is a person of ours or the address of a client's conversation.

    `what` is reply, auto, alert, ping, card, or card_changed for a card that now reads otherwise where it stood.
    """

    at: Instant
    to: str
    channel: Channel
    what: str
    ticket: TicketId | None
    text: str
    key: str


def promised_to_clients(clocks: Iterable[Clock]) -> Iterable[Clock]:
    """The clocks of promises; how long one of us took to pick a ticket up is none."""
    return (clock for clock in clocks if clock.metric is not Metric.PICK_UP)


@dataclass(frozen=True, slots=True)
class Promised:
    """One clock as it stands in the end, with its ticket and where the client is spoken to."""

    ticket: TicketId
    conversation: Conversation
    clock: Clock


@dataclass(frozen=True, slots=True)
class Played:
    """All that was said in its order, every clock there was, and what could not happen on this desk, and why."""

    said: Sequence[Said] = ()
    promised: Sequence[Promised] = ()
    impossible: Sequence[tuple[Event, str]] = ()


async def play(document: Mapping[str, Any], events: Sequence[Event], *, until: Instant | None = None) -> Played:
    """Play events, which stand in their order, on that desk; on until no promise is left, or until that moment.

    What cannot happen (nobody of that name, no ticket in that conversation, a refusal) is left out and listed.
    """
    if not events:
        return Played()
    impossible: list[tuple[Event, str]] = []
    async with _stage(document, events[0].at) as stage:
        for event, following in zip(events, [*(one.at for one in events[1:]), until], strict=True):
            try:
                await stage.happens(event, before=following)
            except ValueError as error:
                impossible.append((event, str(error)))
        await stage.runs_out(until)
        return Played(await stage.all_said(), await stage.promised(), impossible)


@asynccontextmanager
async def _stage(document: Mapping[str, Any], start: Instant) -> "AsyncIterator[_Stage]":
    time = OwnedTime(start)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="maitred-"))
        database = await open_database(f"sqlite+aiosqlite:///{Path(folder) / 'simulated.db'}")
        stack.push_async_callback(database.close)
        await upgrade(database)
        await apply_document(database, document, at=start, by="simulation")
        channels = {one: FakeChannel(one, now=time.moment) for one in Channel}
        desk = Desk(database, channels, Timekeeper(wall=time.now))
        for fake in channels.values():
            fake.connect(desk.journal, desk.press)
        await desk.prepare(is_alone=True)
        followed = {one: stack.enter_context(fake.subscribe()) for one, fake in channels.items()}
        yield _Stage(desk, time, channels, followed)
        await desk.drain()


class _Stage:
    """The desk, the time and the channels of one scene, and what was said so far."""

    def __init__(
        self,
        desk: Desk,
        time: OwnedTime,
        channels: Mapping[Channel, FakeChannel],
        followed: Mapping[Channel, asyncio.Queue[Happening]],
    ) -> None:
        self._said: list[Said] = []
        self._acts = 0
        self._desk = desk
        self._time = time
        self._channels = channels
        self._followed = followed
        self._stepping = Stepping(desk, time)

    async def happens(self, event: Event, *, before: Instant | None) -> None:
        """One event at its moment, and what follows from it at once; no rest of a channel outlasts `before`."""
        self._stepping.rests_until = event.at
        await self._pass_until(event.at)
        self._stepping.rests_until = before
        match event:
            case Spoken():
                await self._client_speaks(event)
            case Acted():
                await self._person_acts(event)
        await self._stepping.settle()
        self._look()

    async def runs_out(self, until: Instant | None) -> None:
        """Time goes on to that moment, or as long as anything is promised."""
        self._stepping.rests_until = None
        if until is not None:
            await self._pass_until(max(until, self._time.at))
            return
        for _ in range(MOST_STEPS):
            stop = await self._stepping.next_stop()
            if stop is None or not await self._is_promised():
                return
            await self._pass_until(stop)

    async def _is_promised(self) -> bool:
        """Whether a promise may yet break, or somebody hear of one that did."""
        armed = await self._desk.database.read(lambda conn: alarms.peek(conn, now=END_OF_TIME, count=MOST_ROWS))
        return any(one.owner == promises_owner(TicketId(one.ticket_id or 0)) for one in armed)

    async def all_said(self) -> Sequence[Said]:
        """Everything, with the ticket it is about; the outbox knows that, and what it was."""
        rows = await self._desk.database.read(lambda conn: outbox.listing(conn, states=["sent"], count=MOST_ROWS))
        by_key = {row.key: row for row in rows}
        told = []
        for one in self._said:
            row = by_key.get(one.key)
            ticket = TicketId(row.ticket_id) if row is not None and row.ticket_id is not None else None
            told.append(replace(one, what=one.what or (_what(row) if row else "message"), ticket=ticket))
        return told

    async def promised(self) -> list[Promised]:
        wanted = queue.Wanted(among=queue.Among.ALL, limit=MOST_ROWS)
        listed = await self._desk.database.read(lambda conn: queue.tickets(conn, wanted))
        found = []
        for ticket in sorted(one.ticket.id for one in listed):
            page = await self._page(ticket)
            where = page.facts.talk.conversation
            found += [Promised(ticket, where, clock) for clock in promised_to_clients(page.facts.clocks)]
        return found

    async def _pass_until(self, at: Instant) -> None:
        await self._stepping.pass_until(at)
        self._look()

    async def _client_speaks(self, event: Spoken) -> None:
        sender, name = self._contact(event.sender, event.channel)
        address = event.conversation or sender
        await self._channels[event.channel].says(address, event.text, sender=sender, name=name)

    async def _person_acts(self, event: Acted) -> None:
        revision = self._desk.revisions.current
        if event.person not in revision.people:
            raise ValueError(f"nobody of yours is called {event.person!r}")
        calendar = revision.calendars[revision.people[event.person].calendar]
        ticket = await self._ticket_of(event)
        self._acts += 1
        command = event.command(now=self._time.at, calendar=calendar)
        try:
            answer = await self._desk.commands.perform(event.person, ticket, command, key=f"act-{self._acts}")
        except KeyError as error:
            raise ValueError(f"{number(ticket)} is not there yet") from error
        if answer.is_refused:
            raise ValueError(answer.text)

    async def _ticket_of(self, event: Acted) -> TicketId:
        if event.ticket is not None:
            return event.ticket
        channel, address = event.where or (Channel.BOARD, "")
        key = self._channels[channel].conversation(address).key
        found = await self._desk.database.read(lambda conn: reads.latest_ticket(conn, key))
        if found is None:
            raise ValueError(f"nothing was said in {address} on {channel} yet")
        return found

    async def _page(self, ticket: TicketId) -> reads.Page:
        now = self._time.at
        page = await self._desk.database.read(lambda conn: reads.page(conn, self._desk.revisions, ticket, now=now))
        if page is None:
            raise LookupError(f"{number(ticket)} is gone")
        return page

    def _contact(self, name: str, channel: Channel) -> tuple[str, str]:
        """The address and the name of a contact of that name; a name nobody has is an address itself."""
        clients = self._desk.revisions.current.clients.values()
        contacts = [contact for client in clients for contact in client.contacts]
        for contact in contacts:
            address = contact.addresses.get(channel)
            if address is not None and name.casefold() in {contact.name.casefold(), address.casefold()}:
                return address, contact.name
        return name, name

    def _look(self) -> None:
        """Write down what was said since the last look, in the order of its moments."""
        fresh = []
        for channel, queued in self._followed.items():
            happened = [queued.get_nowait() for _ in range(queued.qsize())]
            said = [one for one in happened if one.what in {"sent", "changed"}]
            heard = [self._heard(self._channels[channel], one) for one in said]
            fresh += [one for one in heard if one is not None]
        self._said += sorted(fresh, key=lambda one: one.at)

    def _heard(self, fake: FakeChannel, one: Happening) -> Said | None:
        """What was said; None for signs, pages and words under a card, which only repeat it."""
        message = next(shown.message for shown in fake.sent if shown.external_id == one.external_id)
        if isinstance(message, OutboundMark | OutboundHome) or reply_to(message) is not None:
            return None
        to = self._person_at(fake.channel, one.conversation.address) or one.conversation.address
        what = "card_changed" if one.what == "changed" else ""
        return Said(instant(one.at), to, fake.channel, what, None, one.text, message.key)

    def _person_at(self, channel: Channel, address: str) -> str | None:
        people = self._desk.revisions.current.people.values()
        found = (person.id for person in people if address in {person.id, person.addresses.get(channel)})
        return next(found, None)


def _what(row: outbox.Outgoing) -> str:
    """Alerts are pings that nobody may miss; they go before everything else."""
    return "alert" if row.what == "ping" and row.priority == PRIORITY["alert"] else row.what
