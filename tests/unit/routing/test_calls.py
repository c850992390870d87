"""When a call may be: one working day of notice, a slot that fits, and the next ones for whoever asks too late."""

from datetime import timedelta
from itertools import islice

import pytest

from routing.calls import CallTerms, earliest, is_in_time, notice_ends, slots
from sla.calendar import ALWAYS
from sla.duration import BusinessDays, Instant
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
