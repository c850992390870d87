"""When somebody is there again who would be given the work, and who that is.

The routing rules themselves are asked, at every moment from which on their answer may be another one: a shift begins,
the hours of a channel open, leave begins or ends, the turn of a line passes on. So what a client is told is what will
happen, as far as anybody knows now. Room for more tickets is not looked at: nobody knows who has any by then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from routing.people import Line, Person, PersonId, Role
from routing.route import Assignment, Facts, route
from sla.calendar import ALWAYS
from sla.duration import Instant, instant, later

#: Hours that have not met in all of a year are taken never to meet: every message that waits asks for this.
FURTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Opening:
    """The first moment at which the rules name somebody, and whom by which rule."""

    at: Instant
    assignment: Assignment


def opening(facts: Facts) -> Opening | None:
    """The first moment from `facts.at` on; None while nobody who might be named is known to come."""
    people = _candidates(facts)
    at, until = facts.at, later(facts.at, FURTHEST)
    while True:
        there_at = facts.coverage.first_back(people, at)
        if there_at is None:
            return None
        found = route(replace(facts, at=there_at, load={}))
        if found.person is not None:
            return Opening(there_at, found)
        further_at = _next_edge(facts, people, there_at)
        if further_at is None or further_at > until:
            return None
        at = further_at


def _candidates(facts: Facts) -> tuple[Person, ...]:
    """Whoever any rule may name at any moment."""
    lines = [facts.lines.get(facts.plan.line), *(one for one in facts.lines.values() if facts.kind in one.kinds)]
    if facts.plan.off_hours_line is not None:
        lines.append(facts.lines.get(facts.plan.off_hours_line))
    found: set[PersonId | None] = {one for line in lines if line is not None for one in line.people}
    if facts.plan.is_senior:
        found.update(one.id for one in facts.people.values() if Role.SENIOR in one.roles)
    own = [one for one in (facts.assignee, facts.client.manager if facts.client else None) if one is not None]
    found.update((*own, facts.client.backup if facts.client else None))
    found.update(facts.people[one].backup for one in own if one in facts.people)
    found.update(leave.backup for leave in facts.coverage.absences if leave.person in own)
    return tuple(facts.people[one] for one in sorted(one for one in found if one in facts.people and one is not None))


def _next_edge(facts: Facts, people: Iterable[Person], at: Instant) -> Instant | None:
    """The next moment after `at` from which on the rules may name somebody whom they did not name before."""
    hours = {one.calendar for one in people} | {facts.plan.coverage.get(facts.channel)}
    found = [_next_opening(facts, key, at) for key in hours if key is not None]
    found += [moment for leave in facts.coverage.absences for moment in (leave.since, leave.until)]
    found += [_midnight(facts, line, at) for line in facts.lines.values() if line.turns_from is not None]
    return min((one for one in found if one is not None and one > at), default=None)


def _next_opening(facts: Facts, key: str, at: Instant) -> Instant | None:
    calendar = facts.coverage.calendars[key]
    if calendar is ALWAYS:
        return None
    if not calendar.is_open(at):
        return calendar.next_open(at)
    closes_at = calendar.closes_at(at)
    return calendar.next_open(closes_at) if closes_at is not None else None


def _midnight(facts: Facts, line: Line, at: Instant) -> Instant:
    calendar = facts.coverage.calendars[line.calendar]
    return instant(datetime.combine(calendar.day_of(at) + timedelta(days=1), time(0), calendar.tz))
