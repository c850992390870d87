"""Who is there, and until when."""

import pytest

from routing.coverage import Absence, Coverage
from routing.people import PersonId
from tests.unit.routing.made import CALENDARS, at, person

VERA = person("vera")
BACK = at("2026-03-06T12:00+03:00")
LEAVE = Absence(PersonId("vera"), at("2026-03-04T00:00+03:00"), BACK)
COVERAGE = Coverage(CALENDARS, (LEAVE,))


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [
        pytest.param("2026-03-03T10:00+03:00", True, id="as the shift begins"),
        pytest.param("2026-03-03T18:59:59+03:00", True, id="in its last second"),
        pytest.param("2026-03-03T19:00+03:00", False, id="as it ends"),
        pytest.param("2026-03-04T12:00+03:00", False, id="on leave"),
        pytest.param("2026-03-06T11:59+03:00", False, id="in the last minute of the leave"),
        pytest.param("2026-03-06T12:00+03:00", True, id="as the leave ends"),
        pytest.param("2026-03-07T12:00+03:00", False, id="over the weekend"),
    ],
)
def test_a_person_is_there_when_their_calendar_is_open_and_no_leave_covers_it(moment: str, *, is_there: bool) -> None:
    assert COVERAGE.is_on_shift(VERA, at(moment)) is is_there


def test_the_next_shift_begins_after_the_leave_even_within_a_day() -> None:
    assert COVERAGE.next_shift(VERA, at("2026-03-03T19:00+03:00")) == at("2026-03-06T12:00+03:00")
    assert COVERAGE.next_shift(VERA, at("2026-03-03T11:00+03:00")) == at("2026-03-03T11:00+03:00")


def test_leaves_that_touch_are_one_long_leave() -> None:
    weekend = Absence(PersonId("vera"), BACK, at("2026-03-10T00:00+03:00"))
    coverage = Coverage(CALENDARS, (LEAVE, weekend))
    assert coverage.next_shift(VERA, at("2026-03-04T12:00+03:00")) == at("2026-03-10T10:00+03:00")


def test_a_shift_that_runs_past_midnight_ends_in_the_morning() -> None:
    owl = person("owl", hours="night")
    assert COVERAGE.shift_ends(owl, at("2026-03-04T01:00+03:00")) == at("2026-03-04T06:00+03:00")
    assert COVERAGE.shift_ends(owl, at("2026-03-04T12:00+03:00")) is None


def test_the_first_who_is_back_counts_and_of_nobody_there_is_none() -> None:
    owl = person("owl", hours="night")
    assert COVERAGE.first_back([VERA, owl], at("2026-03-03T19:30+03:00")) == at("2026-03-03T22:00+03:00")
    assert COVERAGE.first_back([], at("2026-03-03T19:30+03:00")) is None


def test_who_is_away_without_an_end_has_no_next_shift_and_is_waited_for_by_nobody() -> None:
    coverage = Coverage(CALENDARS, (Absence(PersonId("vera"), at("2026-03-04T00:00+03:00"), None),))
    assert coverage.next_shift(VERA, at("2026-03-03T19:00+03:00")) is None
    assert coverage.next_shift(VERA, at("2026-03-03T11:00+03:00")) == at("2026-03-03T11:00+03:00")
    assert coverage.first_back([VERA], at("2026-03-04T11:00+03:00")) is None


def test_of_leaves_at_the_same_time_the_one_that_ends_last_counts() -> None:
    longer = Absence(PersonId("vera"), LEAVE.since, at("2026-03-09T12:00+03:00"), PersonId("oleg"))
    coverage = Coverage(CALENDARS, (LEAVE, longer))
    assert coverage.absence(VERA, at("2026-03-05T12:00+03:00")) == longer
    assert coverage.next_shift(VERA, at("2026-03-05T12:00+03:00")) == at("2026-03-09T12:00+03:00")
