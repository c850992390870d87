"""Who is told further up, and when: the steps of a ladder, in the clock's own time after the breach.

Steps are frozen when a clock starts; who stands behind a role is asked when the step falls. A step with nobody on it is
skipped at once, so that the next one does not wait for a person who does not exist. Steps that fall together, after a
downtime or an acknowledgement that ran out, are told by the highest of them.

    waiting --broken--> climbing --acknowledged--> quiet --it ran out--> climbing      any --answered, resolved--> over
    waiting, climbing, quiet --a client asks for it--> one step higher, at once
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from routing.coverage import Coverage
from routing.people import Line, LineId, Person, PersonId, Role
from sla.calendar import Calendar
from sla.duration import Instant, millis

#: How long an acknowledgement keeps a ladder quiet, in the clock's own time.
QUIET_FOR = timedelta(minutes=60)


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


@dataclass(frozen=True, slots=True)
class Climb:
    """One ladder for one clock. `told` counts the steps that are behind it, told or skipped.

    Before the breach `broken_at` is None and no step falls by itself. From `quiet_since` to before `quiet_until` steps
    wait because somebody acknowledged; for good where `quiet_until` is None.
    """

    steps: tuple[Step, ...]
    broken_at: Instant | None = None
    told: int = 0
    quiet_since: Instant | None = None
    quiet_until: Instant | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """The step to tell now, counted from 1, with the milder ones it tells for, and those that nobody stands on."""

    step: int
    tell: str
    coalesced: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()


def falls_at(climb: Climb, calendar: Calendar) -> Instant | None:
    """When the next step falls by itself, None when none does. `calendar` is what the clock counts in."""
    return None if climb.is_over or climb.told >= len(climb.steps) else _falls_at(climb, climb.told, calendar)


def climbed(
    climb: Climb, calendar: Calendar, *, at: Instant, is_manned: Callable[[Step], bool] = lambda _: True
) -> tuple[Climb, Rung | None]:
    """Tell what has fallen by `at`, at most one step: the highest with somebody on it.

    Where nobody stands on any of them, the next step with somebody is told at once.
    """
    fallen = climb.told
    while not climb.is_over and fallen < len(climb.steps):
        moment = _falls_at(climb, fallen, calendar)
        if moment is None or moment > at:
            break
        fallen += 1
    return (climb, None) if fallen == climb.told else _told_up_to(climb, fallen, is_manned)


def escalated(climb: Climb, *, is_manned: Callable[[Step], bool] = lambda _: True) -> tuple[Climb, Rung | None]:
    """The client asks for somebody higher: the next step now, whether or not anything is broken or acknowledged."""
    if climb.is_over or climb.told >= len(climb.steps):
        return climb, None
    return _told_up_to(climb, climb.told + 1, is_manned)


def broken(climb: Climb, *, at: Instant) -> Climb:
    """The promise broke at `at`, its due moment: the steps that are left count from there. Once broken it stays so."""
    return climb if climb.broken_at is not None else replace(climb, broken_at=at)


def acknowledged(climb: Climb, calendar: Calendar, *, at: Instant, within: timedelta | None = QUIET_FOR) -> Climb:
    """Somebody has it: steps wait so long in the clock's own time, or for good. The promise stays broken."""
    until = None if within is None else calendar.advance(at, millis(within))
    return replace(climb, quiet_since=at, quiet_until=until)


def over(climb: Climb) -> Climb:
    """Answered or resolved: nobody is told any more."""
    return replace(climb, is_over=True)


def told(tell: str, people: Mapping[PersonId, Person], lines: Mapping[LineId, Line]) -> tuple[PersonId, ...]:
    """The people behind a step's word, in a stable order; empty when nobody is."""
    if PersonId(tell) in people:
        return (PersonId(tell),)
    if LineId(tell) in lines:
        return tuple(person for person in lines[LineId(tell)].people if person in people)
    return tuple(sorted(_with_role(tell, people.values())))


def answering(
    tell: str, people: Mapping[PersonId, Person], lines: Mapping[LineId, Line], coverage: Coverage, at: Instant
) -> tuple[PersonId, ...]:
    """The same as things stand at a moment: of a line whose week it is, for each on leave whoever stands in."""
    line = lines.get(LineId(tell)) if PersonId(tell) not in people else None
    found = coverage.whose_turn(line, people, at) if line is not None else told(tell, people, lines)
    here = (coverage.answering(people[one], people, at) for one in found)
    return tuple(dict.fromkeys(one for one in here if one is not None))


def _falls_at(climb: Climb, index: int, calendar: Calendar) -> Instant | None:
    if climb.broken_at is None:
        return None
    moment = calendar.advance(climb.broken_at, millis(climb.steps[index].after_for))
    if climb.quiet_since is None or moment < climb.quiet_since:
        return moment
    # Quiet for good: no later step falls. Else it waits for the end of the quiet, or for its own later moment.
    return None if climb.quiet_until is None else max(moment, climb.quiet_until)


def _told_up_to(climb: Climb, fallen: int, is_manned: Callable[[Step], bool]) -> tuple[Climb, Rung | None]:
    """All steps before `fallen` have come: which of them is told, or which one instead."""
    steps = climb.steps
    manned = [index for index in range(climb.told, fallen) if is_manned(steps[index])]
    if not manned:
        manned = [index for index in range(fallen, len(steps)) if is_manned(steps[index])][:1]
    if not manned:
        return replace(climb, told=len(steps)), None
    highest = manned[-1]
    empty = tuple(index + 1 for index in range(climb.told, max(fallen, highest)) if not is_manned(steps[index]))
    rung = Rung(highest + 1, steps[highest].tell, tuple(index + 1 for index in manned[:-1]), empty)
    return replace(climb, told=max(fallen, highest + 1)), rung


def _with_role(role: str, people: Iterable[Person]) -> Iterable[PersonId]:
    return (person.id for person in people if role in {Role(one).value for one in person.roles})
