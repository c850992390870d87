"""What every decision about a ticket ends with, so that no rule can forget it: versions, next due moment, wake-ups.

Also the few questions that several decisions ask: who gets it now, which texts a person reads, when somebody is back.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.care.snoozing import came_back, why_back
from bot.tickets.care.unread import unread_wakes
from bot.tickets.facts import Decision, Effect, Event, Facts, Heard, Note, ShowCard, Wake
from bot.tickets.ladder.picking import picking
from bot.tickets.ladder.standing import standing, step_falls_at
from bot.tickets.people.shifts import shift_wakes
from bot.tickets.relays import relays
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts, nearest_language
from bot.tickets.ticket import Ticket, TicketId
from routing.people import Client, LineId, Person, PersonId, Plan, Role
from routing.route import Assignment, route, second_line, stand_ins
from routing.route import Facts as RouteFacts
from sla import promise
from sla.calendar import Calendar
from sla.clock import Clock
from sla.duration import BusinessDays, Instant, Within, later
from sla.policy import targets_for

MINUTE_MS: Final = 60_000
#: The channel that every plan may be reached on.
MAIL: Final = "email"
#: No channel: its cells do not count.
BY_URGENCY: Final = ""


def promises_owner(ticket: TicketId) -> str:
    """The alarm that keeps a ticket's clocks."""
    return f"promises:{ticket}"


def waiting_owner(ticket: TicketId) -> str:
    """The alarm that nudges a silent client, resolves what stays silent and closes what stays resolved."""
    return f"waiting:{ticket}"


def opening_owner(line: LineId, at: Instant) -> str:
    """The alarm that empties a line's waiting list when somebody comes on shift: one for each such moment.

    A ticket that waits for somebody else's shift must not move the moment of those that wait already.
    """
    return f"opening:{line}:{at}"


def shift_owner(person: PersonId) -> str:
    """The alarm that tells a person what their clients said while they were away."""
    return f"shift:{person}"


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
    ticket, clocks = picking(facts, ticket, clocks, events, promised_channel(facts, ticket))
    if reason := why_back(facts, ticket, clocks, heard):
        ticket, events, wakes = came_back(facts, ticket, reason, events, wakes)
    next_due = due_first(clocks) if ticket.status.is_open else None
    if (ladder := standing(facts, ticket, clocks)) != ticket.ladder:
        ticket = replace(ticket, ladder=ladder)
    wake = _wake_at(facts, ticket, clocks)
    version = facts.ticket.version + 1 if facts.ticket is not None and facts.ticket.id == ticket.id else 1
    if (ticket.version, ticket.next_due) != (version, next_due):
        ticket = replace(ticket, version=version, next_due=next_due)
    shown = {effect.person for effect in effects if isinstance(effect, ShowCard)}
    said = relays(facts, ticket, heard, effects)
    concerned = {person for person in (ticket.assignee, _former(facts, ticket)) if person is not None}
    return Decision(
        ticket=ticket,
        heard=heard,
        notes=notes,
        clocks=tuple(clock for clock in clocks if clock not in facts.clocks),
        events=events,
        effects=(*effects, *(ShowCard(person) for person in sorted(concerned - shown)), *said),
        wakes=(
            Wake(promises_owner(ticket.id), wake),
            *shift_wakes(facts, ticket),
            *unread_wakes(facts, ticket, effects),
            *wakes,
        ),
    )


def acted(
    facts: Facts,
    ticket: Ticket,
    event: Event,
    clocks: promise.Promises | None = None,
    effects: tuple[Effect, ...] = (),
    *,
    notes: tuple[Note, ...] = (),
    wakes: tuple[Wake, ...] = (),
) -> Decision:
    """What one of our people did; without `clocks`, the promises are as they were."""
    clocks = facts.clocks if clocks is None else clocks
    return concluded(facts, ticket, clocks, notes=notes, events=(event,), effects=effects, wakes=wakes)


def assigned(facts: Facts, ticket: Ticket, *, passed_over: frozenset[PersonId] = frozenset()) -> Assignment:
    """Ask the routing rules about a ticket as it stands now; never those who did not pick it up this round."""
    revision = facts.revision
    plan, client = revision.plan(ticket.plan), client_of(revision, ticket)
    passed_over = passed_over.union(ticket.passed_over)
    channel = served_as(plan, ticket.channel)
    return asked(facts, plan, client, ticket.kind, assignee=ticket.assignee, passed_over=passed_over, channel=channel)


def asked(
    facts: Facts,
    plan: Plan,
    client: Client | None,
    kind: str | None,
    *,
    assignee: PersonId | None = None,
    passed_over: frozenset[PersonId] = frozenset(),
    channel: str = "",
) -> Assignment:
    """The same for what is no ticket yet; `channel` is the one it is served as."""
    return route(
        RouteFacts(
            at=facts.now,
            plan=plan,
            people=facts.revision.people,
            lines=facts.revision.lines,
            coverage=facts.revision.coverage,
            client=client,
            assignee=assignee,
            kind=kind,
            load=facts.load,
            passed_over=passed_over,
            channel=channel,
            language=facts.speaker.language,
        )
    )


def routed(facts: Facts, ticket: Ticket) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket with whoever the rules name now; an event only where that changes something."""
    assignment = assigned(facts, ticket)
    if assignment.person == ticket.assignee and ticket.rule:
        return ticket, ()
    event = routing_event(facts, assignment, before=ticket.assignee)
    return replace(ticket, assignee=assignment.person, rule=assignment.rule), (event,)


def routing_event(facts: Facts, assignment: Assignment, *, before: PersonId | None = None) -> Event:
    """Whom the rules gave a ticket to, and who had it before."""
    return Event(
        "assigned" if assignment.person else "put_on_waiting_list",
        facts.now,
        "routing",
        assignment.rule,
        {"person": assignment.person, "before": before},
    )


def routed_on(facts: Facts, ticket: Ticket) -> tuple[Ticket, tuple[Event, ...]]:
    """The same for a ticket that somebody may have: out of hours it stays theirs, unless somebody is back sooner."""
    given, events = routed(facts, ticket)
    own = facts.revision.person(ticket.assignee)
    if given.assignee is None and own is not None:
        first = first_opening(facts.revision, ticket, facts.now)
        back = facts.revision.coverage.next_shift(own, facts.now)
        if first is None or (back is not None and back <= first):
            return ticket, ()
    return given, events


def client_of(revision: Revision, ticket: Ticket) -> Client | None:
    """The client whose people and plan count for a ticket; None where the contact never proved to belong to one."""
    return revision.client(ticket.client) if ticket.is_verified else None


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


def client_name(facts: Facts) -> str:
    """How our people know who this is: the client's name where it is proven, else the contact's own."""
    client = facts.revision.client(facts.speaker.client)
    return client.name if client else facts.speaker.name


def line_of(revision: Revision, ticket: Ticket) -> LineId:
    """The line whose people and calendar count for a ticket, which is its plan's as the desk is now."""
    return revision.plan(ticket.plan).line


def line_calendar(revision: Revision, ticket: Ticket) -> Calendar:
    """The calendar in which a ticket's business days count where no promise says otherwise."""
    return revision.calendars[revision.lines[line_of(revision, ticket)].calendar]


def back_at(revision: Revision, ticket: Ticket, at: Instant) -> tuple[Person | None, Instant | None]:
    """Who a client may expect first, seen from `at`: whoever has the ticket, their own manager, or the line.

    Where leave holds those up, whoever stands in or is on the line may come first.
    """
    client, coverage = client_of(revision, ticket), revision.coverage
    own = revision.person(ticket.assignee) or (revision.person(client.manager) if client else None)
    if own is not None and not coverage.is_held_up(own, at):
        return own, coverage.next_shift(own, at)
    first = _line_back(revision, revision.plan(ticket.plan), ticket.channel, at)
    if own is None:
        return None, first
    named = map(
        revision.person, stand_ins(revision.people, coverage, client, ticket.assignee, _leaves_at(own, at, revision))
    )
    found = [(one, coverage.next_shift(one, at)) for one in (own, *named) if one is not None]
    there = [(one, moment) for one, moment in found if moment is not None]
    back = min(there, key=lambda one: one[1], default=None)
    return back if back is not None and (first is None or back[1] <= first) else (None, first)


def first_opening(revision: Revision, ticket: Ticket, at: Instant) -> Instant | None:
    """The first shift of anybody whom a routing rule may name for a ticket that waits."""
    plan, client = revision.plan(ticket.plan), client_of(revision, ticket)
    return opening_for(revision, plan, client, ticket.channel, at, kind=ticket.kind, assignee=ticket.assignee)


def opening_for(
    revision: Revision,
    plan: Plan,
    client: Client | None,
    channel: str,
    at: Instant,
    *,
    kind: str | None = None,
    assignee: PersonId | None = None,
) -> Instant | None:
    """The same for what is no ticket yet."""
    ids: set[PersonId | None] = set()
    ids.update(*(line.people for line in revision.lines.values() if kind in line.kinds))
    if plan.is_senior:
        ids.update(one.id for one in revision.people.values() if Role.SENIOR in one.roles)
    own = revision.person(assignee) or (revision.person(client.manager) if client else None)
    leaves_at = _leaves_at(own, at, revision) if own is not None else at
    ids.update(stand_ins(revision.people, revision.coverage, client, assignee, leaves_at))
    if client is not None:
        ids.add(client.manager)
    people = [person for person in map(revision.person, ids) if person is not None]
    moments = (revision.coverage.first_back(people, at), _line_back(revision, plan, channel, at))
    return min((one for one in moments if one is not None), default=None)


def _line_back(revision: Revision, plan: Plan, channel: str, at: Instant) -> Instant | None:
    """When somebody of the plan's line is there for that channel, or of the line that answers out of hours."""
    coverage = revision.coverage
    lines = ((plan.line, plan.coverage.get(served_as(plan, channel))), (plan.off_hours_line, None))
    found = (
        coverage.line_back(revision.lines[line], revision.people, at, within=within)
        for line, within in lines
        if line is not None
    )
    return min((one for one in found if one is not None), default=None)


def _leaves_at(own: Person, at: Instant, revision: Revision) -> Instant:
    """The moment whose leave counts, seen from `at`: that of the shift they would have next."""
    return revision.calendars[own.calendar].next_open(at)


def opening_wake(facts: Facts, ticket: Ticket) -> Wake:
    """The wake-up at which somebody can be given a ticket that waits: the first shift of anybody who may get it.

    Never at once: where people are there but have no room, asking again each full minute is often enough.
    """
    soon = Instant((facts.now // MINUTE_MS + 1) * MINUTE_MS)
    at = max(first_opening(facts.revision, ticket, facts.now) or soon, soon)
    return Wake(opening_owner(ticket.line, at), at)


def shift_wake(facts: Facts, person: PersonId) -> Wake:
    """The wake-up at which somebody who is away comes back and reads what was said meanwhile.

    None while nobody knows when that is: then the end of their absence tells them.
    """
    return Wake(shift_owner(person), facts.revision.coverage.next_shift(facts.revision.people[person], facts.now))


def is_there(facts: Facts, person: PersonId) -> bool:
    """Whether this person of ours is on shift now."""
    return facts.revision.coverage.is_on_shift(facts.revision.people[person], facts.now)


def closing_wake(facts: Facts, ticket: Ticket) -> Wake:
    """A resolved ticket is closed after a while."""
    at = after(facts.now, facts.revision.rules.close_after, line_calendar(facts.revision, ticket))
    return Wake(waiting_owner(ticket.id), at)


def promised_channel(facts: Facts, ticket: Ticket) -> str:
    """The channel whose promises count for a ticket.

    What the second line does is promised by its urgency, whichever channel it came by, where there is such a promise.
    """
    plan, policy = facts.pinned.plan(ticket.plan), facts.pinned.policies[ticket.policy]
    if ticket.rule == second_line.__name__ and not plan.is_senior:
        metrics = promise.RESPONSES
        if all(targets_for(policy, ticket.urgency, metric, BY_URGENCY, at=facts.now) for metric in metrics):
            return BY_URGENCY
    return served_as(plan, ticket.channel)


def served_as(plan: Plan, channel: str) -> str:
    """A plan that does not have this channel serves it as it serves mail."""
    return channel if channel in plan.channels else MAIL


def due_first(clocks: Sequence[Clock]) -> Instant | None:
    """When the first running promise is due."""
    owed = promise.next_due(tuple(clocks))
    return owed.due_at if owed else None


def after(at: Instant, within: Within, calendar: Calendar) -> Instant:
    """The moment a length later: of real time, or so many business days of that calendar."""
    if isinstance(within, BusinessDays):
        return calendar.advance(at, calendar.business_days(at, within))
    return later(at, within)


def _wake_at(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> Instant | None:
    """When to look at its promises again: a mark, a breach, or the next step of its ladder."""
    if not ticket.status.is_open:
        return None
    moments = (promise.wake_at(tuple(clocks), facts.calendars, at=facts.now), step_falls_at(facts, ticket, clocks))
    return min((max(one, facts.now) for one in moments if one is not None), default=None)


def _former(facts: Facts, ticket: Ticket) -> PersonId | None:
    former = facts.ticket.assignee if facts.ticket is not None and facts.ticket.id == ticket.id else None
    return former if facts.revision.person(former) else None
