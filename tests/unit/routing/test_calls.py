"""When a call may be: one working day of notice, a slot that fits, and the next ones for whoever asks too late."""

from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.calls import (
    CELL,
    Busy,
    CallTerms,
    Diary,
    agreed_by,
    cells,
    earliest,
    free_slots,
    is_free,
    is_in_time,
    is_worked,
    notice_ends,
    reminded_at,
    slots,
    worked_until,
)
from routing.coverage import Absence
from routing.people import PersonId
from sla.calendar import ALWAYS
from sla.duration import BusinessDays, Instant, millis
from tests.unit.routing.made import CALENDARS, at, calendar

OFFICE = CALENDARS["office"]
TERMS = CallTerms()


def local(text: str) -> Instant:
    return at(f"{text}+03:00")


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        pytest.param("2026-03-02T15:00", "2026-03-03T15:00", id="the same time tomorrow"),
        pytest.param("2026-03-06T18:45", "2026-03-10T10:00", id="it does not fit on Monday any more"),
        pytest.param("2026-03-07T12:00", "2026-03-10T10:00", id="asked on a Saturday"),
        pytest.param("2026-03-02T15:07", "2026-03-03T15:30", id="on the grid"),
    ],
)
def test_a_call_is_agreed_a_working_day_before(asked: str, begins: str) -> None:
    assert earliest(OFFICE, TERMS, asked_at=local(asked)) == (local(begins),)


def test_who_asks_too_late_gets_the_earliest_slots() -> None:
    asked = local("2026-03-06T18:00")

    assert not is_in_time(OFFICE, TERMS, asked_at=asked, begins_at=local("2026-03-09T17:30"))
    assert is_in_time(OFFICE, TERMS, asked_at=asked, begins_at=local("2026-03-09T18:00"))
    assert earliest(OFFICE, TERMS, asked_at=asked, number=3) == (
        local("2026-03-09T18:00"),
        local("2026-03-09T18:30"),
        local("2026-03-10T10:00"),
    )


def test_a_contract_may_ask_for_a_full_working_day_between() -> None:
    terms = CallTerms(notice=BusinessDays(1, "end_of_day"))

    assert earliest(OFFICE, terms, asked_at=local("2026-03-02T15:00")) == (local("2026-03-04T10:00"),)


def test_a_contract_may_ask_for_no_notice() -> None:
    terms = CallTerms(notice=None)

    assert notice_ends(OFFICE, terms, asked_at=local("2026-03-02T15:10")) == local("2026-03-02T15:10")
    assert earliest(OFFICE, terms, asked_at=local("2026-03-02T15:10")) == (local("2026-03-02T15:30"),)


def test_day_and_night_has_a_slot_every_half_an_hour() -> None:
    found = list(islice(slots(ALWAYS, TERMS, since=local("2026-03-02T23:45")), 2))

    assert found == [local("2026-03-03T00:00"), local("2026-03-03T00:30")]


def test_a_call_that_fits_nowhere_is_an_error_and_no_endless_search() -> None:
    lunch = calendar({"mon-fri": ["12:00-12:30"]})

    with pytest.raises(ValueError, match="never open for a call of 1h"):
        earliest(lunch, CallTerms(length=timedelta(hours=1)), asked_at=local("2026-03-02T15:00"))


def test_a_call_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="for example 30m"):
        CallTerms(length=timedelta(0))


# Beside whatever else a person has to do


def diary(*busy: tuple[str, str], leave: tuple[str, str | None] | None = None) -> Diary:
    taken = tuple(Busy(local(since), local(until)) for since, until in busy)
    away: tuple[Absence, ...] = ()
    if leave is not None:
        away = (Absence(PersonId("vera"), local(leave[0]), local(leave[1]) if leave[1] else None),)
    return Diary(OFFICE, away, taken)


@pytest.mark.parametrize(
    ("known", "terms", "found"),
    [
        pytest.param(diary(), TERMS, ["10:00", "10:30", "11:00"], id="nothing else"),
        pytest.param(diary(("2026-03-02T10:00", "2026-03-02T10:30")), TERMS, ["10:30", "11:00", "11:30"], id="a call"),
        pytest.param(
            diary(("2026-03-02T10:20", "2026-03-02T10:40")), TERMS, ["11:00", "11:30", "12:00"], id="across two"
        ),
        pytest.param(
            diary(("2026-03-02T10:40", "2026-03-02T11:00")),
            CallTerms(buffer=timedelta(minutes=15)),
            ["11:00", "11:30", "12:00"],
            id="what is kept free after one would reach into it",
        ),
        pytest.param(
            diary(leave=("2026-03-02T09:00", "2026-03-02T12:00")), TERMS, ["12:00", "12:30", "13:00"], id="back at noon"
        ),
        pytest.param(
            diary(leave=("2026-03-02T11:00", None)), TERMS, ["10:00", "10:30"], id="leave that nobody knows the end of"
        ),
    ],
)
def test_only_what_is_free_is_offered(known: Diary, terms: CallTerms, found: list[str]) -> None:
    since, until = local("2026-03-02T10:00"), local("2026-03-04T00:00")
    offered = list(islice(free_slots(known, terms, since=since, until=until), 3))

    assert offered == [local(f"2026-03-02T{one}") for one in found]
    assert all(is_free(known, terms, one) for one in offered)


def test_nobody_is_offered_the_time_of_another_call_of_their_own_and_nothing_is_kept_free_around_it() -> None:
    terms = CallTerms(buffer=timedelta(minutes=15))
    own = (Busy(local("2026-03-02T10:30"), local("2026-03-02T11:00")),)
    known, since = replace(diary(), others=own), local("2026-03-02T10:00")

    offered = list(islice(free_slots(known, terms, since=since, until=local("2026-03-03T00:00")), 3))

    assert offered == [local(f"2026-03-02T{one}") for one in ("10:00", "11:00", "11:30")]


@pytest.mark.parametrize(
    ("begins", "ends", "worked"),
    [
        pytest.param("2026-03-02T18:30", "2026-03-02T19:00", True, id="up to the end of the day"),
        pytest.param("2026-03-02T18:45", "2026-03-02T19:15", False, id="over it"),
        pytest.param("2026-03-02T09:45", "2026-03-02T10:15", False, id="over its beginning"),
        pytest.param("2026-03-07T12:00", "2026-03-07T12:30", False, id="on a day off"),
    ],
)
def test_hours_cover_all_of_a_call_or_not(begins: str, ends: str, worked: bool) -> None:  # noqa: FBT001
    assert is_worked(OFFICE, begins_at=local(begins), ends_at=local(ends)) is worked


@pytest.mark.parametrize("moment", ["2026-03-02T10:10", "2026-03-02T09:30", "2026-03-02T18:45", "2026-03-07T12:00"])
def test_a_moment_off_the_grid_or_the_hours_is_not_free(moment: str) -> None:
    assert not is_free(diary(), TERMS, local(moment))


def test_a_call_that_never_fits_is_not_offered_at_all() -> None:
    lunch = Diary(calendar({"mon-fri": ["12:00-12:30"]}))
    since = local("2026-03-02T10:00")

    assert (
        list(free_slots(lunch, CallTerms(length=timedelta(hours=1)), since=since, until=local("2026-04-02T10:00")))
        == []
    )


@pytest.mark.parametrize(
    ("known", "since", "until"),
    [
        pytest.param(diary(), "2026-03-02T12:00", "2026-03-02T13:00", id="in open hours"),
        pytest.param(diary(), "2026-03-02T18:30", "2026-03-03T10:30", id="over the night"),
        pytest.param(diary(), "2026-03-07T12:00", "2026-03-09T11:00", id="asked on a Saturday"),
        pytest.param(
            diary(leave=("2026-03-02T12:30", "2026-03-04T12:00")), "2026-03-02T12:00", "2026-03-04T12:30", id="leave"
        ),
        pytest.param(
            diary(leave=("2026-03-02T10:00", "2026-03-04T00:00")), "2026-03-02T12:00", "2026-03-04T11:00", id="away now"
        ),
        pytest.param(
            diary(leave=("2026-03-02T13:00", None)), "2026-03-02T12:00", "2026-03-02T13:00", id="just before leave"
        ),
        pytest.param(diary(leave=("2026-03-02T12:59", None)), "2026-03-02T12:00", None, id="leave without an end"),
        pytest.param(
            diary(leave=("2026-02-02T10:00", "2026-02-03T10:00")), "2026-03-02T12:00", "2026-03-02T13:00", id="back"
        ),
    ],
)
def test_an_hour_of_work_is_counted_in_open_time_beside_leave(known: Diary, since: str, until: str | None) -> None:
    found = worked_until(known, timedelta(hours=1), since=local(since))

    assert found == (local(until) if until is not None else None)


@pytest.mark.parametrize(
    ("begins", "agreed"),
    [
        pytest.param("2026-03-03T15:00", "2026-03-02T15:00", id="the same time the day before"),
        pytest.param("2026-03-02T15:00", "2026-02-27T15:00", id="over the weekend"),
        pytest.param("2026-03-03T10:00", "2026-03-02T10:00", id="at the opening"),
    ],
)
def test_the_notice_point_is_the_last_moment_that_is_early_enough(begins: str, agreed: str) -> None:
    at = agreed_by(OFFICE, TERMS, begins_at=local(begins))

    assert at == local(agreed)
    assert is_in_time(OFFICE, TERMS, asked_at=at, begins_at=local(begins))
    assert not is_in_time(OFFICE, TERMS, asked_at=Instant(at + 60_000), begins_at=local(begins))
    assert reminded_at(OFFICE, begins_at=local(begins)) == at


@given(minutes=st.integers(0, 60 * 24 * 14), length=st.sampled_from([15, 30, 45, 60]), buffer=st.sampled_from([0, 10]))
def test_two_calls_share_a_piece_of_time_exactly_where_one_is_not_free_beside_the_other(
    minutes: int, length: int, buffer: int
) -> None:
    terms = CallTerms(None, timedelta(minutes=length), timedelta(minutes=15), timedelta(minutes=buffer))
    first = next(slots(ALWAYS, terms, since=local("2026-03-02T12:00")))
    other = next(slots(ALWAYS, terms, since=Instant(local("2026-03-01T00:00") + minutes * 60_000)))
    held = cells(terms, first)
    taken = Diary(ALWAYS, (), (Busy(held[0], Instant(held[-1] + millis(CELL))),))

    assert is_free(taken, terms, other) is not bool(set(held) & set(cells(terms, other)))
