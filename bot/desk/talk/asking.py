"""What clients ask by the buttons below our words to them: how their ticket stands, and for the team lead.

A press does what the word of command does, and is answered to whoever pressed alone. Who that is follows from their
identity and from what an admin wrote about the place, never from the button; a number that somebody else's ticket has
opens no door to it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.port import Answer, Press
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.desk.talk.scores import Scores
from bot.store import audit
from bot.store.channels import presses
from bot.store.delivery.ways import Whereto
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.people.asking import going_on, speaker_of, texts_for
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.care.csat import SCORES
from bot.tickets.facts import Facts, Speaker
from bot.tickets.outcome import person_texts
from bot.tickets.texts import nearest_language
from bot.tickets.ticket import TicketId, ticket_id_from_number
from bot.tickets.words.decide_words import client_presses, may_press
from routing.people import PersonId
from sla.duration import Instant, instant

STATUS: Final = "client.status"
ESCALATE: Final = "client.escalate"
URGENT: Final = "client.urgent"
#: So much of what came with a refused press is written down.
SAID_BACK: Final = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A press of such a button; `by` is whoever of ours pressed it."""

    press: Press
    by: PersonId | None = None


class Asking:
    """Answers clients' presses inside the transaction that writes what they do."""

    def __init__(self, revisions: Revisions, whereto: Whereto, now: Callable[[], Instant]) -> None:
        self._revisions = revisions
        self._whereto = whereto
        self._scores = Scores(revisions, whereto)
        self._now = now

    def answer(self, conn: Connection, asked: Sequence[Asked]) -> Sequence[Answer]:
        """A Change for the committer."""
        named = [_ticket_of(one.press) for one in asked]
        ends = going_on(conn, [one for one in named if one is not None])
        lock_tickets(conn, sorted({*ends, *ends.values()}))
        return [
            self._answered(conn, one, ticket, ends.get(ticket) if ticket is not None else None)
            for one, ticket in zip(asked, named, strict=True)
        ]

    def _answered(self, conn: Connection, asked: Asked, ticket: TicketId | None, end: TicketId | None) -> Answer:
        key = f"{asked.press.by.key}:{asked.press.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        answer = self._decided(conn, asked, ticket, end)
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), self._now())])
        return answer

    def _decided(self, conn: Connection, asked: Asked, ticket: TicketId | None, end: TicketId | None) -> Answer:
        """Judged by the ticket the button is about, done to the one that goes on for it."""
        press, now = asked.press, self._now()
        wanted = sorted({one for one in (ticket, end) if one is not None})
        facts = facts_of_tickets(conn, self._revisions, wanted, now=now)
        about = facts.get(ticket) if ticket is not None else None
        asker = speaker_of(conn, self._revisions.current, press.by) if asked.by is None else None
        is_allowed = about is not None and (asked.by is not None or may_press(about, asker, press.conversation))
        is_score = press.action in SCORES and asked.by is None
        if about is None or not is_allowed or not (is_score or press.action in {STATUS, ESCALATE, URGENT}):
            return self._refused(conn, press)
        at = min(instant(press.at), now)
        if (said := self._scores.press(conn, self._read_by(about, asked, asker), press.action, at=at)) is not None:
            return said
        current = self._read_by(facts[end or wanted[0]], asked, asker)
        decision, answer = client_presses(current, press.action, at=at)
        if decision.ticket is not None:
            write(conn, [(current, decision)], recorded_at=now, whereto=self._whereto)
        return Answer(answer)

    def _read_by(self, facts: Facts, asked: Asked, asker: Speaker | None) -> Facts:
        """The facts with whoever pressed for their reader: the answer is in their language and their time."""
        if asked.by is not None:
            speak = person_texts(self._revisions.current, asked.by)
            return replace(facts, speaker=replace(facts.speaker, language=speak.language, zone=speak.zone))
        if asker is None:  # they never wrote; their channel may know what they read
            language = nearest_language(asked.press.language, facts.speaker.language)
            return replace(facts, speaker=replace(facts.speaker, language=language))
        spoken = replace(facts.speaker, name=asker.name, language=asker.language, zone=asker.zone)
        return replace(facts, speaker=spoken)

    def _refused(self, conn: Connection, press: Press) -> Answer:
        """It is written down that they tried; the words are the same whether or not there is such a ticket."""
        where = press.conversation.key if press.conversation is not None else None
        tried = {"value": press.value[:SAID_BACK], "where": where}
        audit.append(conn, [audit.Deed(self._now(), press.by.key, "refused", press.action, tried)])
        speak = texts_for(conn, self._revisions.current, press.by, press.language)
        return Answer(speak("refused_not_yours"), is_refused=True)


def _ticket_of(press: Press) -> TicketId | None:
    try:
        return ticket_id_from_number(press.value)
    except ValueError:
        return None
