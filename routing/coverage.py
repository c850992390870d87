"""Who is on shift, and until when: a person's calendar minus their absences.

Moments are instants; the calendars know the zones. Absences are half open, `since` in and `until` out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routing.people import Person, PersonId
from sla.calendar import Calendar
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Absence:
    """Leave of one person; `backup` stands in where the person's own backup would."""

    person: PersonId
    since: Instant
    until: Instant
    backup: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The calendars and absences that decide who is there."""

    calendars: Mapping[str, Calendar]
    absences: tuple[Absence, ...] = ()

    def absence(self, person: Person, at: Instant) -> Absence | None:
        """The leave this person is on at that moment, if any."""
        for one in self.absences:
            if one.person == person.id and one.since <= at < one.until:
                return one
        return None

    def is_on_shift(self, person: Person, at: Instant) -> bool:
        """Whether the person works at that moment."""
        return self.calendars[person.calendar].is_open(at) and self.absence(person, at) is None

    def shift_ends(self, person: Person, at: Instant) -> Instant | None:
        """When the running shift of a person who is on shift ends; None for somebody who is not there."""
        return self.calendars[person.calendar].closes_at(at) if self.is_on_shift(person, at) else None

    def next_shift(self, person: Person, at: Instant) -> Instant:
        """The earliest moment from `at` on at which the person works."""
        moment = self.calendars[person.calendar].next_open(at)
        while absence := self.absence(person, moment):
            moment = self.calendars[person.calendar].next_open(absence.until)
        return moment

    def first_back(self, people: Iterable[Person], at: Instant) -> Instant | None:
        """The earliest moment somebody of these works; None where there is nobody at all."""
        return min((self.next_shift(person, at) for person in people), default=None)
