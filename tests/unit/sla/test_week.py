"""How people write opening hours."""

from datetime import timedelta

import pytest

from sla.duration import moment
from sla.week import parse_week, parse_windows, parse_zone
from tests.unit.sla.made import at


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        pytest.param("UTC", 0, id="UTC"),
        pytest.param("fixed:+03:00", 180, id="ahead of UTC"),
        pytest.param("fixed:-05:30", -330, id="behind UTC"),
        pytest.param("Europe/Berlin", 120, id="a place in its summer"),
    ],
)
def test_a_zone_is_read(text: str, offset: int) -> None:
    july = moment(at("2026-07-01T12:00Z"))

    assert july.astimezone(parse_zone(text)).utcoffset() == timedelta(minutes=offset)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        pytest.param("Etc/GMT+3", "fixed:-03:00", id="a POSIX name with its sign turned around"),
        pytest.param("CET", "Europe/Berlin", id="a bare key that keeps summer time"),
        pytest.param("EST", "fixed", id="a bare key that keeps none"),
        pytest.param("GMT+3", r"fixed:\+03:00", id="an offset in plain words"),
        pytest.param("Europe/Berln", "Europe/Berlin", id="a slip of the pen"),
        pytest.param("europe/berlin", "Europe/Berlin", id="small letters"),
        pytest.param("Mars/Olympus", "a place as in Europe/Berlin", id="no place on earth"),
        pytest.param("../etc/passwd", "unknown zone", id="a path"),
        pytest.param("Europe/", "unknown zone", id="a continent"),
        pytest.param("fixed:+19:00", "no place on earth", id="an offset too wide"),
        pytest.param("", "not a place", id="nothing"),
    ],
)
def test_a_zone_that_does_not_mean_what_it_seems_to_is_refused(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        parse_zone(text)


def test_windows_come_out_in_order_and_may_touch() -> None:
    assert parse_windows(["13:00-18:00", "9:00-13:00"]) == ((9 * 3600, 13 * 3600), (13 * 3600, 18 * 3600))
    assert parse_windows(["00:00-24:00"]) == ((0, 86_400),)
    assert parse_windows(["22:00-06:00"]) == ((22 * 3600, 6 * 3600),)


@pytest.mark.parametrize(
    ("texts", "mend"),
    [
        pytest.param(["09:00-13:00", "12:00-18:00"], "overlap", id="two windows overlap"),
        pytest.param(["22:00-06:00", "23:00-24:00"], "overlap", id="a night shift and a window in it"),
        pytest.param(["10:00-23:59"], "write 24:00", id="23:59 for midnight"),
        pytest.param(["09:00-09:00"], "00:00-24:00", id="no length"),
        pytest.param(["24:00-06:00"], "no clock shows", id="24:00 as a start"),
        pytest.param(["09:60-10:00"], "no clock shows", id="sixty minutes"),
        pytest.param(["9-17"], "09:00-17:00", id="no minutes"),
    ],
)
def test_windows_that_make_no_sense_are_refused(texts: list[str], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        parse_windows(texts)


def test_a_week_is_read_by_days_ranges_and_lists() -> None:
    week = parse_week({"mon-wed": ["09:00-17:00"], "thu,sat": ["10:00-12:00"]})

    assert [bool(windows) for windows in week] == [True, True, True, True, False, True, False]


def test_a_range_may_run_over_the_end_of_the_week() -> None:
    week = parse_week({"sun-thu": ["09:00-17:00"]})

    assert [bool(windows) for windows in week] == [True, True, True, True, False, False, True]


@pytest.mark.parametrize(
    ("texts", "mend"),
    [
        pytest.param({"monday": ["09:00-17:00"]}, "mon-fri", id="a long name"),
        pytest.param({"mon-fri": ["09:00-17:00"], "tue": ["10:00-12:00"]}, "tue is written twice", id="a day twice"),
        pytest.param({"mon": ["22:00-06:00"], "tue": ["05:00-12:00"]}, "where they meet", id="a night into a morning"),
        pytest.param({"sun": ["22:00-06:00"], "mon": ["05:00-12:00"]}, "where they meet", id="over the week's end"),
    ],
)
def test_a_week_that_contradicts_itself_is_refused(texts: dict[str, list[str]], mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        parse_week(texts)


def test_a_night_shift_may_end_where_the_next_window_begins() -> None:
    assert parse_week({"mon": ["22:00-06:00"], "tue": ["06:00-12:00"]})[1] == ((6 * 3600, 12 * 3600),)
