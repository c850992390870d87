"""Opening hours as arithmetic. The golden table and the oracle hold the hard cases; here are the rules one by one."""

from datetime import timedelta

import pytest

from sla.calendar import ALWAYS
from sla.duration import BusinessDays, Instant
from tests.unit.sla.made import HOUR, OFFICE, at, compiled, spec


def test_open_time_is_counted_inside_windows_only() -> None:
    assert OFFICE.open_between(at("2026-02-06T16:00Z"), at("2026-02-09T10:00Z")) == 2 * HOUR
    assert OFFICE.open_between(at("2026-02-09T10:00Z"), at("2026-02-06T16:00Z")) == 0


def test_a_length_that_ends_at_closing_is_due_at_closing_and_not_at_the_next_opening() -> None:
    assert OFFICE.advance(at("2026-02-02T16:00Z"), HOUR) == at("2026-02-02T17:00Z")
    assert OFFICE.advance(at("2026-02-02T16:00Z"), HOUR + 1) == at("2026-02-03T09:00Z") + 1


def test_no_length_goes_nowhere_and_time_never_runs_backwards() -> None:
    assert OFFICE.advance(at("2026-02-07T16:00Z"), 0) == at("2026-02-07T16:00Z")
    with pytest.raises(ValueError, match="forward only"):
        OFFICE.advance(at("2026-02-07T16:00Z"), -1)


def test_the_opening_moment_is_open_and_the_closing_moment_is_not() -> None:
    assert OFFICE.is_open(at("2026-02-02T09:00Z"))
    assert not OFFICE.is_open(at("2026-02-02T17:00Z"))
    assert OFFICE.closes_at(at("2026-02-02T09:00Z")) == at("2026-02-02T17:00Z")
    assert OFFICE.closes_at(at("2026-02-02T17:00Z")) is None
    assert OFFICE.next_open(at("2026-02-02T12:00Z")) == at("2026-02-02T12:00Z")
    assert OFFICE.next_open(at("2026-02-06T17:00Z")) == at("2026-02-09T09:00Z")


def test_intervals_are_clipped_to_what_was_asked() -> None:
    assert OFFICE.intervals(at("2026-02-06T16:00Z"), at("2026-02-09T10:00Z")) == (
        (at("2026-02-06T16:00Z"), at("2026-02-06T17:00Z")),
        (at("2026-02-09T09:00Z"), at("2026-02-09T10:00Z")),
    )
    assert OFFICE.intervals(at("2026-02-07T00:00Z"), at("2026-02-08T00:00Z")) == ()


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("1999-06-01T12:00+00:00", id="long before"),
        pytest.param("2026-02-02T12:00+00:00", id="within"),
        pytest.param("2060-06-01T12:00+00:00", id="long after"),
    ],
)
def test_a_calendar_answers_beyond_its_horizon(moment: str) -> None:
    calendar = compiled(spec())

    week = 5 * 8 * HOUR
    assert calendar.advance(at(moment), week) == Instant(at(moment) + 7 * 24 * HOUR)
    assert calendar.open_between(at(moment), Instant(at(moment) + 7 * 24 * HOUR)) == week


def test_a_number_that_is_no_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="centuries away"):
        OFFICE.advance(Instant(10**17), 1)


def test_a_night_shift_survives_the_holiday_it_runs_into() -> None:
    night = spec("Europe/Prague", {"mon-fri": ["22:00-06:00"]}, holidays=["2026-02-10"])

    assert compiled(night).is_open(at("2026-02-10T03:00+01:00"))
    assert not compiled(night).is_open(at("2026-02-10T23:00+01:00"))


def test_a_civil_holiday_closes_from_midnight_to_midnight() -> None:
    night = spec("Europe/Prague", {"mon-fri": ["22:00-06:00"]}, holidays=["2026-02-10"], is_civil=True)
    calendar = compiled(night)

    assert calendar.intervals(at("2026-02-09T12:00+01:00"), at("2026-02-11T12:00+01:00")) == (
        (at("2026-02-09T22:00+01:00"), at("2026-02-10T00:00+01:00")),
        (at("2026-02-11T00:00+01:00"), at("2026-02-11T06:00+01:00")),
    )


def test_the_windows_of_a_date_win_over_week_and_holiday() -> None:
    calendar = compiled(
        spec(days={"2026-12-24": ["09:00-12:00"], "2026-12-26": ["10:00-11:00"]}, holidays=["2026-12-24"])
    )

    assert calendar.open_between(at("2026-12-24T00:00Z"), at("2026-12-25T00:00Z")) == 3 * HOUR
    assert calendar.open_between(at("2026-12-26T00:00Z"), at("2026-12-27T00:00Z")) == HOUR


def test_an_edit_holds_from_its_moment_and_leaves_the_past_alone() -> None:
    edited = compiled(spec(), spec(week={"mon-fri": ["09:00-21:00"]}, effective_from="2026-04-02T14:30Z"))

    assert edited.open_between(at("2026-04-01T00:00Z"), at("2026-04-02T00:00Z")) == 8 * HOUR
    assert edited.open_between(at("2026-04-02T00:00Z"), at("2026-04-03T00:00Z")) == 12 * HOUR
    assert edited.closes_at(at("2026-04-02T10:00Z")) == at("2026-04-02T21:00Z")


def test_business_days_after_an_edit_follow_the_new_hours() -> None:
    edited = compiled(spec(), spec(week={"mon-thu": ["09:00-17:00"]}, effective_from="2026-04-01T00:00Z"))
    thursday = at("2026-04-02T10:00Z")

    assert edited.advance(thursday, edited.business_days(thursday, BusinessDays(1))) == at("2026-04-06T10:00Z")


def test_new_hours_count_from_the_first_day_on_west_of_utc_too() -> None:
    saturdays = spec("America/Chicago", {"mon-sat": ["09:00-17:00"]}, effective_from="2026-06-06T00:00-05:00")
    edited, friday = compiled(spec("America/Chicago"), saturdays), at("2026-06-05T12:00-05:00")

    assert edited.advance(friday, edited.business_days(friday, BusinessDays(1))) == at("2026-06-06T12:00-05:00")
    assert edited.business_days(friday, BusinessDays(2, "end_of_day")) == 21 * HOUR


def test_a_day_that_opens_by_an_edit_is_the_day_of_what_comes_on_it() -> None:
    edited = compiled(spec(), spec(week={"mon-sat": ["09:00-17:00"]}, effective_from="2026-06-06T10:00Z"))
    saturday = at("2026-06-06T12:00Z")

    assert edited.business_days(saturday, BusinessDays(1)) == 8 * HOUR


def test_a_business_day_by_hours_is_the_agreed_length() -> None:
    assert OFFICE.business_days(at("2026-02-02T10:00Z"), BusinessDays(2, "hours")) == 16 * HOUR


def test_a_promise_over_a_holiday_and_a_weekend_is_counted_in_local_time() -> None:
    easter = compiled(spec("Europe/Bratislava", holidays=["2026-04-03", "2026-04-06"]))
    thursday = at("2026-04-02T16:30+02:00")

    assert easter.advance(thursday, easter.business_days(thursday, BusinessDays(1))) == at("2026-04-07T16:30+02:00")


@pytest.mark.parametrize(
    ("versions", "mend"),
    [
        pytest.param([spec(week={})], "at least one window", id="a week without windows"),
        pytest.param(
            [spec(week={}, days={"2026-02-02": ["09:00-17:00"]})], "at least one window", id="one open day for ever"
        ),
        pytest.param([spec(), spec()], "later day", id="a second version without its date"),
        pytest.param(
            [spec(), spec(effective_from="2026-05-01T00:00Z"), spec(effective_from="2026-04-01T00:00Z")],
            "later day",
            id="versions out of order",
        ),
        pytest.param([spec("CET")], "not a place", id="a zone of two meanings"),
        pytest.param([], "one key", id="nothing"),
    ],
)
def test_a_calendar_that_cannot_be_kept_is_refused(versions: list[object], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        compiled(*versions)  # type: ignore[arg-type]


def test_a_closure_of_a_month_is_no_mistake() -> None:
    august = [f"2026-08-{day:02d}" for day in range(1, 32)]

    assert compiled(spec(holidays=august)).next_open(at("2026-07-31T17:00Z")) == at("2026-09-01T09:00Z")


def test_days_by_hours_need_the_length_of_a_day() -> None:
    nameless = compiled(spec())
    without = type(spec())(key="office", zone="UTC", week=spec().week)

    assert nameless.business_days(at("2026-02-02T10:00Z"), BusinessDays(1, "hours")) == 8 * HOUR
    with pytest.raises(ValueError, match="day_length"):
        compiled(without).business_days(at("2026-02-02T10:00Z"), BusinessDays(1, "hours"))


def test_always_is_always_open() -> None:
    saturday = at("2026-02-07T03:00Z")

    assert ALWAYS.advance(saturday, HOUR) == saturday + HOUR
    assert ALWAYS.open_between(saturday, Instant(saturday + HOUR)) == HOUR
    assert ALWAYS.is_open(saturday)
    assert ALWAYS.next_open(saturday) == saturday
    assert ALWAYS.closes_at(saturday) is None
    assert ALWAYS.intervals(saturday, Instant(saturday + HOUR)) == ((saturday, saturday + HOUR),)


def test_a_calendar_open_day_and_night_never_closes() -> None:
    calendar = compiled(spec("Europe/Prague", {"mon-sun": ["00:00-24:00"]}))

    assert calendar.closes_at(at("2026-03-28T12:00Z")) is None
    assert calendar.advance(at("2026-03-28T12:00Z"), 24 * HOUR) == at("2026-03-29T12:00Z")
    day = calendar.business_days(at("2026-03-28T12:00+01:00"), BusinessDays(1))
    assert timedelta(milliseconds=day) == timedelta(hours=23)
