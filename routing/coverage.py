"""Who is on shift, and until when: a person's calendar minus their absences.

Moments are instants; the calendars know the zones. Absences are half open, `since` in and `until` out. One without an
end lasts until somebody ends it: whoever is on it has no next shift.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routing.people import Line, Person, PersonId
from sla.calendar import Calendar
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Absence:
    """Leave of one person; `backup` stands in where the person's own backup would."""

    person: PersonId
    since: Instant
    until: Instant | None
    backup: PersonId | None = None

    def is_on(self, at: Instant) -> bool:
        """Whether it is going on at that moment."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The calendars and absences that decide who is there."""

    calendars: Mapping[str, Calendar]
    absences: tuple[Absence, ...] = ()

    def absence(self, person: Person, at: Instant) -> Absence | None:
        """The leave this person is on at that moment, if any; of several the one that ends last."""
        if not self.absences:  # asked of everybody with each message, and mostly nobody is away
            return None
        now = [one for one in self.absences if one.person == person.id and one.is_on(at)]
        return max(now, key=lambda one: (one.until is None, one.until or 0), default=None)

    def is_on_shift(self, person: Person, at: Instant) -> bool:
        """Whether the person works at that moment."""
        return self.calendars[person.calendar].is_open(at) and self.absence(person, at) is None

    def shift_ends(self, person: Person, at: Instant) -> Instant | None:
        """When the running shift of a person who is on shift ends; None for somebody who is not there."""
        return self.calendars[person.calendar].closes_at(at) if self.is_on_shift(person, at) else None

    def next_shift(self, person: Person, at: Instant) -> Instant | None:
        """The earliest moment from `at` on at which the person works; None while nobody knows when they are back."""
        moment = self.calendars[person.calendar].next_open(at)
        while absence := self.absence(person, moment):
            if absence.until is None:
                return None
            moment = self.calendars[person.calendar].next_open(absence.until)
        return moment

    def answering(self, person: Person, people: Mapping[PersonId, Person], at: Instant) -> PersonId | None:
        """Whoever answers for a person at that moment: on leave the one named on it, else the one named in the desk.

        None where those are on leave as well: who stands in for them is not asked, so that no circle goes round.
        """
        leave = self.absence(person, at)
        if leave is None:
            return person.id
        named = (people.get(one) for one in (leave.backup, person.backup) if one is not None)
        return next((one.id for one in named if one is not None and self.absence(one, at) is None), None)

    def first_back(self, people: Iterable[Person], at: Instant) -> Instant | None:
        """The earliest moment somebody of these works; None where nobody of them is known to come."""
        moments = (self.next_shift(person, at) for person in people)
        return min((moment for moment in moments if moment is not None), default=None)

    def whose_turn(self, line: Line, people: Mapping[PersonId, Person], at: Instant) -> tuple[PersonId, ...]:
        """Who of a line is meant at that moment: all of them, or the one whose week it is.

        Where that one is on leave, whoever has the week after stands in.
        """
        known = tuple(one for one in line.people if one in people)
        if line.turns_from is None or not known:
            return known
        week = (self.calendars[line.calendar].day_of(at) - line.turns_from).days // 7
        ordered = known[week % len(known) :] + known[: week % len(known)]
        return next(((one,) for one in ordered if self.absence(people[one], at) is None), ordered[:1])
