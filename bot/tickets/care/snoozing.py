"""A ticket that is out of the way for a while: its card says so and lists leave it out; no promise is paused by it.

awake ──somebody snoozes it──> snoozed ──the moment, in its person's hours──> awake, and they are told
snoozed ──the client writes, a promise nears its last call, somebody else has it,
it is done──> awake
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.tickets.facts import Effect, Event, Facts, Guard, Heard, Ping, Wake
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, TicketId, number
from routing.people import PersonId
from sla.clock import Clock, is_owing
from sla.duration import Instant
from sla.marks import BREACH, LAST_CALL


def snooze_owner(ticket: TicketId) -> str:
    """The alarm at which a snoozed ticket comes back."""
    return f"snooze:{ticket}"


def is_pressing(clocks: Sequence[Clock]) -> bool:
    """Whether a promise is so near its end, or beyond it, that the ticket must not be out of anybody's sight."""
    return any(is_owing(one) and not {LAST_CALL, BREACH}.isdisjoint(one.fired) for one in clocks)


def why_back(facts: Facts, ticket: Ticket, clocks: Sequence[Clock], heard: Heard | None) -> str:
    """Why a snoozed ticket is out of the way no longer; empty where it is, or never was."""
    before = facts.ticket
    if ticket.snoozed_until is None:
        return ""
    if not ticket.status.is_open:
        return "it is done"
    if heard is not None:
        return "the client wrote"
    if before is not None and before.id == ticket.id and before.assignee != ticket.assignee:
        return "somebody else has it"
    return "a promise is nearly due" if is_pressing(clocks) else ""


def came_back(
    facts: Facts, ticket: Ticket, why: str, events: tuple[Event, ...], wakes: tuple[Wake, ...]
) -> tuple[Ticket, tuple[Event, ...], tuple[Wake, ...]]:
    """The ticket as it is when it comes back, with the word for its history and no alarm left."""
    back = Event("came_back", facts.now, "desk", why)
    return replace(ticket, snoozed_until=None), (*events, back), (Wake(snooze_owner(ticket.id), None), *wakes)


def snoozed_line(ticket: Ticket, speak: Texts, *, now: Instant) -> str:
    """That it is out of the way, and until when; empty where it is not."""
    if ticket.snoozed_until is None:
        return ""
    return speak("card_snoozed", until=speak.moment(ticket.snoozed_until, now=now))


def back_ping(ticket: Ticket, person: PersonId, speak: Texts, client: str, *, away: str = "") -> Effect:
    """Whoever has it reads that it is back; or whoever leads, where `away` has it and is not there to read."""
    title = speak("ping_snooze_over", number=number(ticket.id), client=client, subject=ticket.subject)
    key = f"back:{ticket.id}:{ticket.snoozed_until}"
    if away:
        lines = (speak("ping_snooze_away", name=away),)
        guard, actions = Guard(is_open=True), ("ticket.take", "ticket.handover")
        return Ping(person, f"{key}:{person}", title, lines, is_alert=True, guard=guard, actions=actions)
    return Ping(person, key, title, guard=Guard(assignee=person, is_open=True), actions=("ticket.reply",))


def next_hours(revision: Revision, person: PersonId, at: Instant) -> Instant | None:
    """When somebody reads what they are told: now, or when they come; None while nobody knows."""
    one = revision.people[person]
    return at if revision.coverage.is_on_shift(one, at) else revision.coverage.next_shift(one, at)
