"""From an outbox row to what a channel is given at the moment it leaves, and whether it may still leave (invariant I7).

A card is drawn here, so it is never older than its sending. A ping about something that is no longer so is dropped with
the reason, and recorded, not sent.
"""

from dataclasses import dataclass

from adapters.card import Card, OutboundCard
from adapters.message import OutboundMessage, conversation_from_key
from bot.store.outbox import Outgoing
from bot.store.rows import QUIET
from bot.store.sending import Background, ping_from_row
from bot.tickets.cards import ping_card, ticket_card
from bot.tickets.facts import Facts, Guard, Line
from bot.tickets.outcome import contact_texts
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.clock import BREACH, Clock, Mark, State, is_owing
from sla.duration import Instant, moment

Outbound = OutboundMessage | OutboundCard


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is not sent, because of this."""

    reason: str


def outbound_from_row(row: Outgoing, known: Background, *, now: Instant, is_repeat: bool = False) -> Outbound | Dropped:
    """What to send for a row. `is_repeat` marks words that may have arrived before as such."""
    where = conversation_from_key(row.lane)
    if row.message_id is not None:
        line = known.lines.get(MessageId(row.message_id))
        if line is None or line.is_deleted:
            return Dropped("the line is gone")
        return _message(row, line, known, is_repeat=is_repeat)
    facts = known.facts.get(TicketId(row.ticket_id)) if row.ticket_id is not None else None
    if row.what == "card":
        if facts is None or facts.ticket is None or row.person not in facts.revision.people:
            return Dropped("nobody looks at this card any more")
        if row.slot and known.newer.get(row.slot, row.id) > row.id:
            return Dropped("a newer drawing of the card is on its way")
        shown = known.shown.get((row.slot or "", row.lane))
        excerpt = known.excerpts.get(facts.ticket.id, "")
        person = PersonId(row.person or "")
        is_first = shown is None and row.payload != QUIET
        card = ticket_card(facts, facts.ticket, person, excerpt, is_first=is_first)
        return OutboundCard(row.key, where, card, moment(now), replaces=shown)
    ping = ping_from_row(row)
    if facts is None or facts.ticket is None:
        return OutboundCard(row.key, where, Card(ping.title, ping.lines, ping.quote, mention=True), moment(now))
    if stale := _is_stale(ping.guard, facts):
        return Dropped(stale)
    return OutboundCard(row.key, where, ping_card(facts, facts.ticket, ping), moment(now))


def _message(row: Outgoing, line: Line, known: Background, *, is_repeat: bool) -> OutboundMessage:
    text = line.text
    facts = known.facts.get(TicketId(row.ticket_id or 0))
    if is_repeat and line.kind == "reply" and facts is not None:
        text = f"{text}\n{contact_texts(facts)('sent_again')}"
    return OutboundMessage(
        key=row.key,
        conversation=conversation_from_key(row.lane),
        text=text,
        at=moment(line.at),
        author=line.author,
        automatic=line.kind == "auto",
        position=line.id,
        attachments=line.attachments,
    )


def _is_stale(guard: Guard, facts: Facts) -> str:
    """Why a ping is no longer true; empty while it is."""
    ticket = facts.ticket
    if ticket is None:
        return ""
    if guard.assignee is not None and ticket.assignee != guard.assignee:
        return "somebody else has the ticket now"
    if guard.metric is None:
        return ""
    if not ticket.status.is_open:
        return "the ticket is no longer open"
    clock = next(
        (one for one in facts.clocks if one.metric == guard.metric and one.started_at == guard.started_at), None
    )
    if clock is None or not is_owing(clock):
        return "the client has been answered"
    return _overtaken(guard.mark, clock) if guard.mark is not None else ""


def _overtaken(mark: Mark, clock: Clock) -> str:
    """Why this mark of a clock that still owes something is not worth telling; empty while it is."""
    if clock.state is State.PAUSED:
        return "the clock stands still"
    if (mark == BREACH) is not (clock.state is State.BREACHED):
        return "the promise is not broken" if mark == BREACH else "the promise is broken by now"
    # Marks are told mildest first, so whatever was told later is the more urgent.
    return "a more urgent reminder has come since" if mark in clock.fired[:-1] else ""
