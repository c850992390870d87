"""The story harness: the whole desk on a real database, fake channels, and a clock that the story owns.

A story says what people do (`receives`, `does`, `presses`), lets time pass (`fast_forward`) and then says what must
have been seen (`expect_*`) and, last of all, that nothing else was (`expect_quiet`). Time never passes by itself: each
step is worked off to its end before the next line of the story, alarm by alarm in the order of their moments.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.card import OutboundCard, OutboundHome
from adapters.fake_screen import reply_to
from adapters.message import Channel, Identity, OutboundMark
from adapters.port import Answer, Cursor, Raw
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store import journal
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Outgoing
from bot.store.driver.database import Database
from bot.store.reading import reads
from bot.tickets.command import Command
from bot.tickets.facts import Line
from bot.tickets.ticket import Ticket, TicketId
from routing.people import PersonId
from sla.clock import Clock
from sla.duration import instant, later
from tests.story_parts import StoryChannel, StoryDatabase

#: A Tuesday, 12:00 at +03:00: everybody of the built desk is on shift.
NOON = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ALL_CHANNELS = tuple(Channel)


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that appeared in front of somebody. `is_edit` marks a card that changed quietly where it stood.

    `is_quiet` marks words that went under a card, which call nobody.
    """

    channel: Channel
    address: str
    text: str
    is_card: bool
    is_edit: bool
    is_mention: bool
    is_quiet: bool = False


@dataclass
class Story:
    """A desk that a story happens to."""

    desk: Desk
    time: OwnedTime
    database: StoryDatabase
    channels: Mapping[Channel, StoryChannel]
    #: Where our own people work in this story.
    works_on: Channel = Channel.SLACK
    #: Where contacts write and are answered, where the story names no channel.
    speaks_on: Channel = Channel.TELEGRAM
    _looked: dict[Channel, int] = field(default_factory=dict)
    _unexpected: list[Seen] = field(default_factory=list)
    _acts: int = 0

    # What happens

    async def receives(
        self,
        channel: Channel | None = None,
        *,
        sender: str,
        text: str,
        address: str | None = None,
        **more: Any,  # noqa: ANN401 - whatever the channel in memory can say
    ) -> str:
        """Somebody writes (by name, or by an address nobody knows); gives the message's own id."""
        raw = await self._says(channel or self.speaks_on, sender=sender, text=text, address=address, **more)
        await self.settle()
        return raw.external_id

    async def arrives(
        self,
        channel: Channel | None = None,
        *,
        sender: str,
        text: str,
        address: str | None = None,
        **more: Any,  # noqa: ANN401 - whatever the channel in memory can say
    ) -> Raw:
        """The same, but only kept, as what waits behind others in its lane is: nothing is decided yet."""
        channel = channel or self.speaks_on
        one = self.channels[channel]
        one.connect(self._only_keep, self.desk.press)
        try:
            return await self._says(channel, sender=sender, text=text, address=address, **more)
        finally:
            one.connect(self.desk.journal, self.desk.press)

    async def edits(self, sender: str, name: str, text: str | None) -> None:
        """A contact gives a message on Telegram new words, or takes it back."""
        telegram, own = self.channels[Channel.TELEGRAM], self._address(sender, Channel.TELEGRAM)
        await (telegram.deletes(own, name) if text is None else telegram.edits(own, name, text))
        await self.settle()

    async def writes(
        self,
        person: str,
        text: str,
        *,
        under: str | None = None,
        address: str | None = None,
        **more: Any,  # noqa: ANN401 - whatever the channel in memory can say
    ) -> str:
        """One of our people writes where they work: to the desk alone, or at `address`; under a message if named."""
        own = self._address(person, self.works_on)
        raw = await self.own.says(address or own, text, sender=own, name=person.title(), reply_to=under, **more)
        await self.settle()
        return raw.external_id

    @property
    def own(self) -> StoryChannel:
        """The channel that our own people work on."""
        return self.channels[self.works_on]

    async def rewords(self, person: str, written: str, text: str | None, *, address: str | None = None) -> None:
        """One of our people gives a message other words, or takes it back."""
        own = self._address(person, self.works_on)
        where = address or own
        await (
            self.own.deletes(where, written, sender=own)
            if text is None
            else self.own.edits(where, written, text, sender=own)
        )
        await self.settle()

    async def replies(self, person: str, text: str, *, containing: str = "", **more: Any) -> str:  # noqa: ANN401 - as `writes`
        """One of our people answers the newest question in front of them, or of those with these words."""
        asked = self.own.question(more.get("address") or self._address(person, self.works_on), containing=containing)
        return await self.writes(person, text, under=asked.external_id, **more)

    async def chooses(self, person: str, button: str, *, address: str | None = None, key: str | None = None) -> Answer:
        """One of our people presses a button where there is no form to fill in, or below a question."""
        own = self._address(person, self.works_on)
        answer = await self.own.press(address or own, button, by=own, key=key)
        await self.settle()
        return answer

    def card(self, person: str, *, containing: str = "") -> str:
        """The name of the newest card in front of a person where they work, or at an address there."""
        cards = self.own.cards(self._address(person, self.works_on))
        found = [one.external_id for one in cards if containing in one.text and reply_to(one.message) is None]
        assert found, f"no card for {person} contains {containing!r}"
        return found[-1]

    async def does(self, person: str, command: Command, *, ticket: int = 1, key: str | None = None) -> Answer:
        """One of our people does something to a ticket, from wherever they are."""
        self._acts += 1
        answer = await self.desk.commands.perform(
            PersonId(person), TicketId(ticket), command, key=key or f"story-{self._acts}"
        )
        await self.settle()
        return answer

    async def presses(self, person: str, button: str, **fields: str) -> Answer:
        """A person presses a button on the newest card they see that has it, and fills in the form if one opens."""
        answer = await self.own.press(self._address(person, self.works_on), button)
        if answer.form is not None:
            answer = await self.own.submit(self._address(person, self.works_on), fields)
        await self.settle()
        return answer

    async def apply(self, document: Mapping[str, Any]) -> None:
        """An admin puts another desk in force."""
        await self.apply_unseen(document)
        await self.desk.refresh()
        await self.desk.recount()

    async def apply_unseen(self, document: Mapping[str, Any]) -> None:
        """The same, and the process that runs has not noticed yet."""
        await apply_document(self.database, document, at=self.time.at, by="story")

    async def dies(self) -> None:
        """The process is killed right here, and a new one starts on the same database and the same channels."""
        await asyncio.sleep(0)  # what was started begins
        for task in asyncio.all_tasks():
            if task.get_name().startswith("send "):
                task.cancel()
        self.desk = new_desk(self.database, self.channels, self.time)
        await self.desk.prepare(is_alone=True)

    async def fast_forward(self, **length: float) -> None:
        """Let time pass, stopping at every alarm and every postponed send on the way."""
        await self._stepping.pass_until(later(self.time.at, timedelta(**length)))

    async def go_to(self, at: datetime) -> None:
        """Let time pass until a moment, as `fast_forward`."""
        await self.fast_forward(milliseconds=instant(at) - self.time.at)

    async def sleep_until(self, at: datetime) -> None:
        """The process was down or the machine asleep: time jumps, and only then anything is noticed."""
        self.time.at = instant(at)
        await self.settle()

    async def settle(self) -> None:
        """Work off everything that can be worked off at this moment."""
        await self._stepping.settle()

    async def ends(self) -> None:
        """The last process of the story finishes what it began."""
        await self.desk.drain()

    # What was seen

    def expect_message(self, contact: str, channel: Channel | None = None, *, containing: str) -> str:
        """Exactly one new message stands in front of a contact that contains this; returns its whole text."""
        channel = channel or self.speaks_on
        address = self._address(contact, channel)
        return self._taken(
            f"a message to {contact} on {channel}",
            containing,
            lambda seen: seen.channel is channel and seen.address == address and not seen.is_card,
        )

    def expect_card(self, person: str, *, containing: str) -> str:
        """A card appeared in front of one of our people for the first time."""
        return self._staff(person, f"a new card for {person}", containing, is_edit=False)

    def expect_edit(self, person: str, *, containing: str) -> str:
        """A card of theirs changed quietly; the latest wording counts, the ones before it are taken with it."""
        text = self._staff(person, f"a changed card for {person}", containing, is_edit=True)
        address = self._address(person, self.works_on)
        self._unexpected = [one for one in self._unexpected if not (one.is_edit and one.address == address)]
        return text

    def expect_ping(self, person: str, *, containing: str) -> str:
        """A message of its own, with a mention."""
        return self._staff(person, f"a ping for {person}", containing, is_edit=False)

    expect_alert = expect_ping

    def expect_under(self, person: str, *, containing: str) -> str:
        """Words went under a card of a person, or of an address, quietly."""
        address = self._address(person, self.works_on)
        return self._taken(
            f"words under a card of {person}", containing, lambda seen: seen.is_quiet and seen.address == address
        )

    def expect_in(self, place: str, *, containing: str) -> str:
        """A card or an alert appeared in a place that our people share."""
        return self._taken(
            f"something in {place}",
            containing,
            lambda seen: seen.address == place and seen.is_card and not (seen.is_edit or seen.is_quiet),
        )

    def mentions(self, person: str, *, containing: str) -> bool:
        """Whether what they see with these words, and have not been expected to see yet, calls their name."""
        self._look()
        addresses = {self._address(person, channel) for channel in self.channels} | {person}
        return any(one.is_mention for one in self._unexpected if one.address in addresses and containing in one.text)

    def seen(self, person: str) -> list[Seen]:
        """What one of our people has seen and nobody has expected yet; it stays to be expected."""
        self._look()
        addresses = {self._address(person, channel) for channel in self.channels} | {person}
        return [one for one in self._unexpected if one.address in addresses]

    def expect_nothing(self, name: str, channel: Channel | None = None) -> None:
        """Nothing new stands in front of this person or contact; what others saw stays to be expected."""
        channel = channel or self.speaks_on
        self._look()
        address = self._address(name, channel)
        seen = [
            one
            for one in self._unexpected
            if one.channel is channel and one.address == address and not (one.is_edit or one.is_quiet)
        ]
        assert not seen, f"{name} was told:\n" + "\n".join(map(str, seen))

    def expect_quiet(self) -> None:
        """Nothing else appeared in front of anybody. Quiet changes of a card are no noise."""
        self._look()
        noise = [one for one in self._unexpected if not (one.is_edit or one.is_quiet)]
        self._unexpected.clear()
        assert not noise, "somebody was told more than the story expects:\n" + "\n".join(map(str, noise))

    def forget(self) -> None:
        """What was seen so far is not this story's business."""
        self._look()
        self._unexpected.clear()

    async def ticket(self, number: int = 1) -> Ticket:
        """A ticket as it stands."""
        ticket = (await self.page(number)).facts.ticket
        assert ticket is not None
        return ticket

    async def clock(self, metric: str, number: int = 1) -> Clock:
        """The latest clock of a metric on a ticket."""
        clocks = [one for one in (await self.page(number)).facts.clocks if one.metric == metric]
        assert clocks, f"T-{number} has no clock for {metric}"
        return max(clocks, key=lambda one: one.started_at)

    async def lines(self, number: int = 1) -> Sequence[Line]:
        """The transcript of a ticket."""
        return (await self.page(number)).lines

    async def events(self, number: int = 1) -> list[str]:
        """What happened to a ticket, in one word each."""
        return [event.what for event in (await self.page(number)).events]

    async def page(self, number: int = 1) -> reads.Page:
        """A ticket with everything around it."""
        page = await self.database.read(
            lambda conn: reads.page(conn, self.desk.revisions, TicketId(number), now=self.time.at)
        )
        assert page is not None, f"there is no T-{number}"
        return page

    async def outbox(self, state: str) -> Sequence[Outgoing]:
        """The rows of the outbox in a state, newest first."""
        return await self.database.read(lambda conn: outbox.listing(conn, states=[state], count=1_000))

    async def inbox(self, state: str) -> Sequence[journal.Kept]:
        """The payloads of the journal in a state, newest first."""
        return await self.database.read(lambda conn: journal.listing(conn, states=[state], count=1_000))

    async def is_there(self, number: int) -> bool:
        """Whether a ticket of that number exists."""
        page = await self.database.read(
            lambda conn: reads.page(conn, self.desk.revisions, TicketId(number), now=self.time.at)
        )
        return page is not None

    async def _says(
        self,
        channel: Channel,
        *,
        sender: str,
        text: str,
        address: str | None,
        **more: Any,  # noqa: ANN401 - whatever the channel in memory can say
    ) -> Raw:
        own = self._address(sender, channel)
        return await self.channels[channel].says(address or own, text, sender=own, name=sender.title(), **more)

    async def _only_keep(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        delivery = (raws, cursor, self.time.at)
        await self.database.write(lambda conn: journal.keep(conn, [delivery]))

    def _address(self, name: str, channel: Channel) -> str:
        """A person's or contact's address on a channel; a name nobody has is an address itself."""
        revision = self.desk.revisions.current
        if (person := revision.person(PersonId(name))) is not None:
            return person.addresses.get(channel, name)
        contacts = [contact for client in revision.clients.values() for contact in client.contacts]
        found = next((contact for contact in contacts if contact.name.casefold() == name), None)
        return found.addresses.get(channel, name) if found else name

    def identity(self, name: str, channel: Channel) -> Identity:
        """Who somebody is on a channel."""
        return Identity(channel, self._address(name, channel))

    def _staff(self, person: str, what: str, containing: str, *, is_edit: bool) -> str:
        addresses = {self._address(person, channel) for channel in self.channels} | {person}
        return self._taken(
            what,
            containing,
            lambda seen: seen.address in addresses and seen.is_card and seen.is_edit is is_edit and not seen.is_quiet,
        )

    def _taken(self, what: str, containing: str, fits: Callable[[Seen], bool]) -> str:
        self._look()
        found = [one for one in self._unexpected if fits(one) and containing in one.text]
        seen = "\n".join(map(str, self._unexpected)) or "nothing"
        assert found, f"expected {what} containing {containing!r}; seen:\n{seen}"
        if not found[0].is_edit:
            assert len(found) == 1, f"expected one {what} containing {containing!r}; seen:\n{seen}"
        taken = found[-1]
        self._unexpected.remove(taken)
        return taken.text

    def _look(self) -> None:
        for channel, fake in self.channels.items():
            happenings = fake.happenings()
            for one in happenings[self._looked.get(channel, 0) :]:
                if one.by or one.what == "noticed":
                    continue
                shown = next((seen for seen in fake.sent if seen.external_id == one.external_id), None)
                if shown is not None and isinstance(shown.message, OutboundMark | OutboundHome):
                    continue
                card = shown.message if shown is not None and isinstance(shown.message, OutboundCard) else None
                self._unexpected.append(
                    Seen(
                        channel,
                        one.conversation.address,
                        one.text,
                        card is not None,
                        one.what == "changed",
                        card is not None and (card.card.mention or bool(card.card.mentions)),
                        card is not None and card.reply_to is not None,
                    )
                )
            self._looked[channel] = len(happenings)

    @property
    def _stepping(self) -> Stepping:
        """A story may get another desk, as after a kill."""
        return Stepping(self.desk, self.time)


def new_desk(database: Database, channels: Mapping[Channel, StoryChannel], time: OwnedTime, *, page: str = "") -> Desk:
    """A desk on this database that listens to these channels; `page` is where its pages are seen."""
    desk = Desk(database, channels, Timekeeper(wall=time.now), page=page)
    for fake in channels.values():
        fake.connect(desk.journal, desk.press)
    return desk
