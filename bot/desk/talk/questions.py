"""What our people ask the desk and what it answers, at once and to them alone: `/desk` in every channel that has it.

    help · queue · ticket T-1 · who CLIENT [CHANNEL]

Nothing is changed here; whoever may ask is one of ours, which the caller has seen to.
"""

from collections.abc import Callable
from typing import Final

from adapters.message import Channel
from adapters.port import Answer
from bot.desk.calls.staff_words import card_call
from bot.store.calls.calls import next_of_tickets
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.facts import facts_of_tickets, load_of
from bot.store.people.elsewhere import unheard
from bot.store.reading import queue, reads
from bot.store.revisions import Revisions
from bot.tickets.cards import ticket_card
from bot.tickets.facts import Facts
from bot.tickets.outcome import opening_for, person_texts
from bot.tickets.people.home import more_lines, queue_line, shift_lines
from bot.tickets.people.radar import who_answers
from bot.tickets.relays import name_of
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId, ticket_id_from_number
from routing.people import Client, PersonId
from sla.duration import Instant

#: As many tickets as one answer lists.
LISTED: Final = 20
#: As many clients as a refusal names.
NAMED: Final = 10
#: So much of what somebody typed is said back.
SAID_BACK: Final = 40


class Questions:
    """Answers them; one per process."""

    def __init__(self, database: Database, revisions: Revisions, now: Callable[[], Instant]) -> None:
        self._database = database
        self._revisions = revisions
        self._now = now

    async def answer(self, by: PersonId, text: str) -> Answer:
        """The answer to what stands after `/desk`; help for what is no question of ours."""
        return await self._database.read(lambda conn: self.answered(conn, by, text))

    def answered(self, conn: Connection, by: PersonId, text: str) -> Answer:
        """The same for whoever reads the database already."""
        what, _, about = text.strip().partition(" ")
        about = about.strip()
        speak = person_texts(self._revisions.current, by)
        match what.casefold():
            case "queue":
                return self._queue(conn, by, speak)
            case "ticket":
                return self._ticket(conn, by, about, speak)
            case "who":
                return self._who(conn, about, speak)
            case _:
                return Answer(speak("desk_help"))

    async def about(self, ticket: TicketId) -> Facts | None:
        """A ticket as it stands; None where there is none of that number."""
        now = self._now()
        found = await self._database.read(lambda conn: facts_of_tickets(conn, self._revisions, [ticket], now=now))
        return found.get(ticket)

    async def unheard(self, ticket: TicketId) -> str:
        """The last words of ours on a ticket, where they failed to arrive; else empty."""
        return await self._database.read(lambda conn: unheard(conn, ticket))

    def _queue(self, conn: Connection, by: PersonId, speak: Texts) -> Answer:
        now, revision = self._now(), self._revisions.current
        wanted = queue.Wanted(assignee=by, limit=LISTED, is_awake=True)
        listed = [one.ticket.id for one in queue.tickets(conn, wanted)]
        known = facts_of_tickets(conn, self._revisions, listed, now=now, is_whole=True)
        found = [known[one] for one in listed]
        mine = [queue_line(facts, facts.ticket, by) for facts in found if facts.ticket is not None]
        mine += more_lines(queue.count(conn, wanted) - len(mine), speak)
        return Answer("\n".join([*(mine or [speak("desk_queue_empty")]), *shift_lines(revision, by, speak, now=now)]))

    def _ticket(self, conn: Connection, by: PersonId, number: str, speak: Texts) -> Answer:
        unknown = Answer(speak("refused_no_ticket", number=number[:SAID_BACK]), is_refused=True)
        try:
            ticket = ticket_id_from_number(number)
        except ValueError:
            return unknown
        page = reads.page(conn, self._revisions, ticket, now=self._now())
        if page is None or page.facts.ticket is None:
            return unknown
        words = [line.text for line in page.lines if line.direction == "in" and not line.is_deleted]
        upcoming = next_of_tickets(conn, [page.facts.ticket.id], now=self._now()).get(page.facts.ticket.id)
        call, newest = card_call(page.facts, upcoming, by), words[-1] if words else ""
        card = ticket_card(page.facts, page.facts.ticket, by, newest, is_first=False, is_whole=True, call=call)
        promises = (f"{one.label}: {one.words}" for one in card.promises)
        quote = (f"> {line}" for line in card.quote.splitlines())
        return Answer("\n".join([card.title, *card.lines, *promises, *quote]))

    def _who(self, conn: Connection, name: str, speak: Texts) -> Answer:
        revision, now = self._revisions.current, self._now()
        client, channel = _named(revision, name)
        if client is None:
            known = ", ".join(sorted(revision.clients)[:NAMED])
            return Answer(speak("refused_no_client", name=name[:SAID_BACK], known=known), is_refused=True)
        found = who_answers(revision, client, at=now, channel=channel, load=load_of(conn))
        if found.person is not None:
            rule = speak(f"rule_{found.rule}")
            return Answer(speak("desk_who", client=client.name, name=name_of(revision, found.person), rule=rule))
        opening = opening_for(revision, client, channel, now)
        said = speak.moment(opening.at, now=now) if opening is not None else "…"
        return Answer(speak("desk_who_nobody", client=client.name, opening=said))


def _named(revision: Revision, text: str) -> tuple[Client | None, str]:
    """The client of that key or name, and the channel if one stands behind it."""
    name, _, channel = text.rpartition(" ")
    words = [(text, "")]
    if channel.casefold() in {one.value for one in Channel}:
        words.append((name.strip(), channel.casefold()))
    found = ((one, where) for said, where in words for one in revision.clients.values() if _is_named(one, said))
    return next(found, (None, ""))


def _is_named(client: Client, name: str) -> bool:
    return name.casefold() in {client.id.casefold(), client.name.casefold()}
