"""Clients are asked how it went, and answer: by a button, by a number in words, and by what they say right after it.

A number in words counts only as the next word after our question, and where no other ticket is open. Everything else
that a client says is a message like any other, so that nothing they need is ever taken for praise.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.message import InboundMessage
from adapters.port import Answer
from adapters.text import clean
from bot.desk.directory import Directory
from bot.store import csat
from bot.store.delivery.ways import Whereto
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.people.asking import speaker_of
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.care.csat import (
    SCORES,
    Csat,
    commented,
    csat_due,
    escalated,
    is_answerable,
    is_commentable,
    is_low,
    may_escalate,
    score_from_text,
    scored,
    told_later,
)
from bot.tickets.care.judging import is_said, judge
from bot.tickets.facts import Decision, Facts, Heard
from bot.tickets.ticket import TicketId
from bot.tickets.words.decide_words import may_press, word_from_text
from sla.duration import Instant, instant

#: An answer is short; what is longer is a message.
LONGEST: Final = 1_000


class Scores:
    """Runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, whereto: Whereto) -> None:
        self._revisions = revisions
        self._whereto = whereto

    def ask(self, conn: Connection, tickets: Sequence[TicketId], *, at: Instant) -> None:
        """Ask about tickets that are held already, each once; a lead who was not there reads of a low score now."""
        if not tickets:
            return
        known = csat.asked_about(conn, tickets)
        for ticket, one in facts_of_tickets(conn, self._revisions, tickets, now=at).items():
            asked = known.get(ticket)
            decision, kept = (csat_due(one), Csat(ticket, at, 0)) if asked is None else told_later(one, asked)
            if decision.ticket is not None:
                self._keep(conn, one, decision, kept, at=at)

    def take(
        self, conn: Connection, said: Sequence[InboundMessage], directory: Directory, *, now: Instant
    ) -> list[InboundMessage]:
        """Keep what answers a question of ours; gives the rest, to be decided as it is."""
        if self._revisions.current.csat is None:
            return list(said)
        short = [one for one in said if len(one.text) <= LONGEST and not one.attachments]
        waiting = csat.waiting_in(conn, [one.conversation.key for one in short])
        asked = [one for one in short if _is_escalation(one)]
        latest = csat.latest_in(conn, [one.conversation.key for one in asked])
        taken: set[int] = set()
        for one in short:
            found = latest.get(one.conversation.key) if one in asked else waiting.get(one.conversation.key)
            if found is not None and directory.person_of(one.sender) is None and self._taken(conn, one, found, now):
                taken.add(id(one))
        return [one for one in said if id(one) not in taken]

    def press(self, conn: Connection, facts: Facts, action: str, *, at: Instant) -> Answer | None:
        """A press about a ticket that is held already: a score, or the lead after a low one; None for any other."""
        ticket = facts.ticket
        known = csat.asked_about(conn, [ticket.id]).get(ticket.id) if ticket is not None else None
        if known is None or not is_answerable(known, at=at):
            return None
        if action in SCORES:
            decision, kept, told = scored(facts, known, int(action[-1]), "", at=at)
        elif ticket is not None and not ticket.status.is_open and may_escalate(facts, known, at=at):
            decision, kept, told = escalated(facts, known, at=at)
        else:
            return None
        self._keep(conn, facts, decision, kept, at=facts.now)
        return Answer(told)

    def _taken(self, conn: Connection, one: InboundMessage, known: Csat, now: Instant) -> bool:
        lock_tickets(conn, [known.ticket])
        facts = facts_of_tickets(conn, self._revisions, [known.ticket], now=now).get(known.ticket)
        known = csat.asked_about(conn, [known.ticket])[known.ticket]
        asker = speaker_of(conn, self._revisions.current, one.sender)
        if facts is None or facts.ticket is None or not may_press(facts, asker, one.conversation):
            return False
        at = min(instant(one.at), now)
        heard = Heard(f"{one.conversation.key}:{one.external_id}", one.external_id, clean(one.text), at)
        decision, kept = self._decided(facts, known, heard, is_escalation=_is_escalation(one))
        if decision is None:
            return False
        self._keep(conn, facts, decision, kept, at=now)
        return True

    def _decided(self, facts: Facts, known: Csat, heard: Heard, *, is_escalation: bool) -> tuple[Decision | None, Csat]:
        if is_escalation:
            if facts.ticket is None or facts.ticket.status.is_open or not may_escalate(facts, known, at=heard.at):
                return None, known
            decision, kept, _ = escalated(facts, known, at=heard.at, heard=heard)
            return decision, kept
        if not is_answerable(known, at=heard.at):
            return None, known
        found = score_from_text(heard.text, facts.speaker.language)
        if found is not None:
            if _is_a_request(facts, found[1], is_read=is_low(facts, found[0])):
                return None, known
            decision, kept, _ = scored(facts, known, *found, at=heard.at, heard=heard)
            return decision, kept
        if not is_commentable(known, at=heard.at) or _is_a_request(facts, heard.text):
            return None, known
        return commented(facts, known, heard)

    def _keep(self, conn: Connection, facts: Facts, decision: Decision, kept: Csat, *, at: Instant) -> None:
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=at, whereto=self._whereto)
        if decision.heard is not None or not kept.line:
            kept = replace(kept, line=csat.last_line(conn, facts.talk.id))
        csat.keep(conn, [kept])


def _is_escalation(one: InboundMessage) -> bool:
    word = word_from_text(clean(one.text), channel=one.conversation.channel)
    return word is not None and word.name == "escalate"


def _is_a_request(facts: Facts, words: str, *, is_read: bool = False) -> bool:
    """Whether words with a score or after it ask for something: a command, a question, or what the desk's rules know.

    A question that `is_read` by the lead, as the words of a low score are, may stay with it.
    """
    if words.lstrip().startswith(("/", "!")) or ("?" in words and not is_read) or facts.ticket is None:
        return True
    plan, policy = facts.revision.plan(facts.ticket.plan), facts.policy_of(facts.ticket)
    return is_said(judge(facts.revision, words, plan, policy))
