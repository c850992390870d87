"""The door to calls for pages, the widget, the board and the terminal: each question one look, each wish one commit.

    offered ──> book | move | cancel | ask_lead ──> said        newest, listed, of_ticket, by_uid: what there is

A wish carries a key; the same key gives the same outcome and does nothing again. What is done is said in the
conversation as well, and to whoever it is with.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.message import Invite
from bot.desk.calls import whose
from bot.desk.calls.call_file import call_of_file
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.offer import ON_A_PAGE, Offer, offer_of
from bot.desk.calls.offering import BOOK
from bot.desk.changes import Changes, Nudge
from bot.desk.directory import Directory
from bot.store.calls import calls
from bot.store.calls.call_list import Listed, listed
from bot.store.calls.call_offers import Asker, Offered, asker_from_text, facts_of_asker
from bot.store.channels import presses
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.people import tokens
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.calls.invite import invite_of
from bot.tickets.facts import Facts
from bot.tickets.outcome import contact_texts, first_name
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant

#: A wish of a contact: what is to be done with the facts of their conversation.
_Wish = Callable[[Connection, Facts], Outcome]


@dataclass(frozen=True, slots=True)
class _Wanted:
    asker: Asker
    key: str
    wish: _Wish


class CallDesk:
    """One per process."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        page: str = "",
        done: Changes,
        woken: Sequence[Nudge] = (),
    ) -> None:
        """`page` is where our pages are seen from outside."""
        self.life = CallLife(directory, page)
        self._database = database
        self._committer = committer
        self._revisions = revisions
        self._now = now
        self._done = done
        self._woken = woken

    async def asker_of(self, token: str) -> Asker | None:
        """Whose link that is; None once it is over, or for none of ours."""
        now = self._now()
        subject = await self._database.read(lambda conn: tokens.subject_of(conn, token, purpose=BOOK, now=now))
        return asker_from_text(subject) if subject is not None else None

    async def offered(self, asker: Asker, *, kind: str = "", count: int = ON_A_PAGE, call: str = "") -> Offer:
        """What there is for this contact now; `call` is the key of the one asked about, else that at hand."""
        now = self._now()

        def look(conn: Connection) -> Offer:
            facts = facts_of_asker(conn, self._revisions, asker, now=now, is_reading=True)
            if facts is None:
                return self._none()
            theirs = whose.ahead(conn, facts)
            found = self._found(conn, facts, call)
            on = whose.about(conn, self._revisions, facts, found, is_reading=True) if found is not None else facts
            others = [one for one in theirs if found is None or one.key != found.key]
            return offer_of(conn, self.life, on, kind, count, found, others)

        return await self._database.read(look)

    async def theirs(self, asker: Asker) -> list[Call]:
        """The calls of this contact that are still to be held: the one at hand first, then the others by their time."""
        now = self._now()

        def look(conn: Connection) -> list[Call]:
            facts = facts_of_asker(conn, self._revisions, asker, now=now, is_reading=True)
            if facts is None:
                return []
            here = whose.at_hand(conn, facts)
            return sorted(whose.ahead(conn, facts), key=lambda one: here is None or one.key != here.key)

        return await self._database.read(look)

    async def book(self, asker: Asker, *, kind: str, person: PersonId, begins_at: Instant, key: str) -> Outcome:
        """Book a time, or ask for it where its person accepts each."""
        time = Offered(person, begins_at)
        return await self._perform(asker, key, lambda conn, facts: self.life.book(conn, facts, kind, time))

    async def ask_lead(self, asker: Asker, *, kind: str, person: PersonId, begins_at: Instant, key: str) -> Outcome:
        """Ask a lead for a time that the notice, or what was bought, does not allow; held until they say."""
        time = Offered(person, begins_at)
        return await self._perform(
            asker, key, lambda conn, facts: self.life.book(conn, facts, kind, time, wants_leave=True)
        )

    async def move(self, asker: Asker, *, begins_at: Instant, key: str, call: str = "") -> Outcome:
        """Hold the call that they have at another time, with the same person; `call` is its key, else that at hand."""

        def wish(conn: Connection, facts: Facts) -> Outcome:
            found = self._found(conn, facts, call)
            if found is None:
                return Outcome(contact_texts(facts)("call_none_yet"), is_refused=True)
            on = whose.about(conn, self._revisions, facts, found)
            return self.life.move(conn, on, found, Offered(found.person, begins_at))

        return await self._perform(asker, key, wish)

    async def cancel(self, asker: Asker, *, key: str, call: str = "") -> Outcome:
        """Call off the call that they have; `call` is its key, else what is at hand."""

        def wish(conn: Connection, facts: Facts) -> Outcome:
            found = self._found(conn, facts, call)
            if found is None:
                return Outcome(contact_texts(facts)("call_none_yet"), is_refused=True)
            return self.life.cancel(conn, whose.about(conn, self._revisions, facts, found), found)

        return await self._perform(asker, key, wish)

    async def said(self, asker: Asker, *, key: str) -> Outcome | None:
        """What became of the wish of that key; None where there was none."""
        return await self._database.read(lambda conn: _kept(conn, _key(asker, key)))

    async def newest(self, asker: Asker, *, call: str = "") -> Call | None:
        """The call of that key, else the one at hand, else the one they had last about what is being talked about."""
        now = self._now()

        def look(conn: Connection) -> Call | None:
            facts = facts_of_asker(conn, self._revisions, asker, now=now, is_reading=True)
            if facts is None:
                return None
            found = self._found(conn, facts, call)
            if found is not None or facts.ticket is None:
                return found
            past = (one for one in calls.of_ticket(conn, facts.ticket.id) if whose.may_know(facts, one))
            return max(past, key=lambda one: one.agreed_at, default=None)

        return await self._database.read(look)

    async def listed(self, *, since: Instant, until: Instant, person: PersonId | None = None) -> list[Listed]:
        """The calls of a stretch of time, whatever became of them, the soonest first."""
        now = self._now()

        def look(conn: Connection) -> list[Listed]:
            found = calls.between(conn, since=since, until=until, person=person)
            return listed(conn, self._revisions, found, now=now)

        return await self._database.read(look)

    async def of_ticket(self, ticket: TicketId) -> list[Call]:
        """Every call about a ticket, the soonest first."""
        return await self._database.read(lambda conn: calls.of_ticket(conn, ticket))

    async def by_uid(self, uid: str) -> Call | None:
        """The call that calendars know by this name."""
        return await self._database.read(lambda conn: calls.by_uid(conn, uid))

    async def of_file(self, token: str) -> Call | None:
        """The call behind the address of a calendar file; None for none of ours."""
        now = self._now()
        return await self._database.read(lambda conn: call_of_file(conn, token, now=now))

    async def invite_of(self, call: Call) -> Invite:
        """What a calendar of its contact is told of a call now, for a file to take away."""
        now, revision = self._now(), self._revisions.current
        found = await self._database.read(lambda conn: listed(conn, self._revisions, [call], now=now))
        speak = Texts(call.language, call.zone, revision.texts)
        plan = revision.clients[call.client].plan if call.client in revision.clients else revision.public_plan
        name = found[0].contact_name if found else ""
        other = first_name(revision, call.person, revision.name)
        rules, named = revision.calls.of(call.client, plan), number(call.ticket)
        return invite_of(revision, call, rules, speak, zone=call.zone, attendee=(name, ""), other=other, number=named)

    def _found(self, conn: Connection, facts: Facts, key: str) -> Call | None:
        """The call of that key that they have, else the one at hand."""
        if not key:
            return whose.at_hand(conn, facts)
        return next((one for one in whose.ahead(conn, facts) if one.key == key), None)

    async def _perform(self, asker: Asker, key: str, wish: _Wish) -> Outcome:
        outcome = await self._committer.commit(self._decide, _Wanted(asker, key, wish))
        self._tell()
        return outcome

    def _decide(self, conn: Connection, wanted: Sequence[_Wanted]) -> Sequence[Outcome]:
        return [self._decided(conn, one) for one in wanted]

    def _decided(self, conn: Connection, wanted: _Wanted) -> Outcome:
        now, key = self._now(), _key(wanted.asker, wanted.key)
        if (kept := _kept(conn, key)) is not None:
            return kept
        facts = facts_of_asker(conn, self._revisions, wanted.asker, now=now)
        outcome = wanted.wish(conn, facts) if facts is not None else Outcome(self._none().refusal, is_refused=True)
        said = {
            "text": outcome.text,
            "is_refused": outcome.is_refused,
            "call": outcome.call.key if outcome.call is not None else "",
            "slots": [[one.person, one.begins_at] for one in outcome.slots],
            "can_ask_lead": outcome.can_ask_lead,
        }
        presses.keep(conn, [presses.Answered(key, json.dumps(said), now)])
        return outcome

    def _none(self) -> Offer:
        """Nothing is offered to whoever is not a client's."""
        revision = self._revisions.current
        speak = Texts(revision.language, revision.zone, revision.texts)
        refusal = speak("call_not_for_you")
        return Offer(None, "", revision.zone, revision.zone, revision.language, "", (), (), refusal=refusal)

    def _tell(self) -> None:
        self._done.tell()
        for nudge in self._woken:
            nudge.ring()


def _key(asker: Asker, key: str) -> str:
    return f"call:{asker.contact}:{key}"


def _kept(conn: Connection, key: str) -> Outcome | None:
    """What was answered under that key."""
    kept = presses.answers(conn, [key]).get(key)
    if kept is None:
        return None
    said = json.loads(kept)
    again = calls.numbered(conn, [said["call"]]) if said["call"] else []
    slots = tuple(Offered(PersonId(one[0]), Instant(one[1])) for one in said["slots"])
    return Outcome(said["text"], said["is_refused"], next(iter(again), None), slots, said["can_ask_lead"])
