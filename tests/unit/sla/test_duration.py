"""How people write lengths of time, and how moments are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from sla.duration import (
    BusinessDays,
    Instant,
    format_duration,
    format_within,
    instant,
    later,
    length,
    millis,
    moment,
    parse_duration,
    parse_within,
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("30s", timedelta(seconds=30), id="seconds"),
        pytest.param("15m", timedelta(minutes=15), id="minutes"),
        pytest.param("4h", timedelta(hours=4), id="hours"),
        pytest.param("1h30m", timedelta(minutes=90), id="hours and minutes"),
        pytest.param("1h 30m", timedelta(minutes=90), id="as we print it"),
        pytest.param("0m", timedelta(0), id="none at all"),
        pytest.param("90m", timedelta(minutes=90), id="more minutes than an hour has"),
    ],
)
def test_a_length_is_read(text: str, read: timedelta) -> None:
    assert parse_duration(text) == read


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        pytest.param("", "4h, 15m, 30s or 1h30m", id="nothing"),
        pytest.param("soon", "4h, 15m, 30s or 1h30m", id="a word"),
        pytest.param("-5m", "4h, 15m, 30s or 1h30m", id="a negative length"),
        pytest.param("30m1h", "4h, 15m, 30s or 1h30m", id="units in the wrong order"),
        pytest.param("5", "write 5m", id="no unit"),
        pytest.param("2 days", "1bd", id="days of unknown kind"),
        pytest.param("1bd", "only hours fit", id="business days where hours are due"),
        pytest.param("٤h", "4h", id="digits of another script"),
    ],
)
def test_a_length_that_cannot_be_read_is_refused_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        parse_duration(text)


def test_a_promise_may_be_business_days() -> None:
    assert parse_within("1bd") == BusinessDays(1)
    assert parse_within("2bd", "end_of_day") == BusinessDays(2, "end_of_day")
    assert parse_within("4h") == timedelta(hours=4)


@pytest.mark.parametrize(
    ("text", "mode", "mend"),
    [
        pytest.param("0m", "same_time", "at least 1m", id="no time at all"),
        pytest.param("0bd", "same_time", "1bd or more", id="no business days"),
        pytest.param("1bd", "midnight", "same_time, end_of_day, hours", id="an unknown mode"),
    ],
)
def test_a_promise_that_means_nothing_is_refused(text: str, mode: str, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        parse_within(text, mode)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param(timedelta(minutes=90), "1h 30m", id="hours and minutes"),
        pytest.param(timedelta(seconds=45), "45s", id="seconds"),
        pytest.param(timedelta(0), "0m", id="nothing"),
        pytest.param(-timedelta(minutes=5), "-5m", id="the past"),
        pytest.param(timedelta(days=2, hours=1), "49h", id="never days"),
        pytest.param(timedelta(hours=1, seconds=5), "1h 5s", id="zero parts left out"),
    ],
)
def test_a_length_is_told_shortly(written: timedelta, text: str) -> None:
    assert format_duration(written) == text


def test_a_promised_length_is_told_as_the_desk_writes_it() -> None:
    assert format_within(timedelta(hours=1)) == "1h"
    assert format_within(BusinessDays(1)) == "1bd"
    assert format_within(BusinessDays(2, "end_of_day")) == "2bd (end_of_day)"


def test_a_moment_is_kept_in_milliseconds() -> None:
    at = datetime(2026, 2, 2, 10, 0, 0, 1500, tzinfo=UTC)

    assert moment(instant(at)) == at.replace(microsecond=1000)
    assert later(instant(at), timedelta(hours=1)) - instant(at) == millis(timedelta(hours=1))
    assert length(millis(timedelta(hours=1))) == timedelta(hours=1)
    assert moment(Instant(0)) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        instant(datetime(2026, 2, 2))  # noqa: DTZ001 - the mistake under test
