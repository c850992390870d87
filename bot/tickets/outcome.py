"""What every decision about a ticket ends with, so that no rule can forget it: versions, next due moment, wake-ups.

Also the few questions that several decisions ask: who gets it now, which texts a person reads, when somebody is back.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.care.snoozing import came_back, why_back
from bot.tickets.care.told_due import put_right
from bot.tickets.care.unread import unread_wakes
from bot.tickets.facts import Decision, Effect, Event, Facts, Heard, Note, ShowCard, Wake
from bot.tickets.ladder.picking import picking
from bot.tickets.ladder.standing import standing, step_falls_at
from bot.tickets.people.shifts import shift_wakes
from bot.tickets.relays import relays
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts, nearest_language
from bot.tickets.ticket import Ticket, TicketId
from routing.opening import Opening, opening
from routing.people import Client, LineId, Person, PersonId, Plan
from routing.route import Assignment, backup, own_assignee, own_manager, route, second_line
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
#: The rules that name somebody whom a client knows by name.
OF_THEIR_OWN: Final = frozenset(rule.__name__ for rule in (own_assignee, own_manager, backup))


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
    ticket, put_right_by, said_later = put_right(facts, ticket, clocks, contact_texts(facts))
    events, effects = (*events, *put_right_by), (*effects, *said_later)
    next_due = due_first(clocks) if ticket.status.is_open else None
    if (ladder := standing(facts, ticket, clocks, events)) != ticket.ladder:
        ticket = replace(ticket, ladder=ladder)
    wake = wake_at(facts, ticket, clocks)
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
            *shift_wakes(facts, ticket, events),
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
    revision = facts.revision
    known = RouteFacts(
        at=facts.now,
        plan=plan,
        people=revision.people,
        lines=revision.lines,
        coverage=revision.coverage,
        client=client,
        assignee=assignee,
        kind=kind,
        load=facts.load,
        passed_over=passed_over,
        channel=channel,
        language=facts.speaker.language,
    )
    return route(known)


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
    """When a client may expect somebody, seen from `at`, and who that is; nobody by name where any of a line may come.

    None for the moment while nobody is known to come.
    """
    found = opening(_awaited(revision, ticket, at))
    if found is None:
        return None, None
    is_theirs = found.assignment.rule in OF_THEIR_OWN
    return revision.person(found.assignment.person) if is_theirs else None, found.at


def first_opening(revision: Revision, ticket: Ticket, at: Instant) -> Instant | None:
    """The first moment at which the rules name somebody for a ticket that waits."""
    found = opening(_awaited(revision, ticket, at))
    return found.at if found is not None else None


def opening_for(revision: Revision, client: Client | None, channel: str, at: Instant) -> Opening | None:
    """The same for what is no ticket yet, with whom they name; without a client, for whoever is not known."""
    plan = revision.plan(client.plan if client is not None else revision.public_plan)
    language = (client.language if client is not None else None) or revision.language
    return opening(route_facts(revision, plan, client, at, channel=served_as(plan, channel), language=language))


def _awaited(revision: Revision, ticket: Ticket, at: Instant) -> RouteFacts:
    plan, client = revision.plan(ticket.plan), client_of(revision, ticket)
    facts = route_facts(revision, plan, client, at, channel=served_as(plan, ticket.channel))
    return replace(facts, kind=ticket.kind, assignee=ticket.assignee)


def route_facts(
    revision: Revision, plan: Plan, client: Client | None, at: Instant, *, channel: str, language: str = ""
) -> RouteFacts:
    """What routing looks at of the desk for a client of this plan; what is known of one ticket is added to it."""
    return RouteFacts(
        at=at,
        plan=plan,
        people=revision.people,
        lines=revision.lines,
        coverage=revision.coverage,
        client=client,
        channel=channel,
        language=language,
    )


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
    plan, policy = facts.pinned.plan(ticket.plan), facts.policy_of(ticket)
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


def wake_at(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> Instant | None:
    """When to look at its promises again: a mark, a breach, or the next step of its ladder."""
    if not ticket.status.is_open:
        return None
    moments = (promise.wake_at(tuple(clocks), facts.calendars, at=facts.now), step_falls_at(facts, ticket, clocks))
    return min((max(one, facts.now) for one in moments if one is not None), default=None)


def _former(facts: Facts, ticket: Ticket) -> PersonId | None:
    former = facts.ticket.assignee if facts.ticket is not None and facts.ticket.id == ticket.id else None
    return former if facts.revision.person(former) else None
