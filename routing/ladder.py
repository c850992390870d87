"""Who is told further up, and when: the steps of a ladder, in the clock's own time after the breach.

Steps are frozen when a clock starts; who stands behind a role is asked when the step fires. A step with nobody on it is
skipped at once, so that the next one does not wait for a person who does not exist.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from routing.people import Line, LineId, Person, PersonId, Role


@dataclass(frozen=True, slots=True)
class Step:
    """`tell` is a role, a person or a line, `after_for` how long after the breach in the clock's own time."""

    after_for: timedelta
    tell: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one escalation, soonest first."""

    id: str
    steps: tuple[Step, ...]


def told(tell: str, people: Mapping[PersonId, Person], lines: Mapping[LineId, Line]) -> tuple[PersonId, ...]:
    """The people behind a step's word, in a stable order; empty when nobody is."""
    if PersonId(tell) in people:
        return (PersonId(tell),)
    if LineId(tell) in lines:
        return tuple(person for person in lines[LineId(tell)].people if person in people)
    return tuple(sorted(_with_role(tell, people.values())))


def _with_role(role: str, people: Iterable[Person]) -> Iterable[PersonId]:
    return (person.id for person in people if role in {Role(one).value for one in person.roles})
