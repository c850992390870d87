"""The quarter played on the real desk, in time that nobody waits for, and written down line by line.

Each of our people works through what is with them, at a pace of their own: mostly within minutes, at times too late.
What they do hangs on the conversation and on what was said, never on the order in which replicas act. With more than
one desk they share database and channels as replicas do, and may be killed in the middle of what they do.
"""

import asyncio
import heapq
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import text

from adapters.card import OutboundHome
from adapters.fake import FakeChannel
from adapters.fake_screen import Happening, reply_to
from adapters.message import Channel, OutboundMark
from bot.app.simulation.stepping import REST_MS, OwnedTime, Stepping
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.auditing import Violation, refolded, violations
from bot.store.delivery import outbox
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.tickets import command as c
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant, instant, later, moment
from tests.quarter.script import Leave, Said
from tests.quarter.transcript import Line
from tests.story_parts import StoryDatabase

T = TypeVar("T")

_TICKETS = text("""
SELECT ticket.id, ticket.status, ticket.assignee, ticket.client_spoke_at, ticket.staff_spoke_at, ticket.ladder,
conversation.key
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id WHERE ticket.id > :after ORDER BY ticket.id
""")
_ROWS = text("SELECT key, ticket_id, what, priority FROM outbox WHERE id > :after ORDER BY id")
_HEARD = text("""
SELECT message.ticket_id FROM message JOIN conversation ON conversation.id = message.conversation_id
WHERE conversation.key = :where AND message.external_id = :name
""")
_LAST = text("SELECT coalesce(max(id), 0) FROM outbox")
#: A minute of the database passes for a replica that died: what it was sending is another's to look after.
_EXPIRE = text("UPDATE outbox SET claimed_until = 0 WHERE claimed_by = :owner AND claimed_until IS NOT NULL")
_ANSWERS: Final = (
    "We are looking into it.",
    "It works again; please try.",
    "Done.",
    "This needs a setting; I made it.",
)
WORKED_ON: Final = {"new", "open"}
#: Who leads, and how long they let an alert lie that nobody else has ended: those above them are told meanwhile.
LEAD: Final = "dana"
LIES: Final = timedelta(minutes=50)
#: How often a replica dies, of all the times that all of them look.
KILLED: Final = 0.05


@dataclass(order=True, frozen=True)
class Work:
    """Somebody means to look at a ticket then."""

    at: int
    ticket: int
    person: str
    spoke_at: int
    #: "answer", "resolve" for what was answered before, or "heed": an alert about it.
    what: str = "answer"


class _Watched(StoryDatabase):
    """Counts what is written: where nothing was, nobody needs to look again."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.writes = 0

    async def write(self, change: Callable[[Connection], T]) -> T:
        self.writes += 1
        return await super().write(change)


class Player:
    """Plays what happens on one desk, or on several that are replicas of one another."""

    def __init__(
        self, database: Database, time: OwnedTime, *, replicas: int = 1, kills: random.Random | None = None
    ) -> None:
        self.lines: list[Line] = []
        self.killed = 0
        self.stands_still: list[str] = []
        self._database = database = _Watched(database)
        self._time = time
        self._kills = kills
        self._channels = {one: FakeChannel(one, now=time.moment) for one in Channel}
        self._desks = [self._new_desk() for _ in range(replicas)]
        self._todo: list[Work] = []
        self._meant: set[tuple[int, str, int, str]] = set()
        self._known: dict[int, tuple[str, str | None, bool]] = {}
        self._followed: dict[Channel, asyncio.Queue[Happening]] = {}
        self._acts = 0
        self._over = 0
        self._rows: dict[str, Any] = {}
        self._last_row = 0
        #: The moment at which everything was worked off, and how often the database had been written to by then.
        self._settled: tuple[int, int] | None = None
        #: How often it had been when our people last looked at what they have.
        self._planned: int | None = None

    async def play(
        self, events: Sequence[Said | Leave], *, until: Instant, down: tuple[datetime, datetime] | None = None
    ) -> list[Line]:
        """Play events, which stand in their order; `down` is a time in which the bot does not run."""
        with ExitStack() as stack:
            self._followed = {one: stack.enter_context(fake.subscribe()) for one, fake in self._channels.items()}
            for desk in self._desks:
                await desk.prepare(is_alone=len(self._desks) == 1)
            waiting: list[Said | Leave] = []
            for event in events:
                at = instant(event.at)
                if down is not None and instant(down[0]) <= at < instant(down[1]):
                    waiting.append(event)
                    continue
                if down is not None and at >= instant(down[1]):
                    await self._goes_down(down, waiting)
                    down = None
                await self._pass_until(at)
                await self._happens(event)
            await self._pass_until(until)
            self.stands_still = await self._audited()
            for desk in self._desks:
                await desk.drain()
        return self.lines

    async def _audited(self) -> list[str]:
        """What the auditor has to say in the end."""
        revisions = self._desks[0].revisions

        def audited(conn: Connection) -> list[Violation]:
            anew, _ = refolded(conn, revisions, after=0, count=100_000)
            return [*violations(conn, revisions, now=self._time.at), *anew]

        return [f"{one.check}: {one.subject}" for one in await self._database.read(audited)]

    # What happens

    async def _goes_down(self, down: tuple[datetime, datetime], waiting: Sequence[Said | Leave]) -> None:
        """The process ends, time goes on without it, and what was said meanwhile waits in the channels."""
        await self._pass_until(instant(down[0]))
        self._write("down")
        for desk in self._desks:
            await desk.drain()
        self._time.at = instant(down[1])
        self._write("up")
        self._desks = [self._new_desk() for _ in self._desks]
        for desk in self._desks:
            await desk.prepare(is_alone=len(self._desks) == 1)
        for event in waiting:
            await self._happens(event)
        await self._settle()

    async def _happens(self, event: Said | Leave) -> None:
        match event:
            case Said():
                await self._says(event)
            case Leave():
                slack = self._channels[Channel.SLACK]
                one = self._desks[0].revisions.current.people[PersonId(event.person)]
                lead = next(p for p in self._desks[0].revisions.current.people.values() if p.id == "dana")
                by = one.addresses.get("slack")
                words = event.words if by else event.words.replace(" ", f" for {event.person} ", 1)
                answer = await slack.command(by or lead.addresses["slack"], "desk", words)
                assert not answer.is_refused, answer.text
                self._write("leave", who=event.person, what=event.words, text=answer.text)
                for desk in self._desks:
                    await desk.refresh()
        await self._settle()

    async def _says(self, event: Said) -> None:
        """They write, and what they wrote is on a ticket."""
        place, where = len(self.lines), self._conv(event)
        self._write("said", who=event.name, where=where, text=event.text)
        raw = await self._channels[event.channel].says(event.address, event.text, name=event.name, at=event.at)
        await self._settle()
        heard = {"where": where, "name": raw.external_id}
        ticket = await self._database.read(lambda conn: conn.execute(_HEARD, heard).scalar())
        self.lines[place] = replace(self.lines[place], ticket=ticket)

    async def _pass_until(self, until: Instant) -> None:
        """Time passes, from alarm to send to what somebody means to do, whichever is first."""
        await self._settle()
        while True:
            stop = await Stepping(self._desks[0], self._time).next_stop()
            mine = Instant(self._todo[0].at) if self._todo else None
            moments = [one for one in (stop, mine) if one is not None and one <= until]
            if not moments:
                break
            self._time.at = max(self._time.at, min(moments))
            while self._todo and self._todo[0].at <= self._time.at:
                await self._works(heapq.heappop(self._todo))
            await self._settle()
        self._time.at = max(self._time.at, until)
        await self._settle()

    # What our people do

    async def _plan(self) -> None:
        """Whoever has something that waits for an answer means to look at it."""
        self._planned = self._database.writes
        found = await self._database.read(lambda conn: conn.execute(_TICKETS, {"after": self._over}).all())
        # What is done at the beginning of the list is looked at no more: it is closed for good after a while.
        self._over = next((row.id - 1 for row in found if row.status != "closed"), self._over)
        for row in found:
            waits = row.status in WORKED_ON and not _is_answered(row)
            state = (row.status, row.assignee, waits)
            if self._known.get(row.id) != state:
                self._known[row.id] = state
                what = f"{row.status}, waits" if waits else row.status
                self._write("ticket", who=row.assignee, where=row.key, ticket=row.id, what=what)
            if _is_climbing(row):
                self._mean(row, LEAD, "heed", LIES)
            if not waits or row.assignee is None:
                continue
            self._mean(row, row.assignee, "answer")

    def _mean(self, row: Any, person: str, what: str, after: timedelta | None = None) -> None:  # noqa: ANN401 - a row
        mark = (row.id, person, row.client_spoke_at, what)
        if mark in self._meant:
            return
        self._meant.add(mark)
        chance = self._chance(row, person, what)
        delay = after or timedelta(minutes=chance.choice((2, 4, 6, 8, 10, 12, 14, 25, 25, 90, 180)))
        at = max(self._time.at, self._there(person, self._time.at) or self._time.at)
        heapq.heappush(self._todo, Work(later(at, delay), row.id, person, row.client_spoke_at, what))

    async def _works(self, work: Work) -> None:
        """They look at it, and do something about it if it is theirs still and they are there."""
        found = await self._database.read(lambda conn: conn.execute(_TICKETS, {"after": work.ticket - 1}).first())
        if found is None or found.id != work.ticket:
            return
        if work.what != "heed" and found.assignee != work.person:
            return
        if found.status not in {"new", "open", "waiting_client"} or found.client_spoke_at != work.spoke_at:
            return
        there = self._there(work.person, self._time.at)
        if there is None:
            self._meant.discard((work.ticket, work.person, work.spoke_at, work.what))
            self._planned = self._settled = None
            return
        if there > self._time.at:
            heapq.heappush(self._todo, Work(there + 300_000, work.ticket, work.person, work.spoke_at, work.what))
            return
        if (work.what == "answer" and _is_answered(found)) or (work.what == "heed" and not _is_climbing(found)):
            return
        chance = self._chance(found, work.person, f"{work.what}?")
        command = self._command(found, work, chance)
        await self._does(work.person, work.ticket, command)
        if isinstance(command, c.Reply) and chance.random() < 0.8:
            self._mean(found, work.person, "resolve", timedelta(hours=chance.choice((2, 20, 26))))

    def _command(self, row: Any, work: Work, chance: random.Random) -> c.Command:  # noqa: ANN401 - a row
        if work.what == "resolve":
            return c.Resolve("All done.")
        if work.what == "heed":
            return c.Acknowledge()
        kind = chance.random()
        if kind < 0.65:
            return c.Reply(f"{chance.choice(_ANSWERS)} ({work.ticket}, {_iso(Instant(work.spoke_at))})")
        if kind < 0.75:
            return c.AskDetails(f"Which one do you mean? ({_iso(Instant(work.spoke_at))})")
        if kind < 0.87:
            return c.GiveEta(later(self._time.at, timedelta(hours=chance.choice((3, 26)))))
        return c.Resolve("It was a setting; it is changed.")

    async def _does(self, person: str, ticket: int, command: c.Command) -> None:
        self._acts += 1
        desk = self._desks[self._acts % len(self._desks)]
        answer = await desk.commands.perform(PersonId(person), TicketId(ticket), command, key=f"act-{self._acts}")
        what = type(command).__name__
        due = _iso(command.due_at) if isinstance(command, c.GiveEta) else ""
        what = f"{what} refused" if answer.is_refused else what
        self._write("act", who=person, ticket=ticket, what=what, text=due)
        await self._settle()

    def _there(self, person: str, at: Instant) -> Instant | None:
        """When somebody is there next, or `at` where they are; None while nobody knows."""
        revision = self._desks[0].revisions.current
        one = revision.people[PersonId(person)]
        return at if revision.coverage.is_on_shift(one, at) else revision.coverage.next_shift(one, at)

    def _chance(self, row: Any, person: str, what: str) -> random.Random:  # noqa: ANN401 - a row
        """The same for the same words on the same conversation, whoever acts first."""
        return random.Random(f"{row.key} {row.client_spoke_at} {person} {what}")

    # How the desks work

    def _new_desk(self) -> Desk:
        desk = Desk(self._database, self._channels, Timekeeper(wall=self._time.now))
        for fake in self._channels.values():
            fake.connect(desk.journal, desk.press)
        return desk

    async def _settle(self) -> None:
        """Work off what can be worked off now, and write down what was said."""
        is_alone = len(self._desks) == 1  # of several, any may die whenever they look
        if is_alone and self._settled == (self._time.at, self._database.writes):
            return
        while True:
            await (self._settle_alone() if is_alone else self._settle_together())
            said = len(self.lines)
            await self._look()
            if not is_alone or self._planned != self._database.writes:
                await self._plan()
            if said == len(self.lines):
                break
        self._settled = (self._time.at, self._database.writes)

    async def _settle_alone(self) -> None:
        await Stepping(self._desks[0], self._time).settle()

    async def _settle_together(self) -> None:
        """All replicas look at once, until none of them finds anything; now and then one of them dies of it."""
        while True:
            if self._kills is not None and self._kills.random() < KILLED:
                await self._kill(self._kills.randrange(len(self._desks)), self._kills)
            if not sum(await asyncio.gather(*map(_turn, self._desks))):
                return
            rows = await self._database.read(lambda conn: outbox.listing(conn, count=1_000))
            rests = [one.not_before for one in rows if self._time.at < one.not_before <= self._time.at + REST_MS]
            self._time.at = min(rests, default=self._time.at)

    async def _kill(self, place: int, chance: random.Random) -> None:
        """A replica dies somewhere in its turn, and another takes its place; the others see its claims run out."""
        desk = self._desks[place]
        turn = asyncio.create_task(_turn(desk))
        for _ in range(chance.randrange(1, 60)):
            await asyncio.sleep(0)
        dying = [turn, *(one for one in asyncio.all_tasks() if one.get_name().startswith("send "))]
        for one in dying:
            one.cancel()
        await asyncio.gather(*dying, return_exceptions=True)
        await self._database.write(lambda conn: conn.execute(_EXPIRE, {"owner": desk.sender.claims.owner}))
        self.killed += 1
        self._desks[place] = self._new_desk()
        await self._desks[place].prepare(is_alone=False)

    # What was said

    def _write(
        self,
        kind: str,
        *,
        who: str | None = "",
        where: str = "",
        ticket: int | None = None,
        what: str = "",
        text: str = "",
    ) -> None:
        self.lines.append(Line(_iso(self._time.at), kind, who or "", where, ticket, what, text))

    async def _look(self) -> None:
        fresh: list[tuple[Channel, Happening]] = []
        for channel, queued in self._followed.items():
            fresh += [(channel, queued.get_nowait()) for _ in range(queued.qsize())]
        said = [(channel, one) for channel, one in fresh if one.what in {"sent", "changed"}]
        if not said:
            return
        await self._database.read(self._read_rows)
        # In one order, whichever channel was quicker.
        for channel, one in sorted(said, key=lambda it: (it[1].at, it[1].conversation.key, it[1].text)):
            self._said(channel, one)

    def _read_rows(self, conn: Connection) -> None:
        for row in conn.execute(_ROWS, {"after": self._last_row}):
            self._rows[row.key] = row
        late = 200 if len(self._desks) > 1 else 0  # rows of others may be committed late
        self._last_row = max(0, conn.execute(_LAST).scalar_one() - late)

    def _said(self, channel: Channel, one: Happening) -> None:
        fake = self._channels[channel]
        shown = fake._screen.find(one.external_id)  # noqa: SLF001 - thousands of them: found by name, not by looking through
        if shown is None or isinstance(shown.message, OutboundMark | OutboundHome):
            return
        if reply_to(shown.message) is not None or one.what == "changed":
            return  # repeated under a card, or a card that reads otherwise where it stands: neither calls anybody
        row = self._rows.get(shown.message.key)
        where = one.conversation
        to = self._person_at(channel, where.address)
        what = row.what if row is not None else "message"
        if row is not None and what == "ping" and row.priority == 0:
            what = "alert"
        if shown.card is not None and to is None:
            to = ",".join(sorted(filter(None, (self._person_at(channel, called) for called in shown.card.mentions))))
        if what == "card" and shown.card is not None and not shown.card.mention:
            what = "quiet card"
        ticket = row.ticket_id if row is not None else None
        words = one.text.partition("\n")[0] if row is not None and row.what == "card" else one.text
        self._write("told", who=to or "", where=f"{channel}:desk:{where.address}", ticket=ticket, what=what, text=words)

    def _person_at(self, channel: Channel, address: str) -> str | None:
        people = self._desks[0].revisions.current.people.values()
        return next((one.id for one in people if address in {one.id, one.addresses.get(channel)}), None)

    def _conv(self, event: Said) -> str:
        return self._channels[event.channel].conversation(event.address).key


async def _turn(desk: Desk) -> int:
    moved = await desk.intake.once()
    moved += await desk.fetching.drain()
    moved += await desk.ticker.once()
    moved += await desk.sender.once()
    await desk.sender.drain()
    return moved


def _is_climbing(row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether people were told of it who have not said that they know."""
    return row.ladder is not None and "broken_at" in row.ladder and "quiet_since" not in row.ladder


def _is_answered(row: Any) -> bool:  # noqa: ANN401 - a row
    return row.staff_spoke_at is not None and row.staff_spoke_at >= row.client_spoke_at


def _iso(at: Instant) -> str:
    return moment(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
