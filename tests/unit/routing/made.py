"""A small line of people for the rules to choose from, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from routing.coverage import Absence, Coverage
from routing.people import Client, ClientId, Line, LineId, Person, PersonId, Plan, PlanId, Role
from routing.route import Facts
from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, instant


def at(text: str) -> Instant:
    """A moment as people write it, with its offset."""
    return instant(datetime.fromisoformat(text))


TUESDAY_NOON = at("2026-03-03T12:00+03:00")


def calendar(week: Mapping[str, Sequence[str]]) -> Calendar:
    spec = CalendarSpec(
        key="made",
        zone="fixed:+03:00",
        week=parse_week(week),
        days={},
        holidays=frozenset(),
        holiday_scope="window_start",
        day_length=timedelta(hours=9),
        effective_from=None,
    )
    return compile_calendar(spec, start=at("2026-01-01T00:00Z"), end=at("2027-06-01T00:00Z"))


CALENDARS = {"office": calendar({"mon-fri": ["10:00-19:00"]}), "night": calendar({"mon-fri": ["22:00-06:00"]})}


def person(
    name: str, *roles: Role, hours: str = "office", backup: str | None = None, room: int | None = None
) -> Person:
    backed = PersonId(backup) if backup else None
    return Person(PersonId(name), name.title(), frozenset(roles or {Role.MANAGER}), hours, backed, capacity=room)


def facts(
    *people: Person,
    manager: str | None = None,
    backup: str | None = None,
    line: Sequence[str] = (),
    absences: Sequence[Absence] = (),
    **more: object,
) -> Facts:
    """Facts on a Tuesday at noon; without a manager the client has none, `more` replaces any field."""
    known = {one.id: one for one in people}
    made = Facts(
        at=TUESDAY_NOON,
        plan=Plan(PlanId("premium"), "Premium", "premium", LineId("first"), "lead", ("telegram",)),
        people=known,
        lines={LineId("first"): Line(LineId("first"), tuple(map(PersonId, line)), "office")},
        coverage=Coverage(CALENDARS, tuple(absences)),
        client=Client(
            ClientId("acme"),
            "Acme",
            PlanId("premium"),
            PersonId(manager) if manager else None,
            PersonId(backup) if backup else None,
        ),
    )
    return replace(made, **more)  # type: ignore[arg-type]
