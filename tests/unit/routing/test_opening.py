"""When somebody is there again who would be given the work: what the rules will say, not a guess at it."""

from dataclasses import replace
from datetime import date

import pytest

from routing.coverage import Absence, Coverage
from routing.opening import opening
from routing.people import Client, ClientId, Line, LineId, PersonId, Plan, PlanId, Role
from routing.route import Facts
from sla.duration import Instant
from tests.unit.routing.made import CALENDARS, at, calendar, facts, person

EVENING = at("2026-03-03T20:00+03:00")
HOURS = {**CALENDARS, "chat": calendar({"mon-fri": ["12:00-21:00"]})}


def said(found: Facts) -> tuple[str | None, str] | None:
    """Who comes, by which rule; None for nobody."""
    one = opening(found)
    return (one.assignment.person, one.assignment.rule) if one is not None else None


def leave(name: str, since: str, until: str | None, backup: str | None = None) -> Absence:
    stands_in = PersonId(backup) if backup else None
    return Absence(PersonId(name), at(since), at(until) if until else None, stands_in)


def test_the_manager_is_named_when_they_come_first_and_else_whoever_does() -> None:
    known = facts(person("vera"), person("owl", hours="night"), manager="vera", at=EVENING)
    assert opening(known) is not None
    assert said(known) == ("vera", "own_manager")
    with_owl = replace(known, lines={LineId("first"): Line(LineId("first"), (PersonId("owl"),), "night")})
    found = opening(with_owl)
    assert found is not None
    assert (found.at, found.assignment.person) == (at("2026-03-03T22:00+03:00"), "owl")


def test_a_stand_in_of_a_leave_that_begins_later_counts_from_then_on() -> None:
    away = leave("vera", "2026-03-04T00:00+03:00", "2026-03-20T00:00+03:00", backup="oleg")
    known = facts(person("vera"), person("oleg"), manager="vera", absences=[away], at=EVENING)
    found = opening(known)
    assert found is not None
    assert (found.at, found.assignment.person) == (at("2026-03-04T10:00+03:00"), "oleg")


@pytest.mark.parametrize(
    ("channel", "begins"),
    [
        pytest.param("inapp", "2026-03-04T12:00+03:00", id="a channel with hours of its own"),
        pytest.param("email", "2026-03-04T10:00+03:00", id="one without"),
    ],
)
def test_a_line_comes_when_its_people_and_the_channel_are_there(channel: str, begins: str) -> None:
    plan = Plan(PlanId("p"), "P", "p", LineId("first"), "lead", ("inapp",), coverage={"inapp": "chat"})
    known = facts(person("ada"), line=["ada"], at=EVENING, plan=plan, channel=channel)
    known = replace(known, coverage=Coverage(HOURS))
    found = opening(known)
    assert found is not None
    assert found.at == at(begins)


def test_hours_that_never_meet_are_waited_for_by_nobody() -> None:
    plan = Plan(PlanId("p"), "P", "p", LineId("first"), "lead", ("inapp",), coverage={"inapp": "office"})
    assert opening(facts(person("owl", hours="night"), line=["owl"], at=EVENING, plan=plan, channel="inapp")) is None


@pytest.mark.parametrize(
    ("back", "begins"),
    [
        pytest.param("2026-12-01T10:00+03:00", "2026-12-01T10:00+03:00", id="this year"),
        pytest.param("2028-03-01T10:00+03:00", None, id="in years"),
    ],
)
def test_nobody_is_looked_for_further_than_a_year_ahead(back: str, begins: str | None) -> None:
    """Each message that waits asks: hours of others that never meet must not be gone through for ever."""
    plan = Plan(PlanId("p"), "P", "p", LineId("first"), "lead", ("inapp",), coverage={"inapp": "office"})
    away = leave("ada", "2026-03-01T00:00+03:00", back)
    people = (person("owl", hours="night"), person("ada"))
    known = facts(*people, line=["owl", "ada"], at=EVENING, plan=plan, channel="inapp", absences=[away])
    found = opening(known)
    assert (found.at if found is not None else None) == (at(begins) if begins is not None else None)


def test_the_turn_passes_within_a_shift_and_at_midnight() -> None:
    """Ada's week is the first; as her leave begins on Wednesday, Bob is meant, and not Ada after it."""
    people = [person("ada"), person("bob", hours="night")]
    turns = Line(LineId("first"), (PersonId("ada"), PersonId("bob")), "office", turns_from=date(2026, 3, 2))
    away = leave("ada", "2026-03-04T09:00+03:00", "2026-03-06T00:00+03:00")
    known = facts(*people, absences=[away], at=EVENING, lines={LineId("first"): turns})
    found = opening(known)
    assert found is not None
    assert (found.at, found.assignment.person) == (at("2026-03-04T22:00+03:00"), "bob")
    alone = replace(known, coverage=Coverage(CALENDARS), at=at("2026-03-08T23:00+03:00"))
    later = opening(alone)
    assert later is not None
    assert (later.at, later.assignment.person) == (at("2026-03-09T22:00+03:00"), "bob")


def test_a_second_line_has_its_own_turns_by_kind() -> None:
    people = [person("ada"), person("bob"), person("cleo", Role.SENIOR)]
    second = Line(
        LineId("second"),
        (PersonId("ada"), PersonId("bob")),
        "office",
        kinds=frozenset({"script"}),
        turns_from=date(2026, 3, 2),
    )
    lines = {LineId("first"): Line(LineId("first"), (PersonId("cleo"),), "office"), second.id: second}
    known = facts(*people, at=EVENING, lines=lines, kind="script")
    assert said(known) == ("ada", "second_line")
    assert said(replace(known, at=at("2026-03-09T01:00+03:00"))) == ("bob", "second_line")
    assert said(replace(known, kind="funnel")) == ("cleo", "least_loaded")


def test_eight_closed_weeks_and_leave_of_a_month_are_looked_over() -> None:
    closed = leave("ada", "2026-03-03T00:00+03:00", "2026-04-28T00:00+03:00")
    further = leave("ada", "2026-04-27T00:00+03:00", "2026-05-28T00:00+03:00")
    found = opening(facts(person("ada"), line=["ada"], absences=[closed, further], at=EVENING))
    assert found is not None
    assert found.at == at("2026-05-28T10:00+03:00")


def test_nobody_comes_while_all_are_away_without_an_end() -> None:
    known = facts(person("ada"), line=["ada"], absences=[Absence(PersonId("ada"), Instant(0), None)], at=EVENING)
    assert opening(known) is None


def test_room_for_more_is_not_looked_at() -> None:
    known = facts(person("ada", room=1), line=["ada"], at=EVENING, load={PersonId("ada"): 1})
    assert said(known) == ("ada", "least_loaded")


def test_somebody_who_is_there_now_is_the_opening() -> None:
    known = facts(person("ada"), line=["ada"], client=Client(ClientId("acme"), "Acme", PlanId("premium")))
    found = opening(known)
    assert found is not None
    assert found.at == known.at
