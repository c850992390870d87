"""What a further part of an album means: its file goes to whoever has the ticket, and nothing else is promised anew.

A caption may come with any part. Where the album opened the ticket and nothing was written until now, these are its
first words: they name it and say how urgent it is.
"""

from dataclasses import dataclass, replace

from adapters.message import Attachment, Untrusted
from bot.tickets.care.judging import at_level, judge, judged_from_triage
from bot.tickets.decide_client import subject_of
from bot.tickets.facts import Decision, Effect, Event, Facts, Relay
from bot.tickets.ladder.decide_ladder import paged
from bot.tickets.outcome import assigned, concluded, promised_channel, routing_event
from bot.tickets.relays import name_of, with_files
from bot.tickets.ticket import Status, Ticket
from routing.people import PersonId
from sla import promise
from sla.clock import Clock
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Joined:
    """A part that was added to its line: what came with it, and all the words of the album with them.

    `by` is who of ours sent it. `opened`: the ticket began with this album.
    """

    album: str
    text: Untrusted
    words: str
    at: Instant
    attachments: tuple[Attachment, ...] = ()
    by: PersonId | None = None
    opened: bool = False


def album_goes_on(facts: Facts, part: Joined) -> Decision:
    """Decide one further part; its clocks began with the first."""
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    clocks = facts.clocks
    events: tuple[Event, ...] = ()
    told: tuple[Effect, ...] = ()
    is_first_said = bool(part.text.strip()) and part.words == part.text
    if part.opened and is_first_said and ticket.status is Status.NEW and not ticket.has_reply:
        ticket, clocks, events, told = _named(facts, ticket, part)
    effects = told
    if person := facts.revision.person(ticket.assignee):
        name = facts.speaker.name if part.by is None else name_of(facts.revision, part.by)
        words = Untrusted(with_files(part.text, part.attachments))
        is_ours = part.by is not None
        relay = Relay(person.id, name, words, attachments=part.attachments, album=part.album, is_ours=is_ours)
        effects = (*told, relay)
    return concluded(facts, ticket, clocks, events=events, effects=effects)


def _named(
    facts: Facts, ticket: Ticket, part: Joined
) -> tuple[Ticket, tuple[Clock, ...], tuple[Event, ...], tuple[Effect, ...]]:
    """The ticket as if these words had come with its first file."""
    policy = facts.policy_of(ticket)
    plan = facts.revision.plan(ticket.plan)
    seen = judge(facts.revision, part.text, plan, policy)
    named = at_level(ticket, plan, ticket.urgency, seen.kind, judged_from_triage(seen))
    named = replace(named, subject=subject_of(part.text, []))
    events: list[Event] = []
    clocks = facts.clocks
    if seen.urgency != ticket.urgency:
        clocks = promise.retargeted(
            clocks,
            policy,
            seen.urgency,
            promised_channel(facts, ticket),
            facts.calendars,
            at=facts.now,
            is_high_load=facts.is_high_load(ticket.plan),
        )
        named = at_level(named, plan, seen.urgency, seen.kind, named.judged)
        particulars = {"before": ticket.urgency, "after": seen.urgency}
        events.append(Event("urgency_set", part.at, "contact", seen.reason, particulars))
    if seen.kind is not None:
        given = assigned(facts, replace(named, assignee=None))
        if given.person is not None and given.person != ticket.assignee:
            events.append(routing_event(facts, given, before=ticket.assignee))
            named = replace(named, assignee=given.person, rule=given.rule)
    named, pages, told = paged(facts, named)
    return named, tuple(clocks), (*events, *pages), tuple(told)
