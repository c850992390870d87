"""A ticket follows its contact: what they say next on it elsewhere is answered there (semantics 3).

Only to where nobody but them reads, and only them: what was said in a mail is not repeated to a group because a
colleague mentioned its number there. Also: two tickets of one client that came within minutes on two channels are
perhaps one. That is said once, on the card of the later one, and never done by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from adapters.message import Button
from bot.tickets.facts import Decision, Event, Facts
from bot.tickets.texts import Texts
from bot.tickets.ticket import ContactId, Ticket, TicketId, number
from routing.people import ClientId
from sla.duration import Instant, length

#: So close to each other two tickets are taken for one matter.
WITHIN: Final = timedelta(minutes=10)
SAME: Final = "ticket.same"


@dataclass(frozen=True, slots=True)
class Beside:
    """An open ticket that the same contact or a colleague of theirs has, as far as it matters here."""

    id: TicketId
    contact: ContactId
    client: ClientId | None
    channel: str
    opened_at: Instant


def is_opened(facts: Facts, decision: Decision) -> bool:
    """Whether a decision opens a ticket."""
    ticket = decision.ticket
    return ticket is not None and (facts.ticket is None or facts.ticket.id != ticket.id)


def followed(facts: Facts, decision: Decision) -> Decision:
    """The decision, with its ticket answered from now on where its contact has just written on it."""
    ticket, heard, here = decision.ticket, decision.heard, facts.talk
    if ticket is None or heard is None or is_opened(facts, decision) or ticket.conversation == here.id:
        return decision
    is_theirs = ticket.contact == facts.speaker.contact and here.conversation.place == heard.sender
    if not is_theirs:
        return decision
    event = Event("follows", heard.at, "contact", "", {"channel": str(here.conversation.channel)})
    return replace(decision, ticket=replace(ticket, conversation=here.id), events=(*decision.events, event))


def suggested(facts: Facts, decision: Decision, others: Sequence[Beside]) -> Decision:
    """The decision that opens a ticket, with the one it is perhaps the same as."""
    ticket = decision.ticket
    if ticket is None or not is_opened(facts, decision):
        return decision
    found = [one for one in others if _is_perhaps(one, ticket)]
    if not found:
        return decision
    other = max(found, key=lambda one: (one.contact == ticket.contact, one.opened_at, one.id))
    event = Event("perhaps_same", ticket.opened_at, "routing", "", {"other": number(other.id)})
    return replace(decision, ticket=replace(ticket, same_as=other.id), events=(*decision.events, event))


def same_line(ticket: Ticket, speak: Texts) -> tuple[str, ...]:
    """What the card of a ticket says about the other one; nothing once it was answered."""
    other = perhaps_same(ticket)
    return () if other is None else (speak("card_same_as", number=number(other)),)


def same_button(ticket: Ticket, speak: Texts) -> tuple[Button, ...]:
    """The button that makes one ticket of both."""
    other = perhaps_same(ticket)
    return () if other is None else (Button(SAME, speak("button_same", number=number(other)), number(ticket.id)),)


def perhaps_same(ticket: Ticket) -> TicketId | None:
    """The ticket that this one is perhaps the same as, while that is worth saying: nobody has answered it yet."""
    return ticket.same_as if ticket.status.is_open and not ticket.has_reply else None


def _is_perhaps(one: Beside, ticket: Ticket) -> bool:
    # Whose it is comes first: a batch holds many of others, and nearly none of the same.
    is_known = ticket.is_verified and ticket.client is not None and one.client == ticket.client
    return (
        (is_known or one.contact == ticket.contact)
        and one.id != ticket.id
        and one.channel != ticket.channel
        and length(abs(one.opened_at - ticket.opened_at)) <= WITHIN
    )
