"""Where a ticket stands on its ladder after whatever happened, and when the next step falls.

    nothing broken ──a breach is told──> climbing ──the next step falls──> climbing ──answered, resolved──> nothing
                                         climbing ──acknowledged──> quiet ──it ran out──> climbing
    anything ──somebody asks for more──> one step higher, at once

One ticket climbs once, however many of its promises are broken: the one that broke first sets the pace, and where it is
answered while another is still broken, that one goes on from the step that was reached.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.tickets.facts import Event, Facts
from bot.tickets.ladder.calling import behind, called
from bot.tickets.ladder.climbing import Climbing, climbing_from_text, climbing_to_text
from bot.tickets.ticket import Status, Ticket
from routing import ladder
from routing.ladder import QUIET_FOR, Climb, Rung, Step
from routing.people import PersonId
from sla.calendar import ALWAYS, Calendar
from sla.clock import BREACH, Clock, State
from sla.duration import Instant, length
from sla.policy import Metric
from sla.promise import calendar_of, next_due

#: What whoever has a ticket does to say that they are at it.
_DEEDS: Final = frozenset({"picked_up", "handed_over"})
_WAITING: Final = frozenset({Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY})


def standing(facts: Facts, ticket: Ticket, clocks: Sequence[Clock], events: Sequence[Event] = ()) -> Climbing | None:
    """The ladder of `ticket` with these clocks, as it stands after these events.

    None where nothing was told and nothing is broken.
    """
    known = ticket.ladder
    broken = told_broken(clocks)
    if not ticket.status.is_open or (known is None and not broken):
        return None
    if not broken:
        return _unbroken(facts, ticket, known or Climbing(), clocks, events)
    known = _taken_up_again(known or Climbing(), broken)
    if known.paged_at is not None and _is_looked_after(facts, ticket, known.paged_at, events):
        duty = _at_it(facts, ticket, events) or known
        known = replace(known, paged_at=None, on_call=duty.on_call, on_call_at=duty.on_call_at)
    own = next((one for one in broken if (one.metric, one.started_at) == (known.metric, known.started_at)), None)
    if own is None:
        own = min(broken, key=lambda one: one.breached_at or 0)
        known = _counting_by(own, known)
    return _waiting(known, ticket, own, calendar_of(own, facts.calendars), facts.now)


def told_broken(clocks: Sequence[Clock]) -> list[Clock]:
    """The clocks whose breach was told and which still owe an answer."""
    return [
        one
        for one in clocks
        if one.state is State.BREACHED
        and one.ended_at is None
        and BREACH in one.fired
        and one.metric is not Metric.PICK_UP
    ]


def steps_of(facts: Facts, ticket: Ticket, known: Climbing | None = None) -> tuple[Step, ...]:
    """The steps of its ladder, as they were when it opened; the ladder may have been named otherwise since."""
    name = known.ladder if known is not None else None
    found = facts.pinned.ladders.get(name or facts.pinned.plan(ticket.plan).ladder)
    return found.steps if found is not None else ()


def step_falls_at(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> Instant | None:
    """When the next step falls by itself; None when none does."""
    known = ticket.ladder
    if known is None or known.waits_since is not None or not ticket.status.is_open:
        return None
    climb, pace = _climb(facts, ticket, known), pace_of(facts, known, clocks)
    at = ladder.falls_at(climb, pace)
    if at is None or at > facts.now:
        return at
    # Those on it are not at work: as the first of them comes, or as a later step falls.
    moments: list[Instant | None] = []
    while at is not None and at <= facts.now:
        moments.append(_comes_at(facts, climb.steps[climb.told].tell))
        climb = replace(climb, told=climb.told + 1)
        at = ladder.falls_at(climb, pace)
    return min((one for one in (*moments, at) if one is not None and one > facts.now), default=facts.now)


def climbed(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> tuple[Climbing | None, Rung | None]:
    """The ladder with whatever has fallen by now told: at most one step, for the others that fell with it."""
    known = standing(facts, ticket, clocks)
    if known is None or known.waits_since is not None:
        return known, None
    clock = clock_of(known, clocks)
    calendar = pace_of(facts, known, clocks)
    begun = _climb(facts, ticket, known)

    def at_work(step: Step) -> bool:
        return bool(called(facts, ticket, clock, behind(facts, step.tell)))

    climb, rung = ladder.climbed(begun, calendar, at=facts.now, is_manned=at_work)
    if rung is None or not _has_fallen(begun, rung, calendar, facts.now):
        climb, rung = ladder.climbed(
            begun, calendar, at=facts.now, is_manned=lambda step: bool(behind(facts, step.tell))
        )
        if rung is not None and _comes_at(facts, rung.tell) is not None and not at_work(begun.steps[rung.step - 1]):
            return known, None
    return _told(facts, known, climb, rung), rung


def _has_fallen(climb: Climb, rung: Rung, calendar: Calendar, now: Instant) -> bool:
    at = ladder.falls_at(replace(climb, told=rung.step - 1), calendar)
    return at is not None and at <= now


def _comes_at(facts: Facts, tell: str) -> Instant | None:
    """When the first of those behind a step's word is at work."""
    people = (facts.revision.people[one] for one in behind(facts, tell))
    return facts.revision.coverage.first_back(people, facts.now)


def asked_higher(
    facts: Facts, ticket: Ticket, *, but: PersonId | None = None, is_patient: bool = True
) -> tuple[Climbing, Rung | None]:
    """Somebody asks for more: the next step, now, with somebody on it other than whoever asks.

    Where `is_patient`, asking again tells somebody only when the last step has had its time: what lies between the two
    steps of the ladder, and on its top as long as an acknowledgement holds.
    """
    known = ticket.ladder or Climbing()
    steps = steps_of(facts, ticket, known)
    if is_patient and known.asked_at is not None and length(facts.now - known.asked_at) < _patience(steps, known):
        return known, None
    climb, rung = ladder.escalated(
        _climb(facts, ticket, known), is_manned=lambda step: bool(set(behind(facts, step.tell)) - {but})
    )
    told = _told(facts, known, climb, rung)
    asked = replace(told, asked=told.told) if rung is not None else told
    return (replace(asked, asked_at=facts.now) if is_patient else asked), rung


def acknowledged(facts: Facts, ticket: Ticket, by: PersonId, calendar: Calendar) -> Climbing:
    """`by` looks after it: for so long no further step falls, and no first one where nothing is broken yet.

    Before a breach that counts in the time of the promise that is due first; in `calendar` where there is none.
    """
    known = ticket.ladder or Climbing()
    if known.broken_at is not None:
        pace = pace_of(facts, known, facts.clocks)
    else:
        owed = next_due(facts.clocks)
        pace = calendar_of(owed, facts.calendars) if owed is not None else calendar
    climb = ladder.acknowledged(_climb(facts, ticket, known), pace, at=facts.now, within=QUIET_FOR)
    # Acknowledged anew while it is quiet, it has been quiet all along: steps that waited wait on.
    goes_on = known.quiet_until is not None and facts.now <= known.quiet_until
    since = known.quiet_since if goes_on else climb.quiet_since
    return replace(known, quiet_since=since, quiet_until=climb.quiet_until, quiet_by=by)


def unheeded(facts: Facts, ticket: Ticket) -> Ticket:
    """Whoever acknowledged it is not there to look after it: its ladder goes on as if nobody had.

    Where its last step was told already, that one falls again, for those who stand on it by now.
    """
    known = ticket.ladder or Climbing()
    last = len(steps_of(facts, ticket, known)) - 1
    told = min(known.told, max(last, 0)) if known.broken_at is not None else known.told
    return replace(ticket, ladder=replace(known, told=told, quiet_since=None, quiet_until=None, quiet_by=None))


def fallen_unheard(facts: Facts, ticket: Ticket, known: Climbing, broke: Sequence[Clock]) -> Climbing:
    """The promise that it counts by broke while nobody was at work whom its steps were told to before.

    Whoever stands on the last of these hears as they come: the step falls again.
    """
    if not known.told or clock_of(known, broke) is None:
        return known
    return replace(known, told=min(known.told, len(steps_of(facts, ticket, known))) - 1)


def pace_of(facts: Facts, known: Climbing, clocks: Sequence[Clock]) -> Calendar:
    """In whose time its steps fall: the broken clock's, or real time for a page."""
    clock = clock_of(known, clocks)
    return calendar_of(clock, facts.calendars) if clock is not None else ALWAYS


def clock_of(known: Climbing, clocks: Sequence[Clock]) -> Clock | None:
    """The broken clock that it climbs by; None for a page."""
    own = (one for one in clocks if (one.metric, one.started_at) == (known.metric, known.started_at))
    return next(own, None)


def _counting_by(clock: Clock, known: Climbing) -> Climbing:
    """The same ladder by another clock's breach. A page out of hours ends there: the plan's own ladder begins."""
    kept = replace(_remembered(known), paged_at=known.broken_at) if known.ladder is not None else known
    return replace(
        kept,
        metric=clock.metric.value,
        started_at=clock.started_at,
        broken_at=clock.breached_at,
        waits_since=None,
        put_off_ms=0,
        was="",
    )


def _patience(steps: Sequence[Step], known: Climbing) -> timedelta:
    if 0 < known.told < len(steps):
        return steps[known.told].after_for - steps[known.told - 1].after_for
    return QUIET_FOR if known.told >= len(steps) else timedelta(0)


def _remembered(known: Climbing) -> Climbing:
    """What outlives a page: what was asked for, and who is on duty."""
    return Climbing(asked=known.asked, asked_at=known.asked_at, on_call=known.on_call, on_call_at=known.on_call_at)


def _unbroken(
    facts: Facts, ticket: Ticket, known: Climbing, clocks: Sequence[Clock], events: Sequence[Event]
) -> Climbing | None:
    """Nothing is broken (any more): a page goes on until somebody has the ticket; what was asked for is remembered."""
    if known.ladder is not None:
        since = known.broken_at or facts.now
        return _at_it(facts, ticket, events) if _is_looked_after(facts, ticket, since, events) else known
    if known.metric is None:
        left = _heard(ticket, known)
    else:
        answered = any(
            (one.metric, one.started_at, one.state) == (known.metric, known.started_at, State.MET_LATE)
            for one in clocks
        )
        people = known.people if known.asked else ()
        was = climbing_to_text(known) if answered else ""
        left = replace(_remembered(known), told=known.asked, people=people, was=was)
    return left if left != Climbing() else None


def _heard(ticket: Ticket, known: Climbing) -> Climbing:
    """An acknowledgement from before any breach holds until somebody answers."""
    is_answered = known.quiet_since is not None and (ticket.staff_spoke_at or 0) >= known.quiet_since
    return replace(known, quiet_since=None, quiet_until=None, quiet_by=None) if is_answered else known


def _taken_up_again(known: Climbing, broken: Sequence[Clock]) -> Climbing:
    """The answer that ended it never arrived: it goes on from where it was, with whatever was asked for since."""
    earlier = climbing_from_text(known.was) if known.was else None
    if earlier is None or not any(
        (one.metric, one.started_at) == (earlier.metric, earlier.started_at) for one in broken
    ):
        return known
    return replace(
        earlier,
        told=max(earlier.told, known.told),
        people=tuple(dict.fromkeys((*earlier.people, *known.people))),
        asked=max(earlier.asked, known.asked),
        asked_at=known.asked_at,
    )


def _is_looked_after(facts: Facts, ticket: Ticket, since: Instant, events: Sequence[Event]) -> bool:
    """Whether anybody answered since the page began, or whoever has it is there, or says now that they are at it."""
    if ticket.staff_spoke_at is not None and ticket.staff_spoke_at >= since:
        return True
    person = facts.revision.person(ticket.assignee)
    if person is None:
        return False
    if any(one.what in _DEEDS and one.by == person.id for one in events):
        return True
    return person.id not in ticket.passed_over and facts.revision.coverage.is_on_shift(person, facts.now)


def _at_it(facts: Facts, ticket: Ticket, events: Sequence[Event]) -> Climbing | None:
    """Somebody is at what was paged for: who has it outside their own hours stays on duty for it."""
    person = facts.revision.person(ticket.assignee)
    if person is None or facts.revision.coverage.is_on_shift(person, facts.now):
        return None
    is_theirs = any(one.by == person.id for one in events)
    return Climbing(on_call=person.id, on_call_at=facts.now) if is_theirs else None


def _waiting(known: Climbing, ticket: Ticket, clock: Clock, calendar: Calendar, now: Instant) -> Climbing:
    """While we wait for others nobody further up is told; an ETA is a moment, whoever it waits for."""
    if ticket.status in _WAITING and clock.metric is not Metric.ETA:
        return known if known.waits_since is not None else replace(known, waits_since=now)
    if known.waits_since is None:
        return known
    since = max(known.waits_since, known.broken_at or known.waits_since)
    took = calendar.open_between(since, max(since, now))
    return replace(known, waits_since=None, put_off_ms=known.put_off_ms + took)


def _climb(facts: Facts, ticket: Ticket, known: Climbing) -> Climb:
    put_off = timedelta(milliseconds=known.put_off_ms)
    steps = tuple(replace(step, after_for=step.after_for + put_off) for step in steps_of(facts, ticket, known))
    return Climb(steps, known.broken_at, min(known.told, len(steps)), known.quiet_since, known.quiet_until)


def _told(facts: Facts, known: Climbing, climb: Climb, rung: Rung | None) -> Climbing:
    people = behind(facts, rung.tell) if rung is not None else ()
    return replace(known, told=climb.told, people=tuple(dict.fromkeys((*known.people, *people))))
