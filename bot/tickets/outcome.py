"""What every decision about a ticket ends with, so that no rule can forget it: versions, next due moment, wake-ups.

Also the few questions that several decisions ask: which texts a person reads, who is led by whom, when a line is back.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.tickets.facts import Decision, Effect, Event, Facts, Heard, Note, ShowCard, Wake
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts, nearest_language
from bot.tickets.ticket import Ticket, TicketId
from routing.ladder import told
from routing.people import LineId, Person, PersonId, PlanId
from routing.route import Assignment, route
from routing.route import Facts as RouteFacts
from sla import promise
from sla.calendar import Calendar
from sla.clock import Clock
from sla.duration import BusinessDays, Instant, Within, later


def promises_owner(ticket: TicketId) -> str:
    """The alarm that keeps a ticket's clocks."""
    return f"promises:{ticket}"


def waiting_owner(ticket: TicketId) -> str:
    """The alarm that nudges a silent client, resolves what stays silent and closes what stays resolved."""
    return f"waiting:{ticket}"


def opening_owner(line: LineId) -> str:
    """The alarm that empties a line's waiting list when somebody comes on shift."""
    return f"opening:{line}"


def concluded(
    facts: Facts,
    ticket: Ticket,
    clocks: Sequence[Clock],
    *,
    heard: Heard | None = None,
    notes: tuple[Note, ...] = (),
    events: tuple[Event, ...] = (),
    effects: tuple[Effect, ...] = (),
    wakes: tuple[Wake, ...] = (),
) -> Decision:
    """The decision that makes `ticket` and `clocks` the next state, with the alarm of its promises set to match."""
    clocks = tuple(clocks)
    owed = promise.next_due(clocks) if ticket.status.is_open else None
    wake = promise.wake_at(clocks, facts.pinned.calendars, at=facts.now) if ticket.status.is_open else None
    version = facts.ticket.version + 1 if facts.ticket is not None and facts.ticket.id == ticket.id else 1
    shown = {effect.person for effect in effects if isinstance(effect, ShowCard)}
    concerned = {person for person in (ticket.assignee, _former(facts, ticket)) if person is not None}
    return Decision(
        ticket=replace(ticket, version=version, next_due=owed.due_at if owed else None),
        heard=heard,
        notes=notes,
        clocks=tuple(clock for clock in clocks if clock not in facts.clocks),
        events=events,
        effects=(*effects, *(ShowCard(person) for person in sorted(concerned - shown))),
        wakes=(Wake(promises_owner(ticket.id), wake), *wakes),
    )


def assigned(facts: Facts, ticket: Ticket, *, passed_over: frozenset[PersonId] = frozenset()) -> Assignment:
    """Ask the routing rules about a ticket as it stands now."""
    return route(
        RouteFacts(
            at=facts.now,
            plan=facts.revision.plans[ticket.plan],
            people=facts.revision.people,
            lines=facts.revision.lines,
            coverage=facts.revision.coverage,
            client=facts.revision.client(ticket.client),
            assignee=ticket.assignee,
            kind=ticket.kind,
            load=facts.load,
            passed_over=passed_over,
        )
    )


def contact_texts(facts: Facts) -> Texts:
    """The texts of the contact: their language, their zone, the desk's own wording."""
    return Texts(facts.speaker.language, facts.speaker.zone, facts.revision.texts)


def person_texts(revision: Revision, person: PersonId) -> Texts:
    """The texts of one of our people, in the zone of their own calendar."""
    one = revision.people[person]
    zone = revision.calendars[one.calendar].zone
    return Texts(nearest_language(one.language, revision.language), zone, revision.texts)


def first_name(revision: Revision, person: PersonId | None, fallback: str) -> str:
    """What a client calls this person."""
    one = revision.person(person)
    return one.name.split()[0] if one else fallback


def line_of(revision: Revision, ticket: Ticket) -> LineId:
    """The line whose waiting list and calendar count for a ticket."""
    return revision.plans[ticket.plan].line


def back_at(facts: Facts, ticket: Ticket) -> tuple[Person | None, Instant | None]:
    """Who a client may expect first, and when: their own manager if they have one, else whoever of the line is back."""
    revision = facts.revision
    client = revision.client(ticket.client)
    if client is not None and (own := revision.person(client.manager)):
        return own, revision.coverage.next_shift(own, facts.now)
    people = [revision.people[person] for person in revision.lines[line_of(revision, ticket)].people]
    return None, revision.coverage.first_back(people, facts.now)


def opening_wake(facts: Facts, ticket: Ticket) -> Wake:
    """The wake-up at which somebody can be given a ticket that waits: the first shift of anybody who may get it.

    Never at once: where people are there but have no room, asking again each minute is often enough.
    """
    revision = facts.revision
    line = line_of(revision, ticket)
    client = revision.client(ticket.client)
    ids = {*revision.lines[line].people, *((client.manager, client.backup) if client else ())}
    people = [person for person in map(revision.person, ids) if person is not None]
    soon = later(facts.now, timedelta(minutes=1))
    return Wake(opening_owner(line), max(revision.coverage.first_back(people, facts.now) or soon, soon))


def leads(revision: Revision, plan: PlanId) -> tuple[PersonId, ...]:
    """The people whom the plan's ladder tells first; a step with nobody on it is skipped."""
    for one in revision.ladders[revision.plans[plan].ladder].steps:
        if people := told(one.tell, revision.people, revision.lines):
            return people
    return ()


def after(at: Instant, within: Within, calendar: Calendar) -> Instant:
    """The moment a length later: of real time, or so many business days of that calendar."""
    if isinstance(within, BusinessDays):
        return calendar.advance(at, calendar.business_days(at, within))
    return later(at, within)


def _former(facts: Facts, ticket: Ticket) -> PersonId | None:
    former = facts.ticket.assignee if facts.ticket is not None and facts.ticket.id == ticket.id else None
    return former if facts.revision.person(former) else None
