"""What happens when a message that could not be read can be read after all: whoever has its ticket hears the words.

They are judged as those of any message: an open ticket may be more urgent by them, and is of a kind if it was of none.
"""

from dataclasses import replace

from adapters.message import Attachment, Untrusted
from bot.tickets.care.judging import at_level, contract_with, judge, louder, raised_ping
from bot.tickets.decide_client import EXCERPT_LENGTH
from bot.tickets.facts import Decision, Effect, Event, Facts, Ping, Relay
from bot.tickets.ladder.decide_ladder import paged
from bot.tickets.outcome import client_of, concluded, person_texts
from bot.tickets.relays import with_files
from bot.tickets.ticket import Ticket, number


def unreadable(decision: Decision) -> Decision:
    """The decision about a line that stands for what could not be read: its ticket says so until it can."""
    ticket = decision.ticket
    return decision if ticket is None else replace(decision, ticket=replace(ticket, is_unreadable=True))


def read_after_all(facts: Facts, key: str, words: Untrusted, files: tuple[Attachment, ...]) -> Decision:
    """The line itself is mended by the store. `key` makes its reader hear of it once.

    Its sender was answered when it came and is told nothing now; a level that the words raise holds from now on.
    """
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    ticket = replace(ticket, is_unreadable=False)
    events: tuple[Event, ...] = (Event("read_after_all", facts.now, "desk"),)
    effects: tuple[Effect, ...] = _read(facts, ticket, key, words, files)
    clocks = facts.clocks
    if ticket.status.is_open:
        ticket = _of_a_kind(facts, ticket, words)
        if raised := louder(facts, ticket, words, at=facts.now):
            ticket, pages, people = paged(facts, raised.ticket)
            clocks, events = raised.clocks, (*events, raised.event, *pages)
            effects = (*effects, *raised_ping(facts, ticket, f"read:{key}:raised"), *people)
    return concluded(facts, ticket, clocks, events=events, effects=effects)


def _of_a_kind(facts: Facts, ticket: Ticket, words: Untrusted) -> Ticket:
    """The ticket with the kind that its words say, if it is of none yet and nobody of ours has judged it."""
    plan, policy = contract_with(facts.revision, client_of(facts.revision, ticket))
    kind = judge(facts.revision, words, plan, policy).kind if ticket.kind is None else None
    return ticket if kind is None else at_level(ticket, plan, ticket.urgency, kind, ticket.judged)


def _read(
    facts: Facts, ticket: Ticket, key: str, words: Untrusted, files: tuple[Attachment, ...]
) -> tuple[Effect, ...]:
    """What whoever has the ticket hears, and reads under its card."""
    assignee = facts.revision.person(ticket.assignee)
    if assignee is None:
        return ()
    speak = person_texts(facts.revision, assignee.id)
    title = speak("ping_read_after_all", number=number(ticket.id), contact=facts.speaker.name)
    ping = Ping(assignee.id, f"read:{key}", title, quote=Untrusted(words[:EXCERPT_LENGTH]))
    relay = Relay(assignee.id, facts.speaker.name, Untrusted(with_files(words, files)), attachments=files)
    return (relay, ping)
