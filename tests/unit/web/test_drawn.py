"""How the board tells a promise: words, tone, and the stretch in which a browser may go on counting."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.tickets.texts import Texts
from bot.web.drawn import counted, drawn
from bot.web.forms import FieldsError, command_from_form, moment_from_field
from sla.calendar import Calendar, compile_calendar
from sla.clock import PauseReason, check, pause, satisfy, start
from sla.duration import Instant, instant
from sla.policy import Metric, Target, Unit
from sla.week import CalendarSpec, parse_week

SPEAK = Texts("en", "fixed:+03:00")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 0) -> Instant:
    """A moment of that week on the office's own clocks, which are three hours ahead."""
    return instant(MONDAY + timedelta(days=day, hours=hour - 3, minutes=minute))


@pytest.fixture(scope="module")
def office() -> Calendar:
    spec = CalendarSpec("office", "fixed:+03:00", parse_week({"mon-fri": ["10:00-19:00"]}))
    return compile_calendar(spec, start=at(0, day=-30), end=at(0, day=60))


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        pytest.param(0, "0 s", id="nothing left"),
        pytest.param(1, "1 s", id="a part of a second is one"),
        pytest.param(59_000, "59 s", id="under a minute"),
        pytest.param(247_000, "4 min 07 s", id="seconds while they matter"),
        pytest.param(600_000, "10 min", id="ten minutes"),
        pytest.param(3_599_000, "59 min", id="almost an hour"),
        pytest.param(3_600_000, "1 h", id="an hour"),
        pytest.param(11_520_000, "3 h 12 min", id="hours and minutes"),
        pytest.param(144_000_000, "40 h", id="never days"),
    ],
)
def test_lengths_are_counted_down_in_words(ms: int, words: str) -> None:
    assert counted(ms) == words


def test_fast_time_tells_no_seconds() -> None:
    assert counted(247_000, has_seconds=False) == "4 min"


def test_a_promise_counts_only_while_its_calendar_is_open(office: Calendar) -> None:
    clock = start(Metric.FIRST_RESPONSE, Target(timedelta(hours=1), Unit.BUSINESS, "office"), office, at=at(18, 40))
    evening = drawn(clock, {"office": office}, SPEAK, now=at(18, 50))
    assert (evening.words, evening.tone, evening.small) == ("50 min", "ok", "first response · tomorrow 10:40")
    assert (evening.ticks_from, evening.ticks_until) == (at(18, 50), at(19))
    night = drawn(clock, {"office": office}, SPEAK, now=at(23))
    assert (night.words, night.ticks_from, night.ticks_until) == ("40 min", at(10, day=1), at(19, day=1))


@pytest.mark.parametrize(
    ("minutes", "tone"),
    [
        pytest.param(29, "ok", id="before half"),
        pytest.param(30, "soon", id="from half"),
        pytest.param(48, "late", id="from four fifths"),
    ],
)
def test_the_tone_warns_before_it_is_late(office: Calendar, minutes: int, tone: str) -> None:
    clock = start(Metric.FIRST_RESPONSE, Target(timedelta(hours=1), Unit.BUSINESS, "office"), office, at=at(12))
    assert drawn(clock, {"office": office}, SPEAK, now=at(12, minutes)).tone == tone


def test_what_is_late_counts_up_and_what_waits_stands_still(office: Calendar) -> None:
    calendars = {"office": office}
    clock = start(Metric.FIRST_RESPONSE, Target(timedelta(hours=1), Unit.BUSINESS, "office"), office, at=at(12))
    late = drawn(check(clock, at=at(13, 12)), calendars, SPEAK, now=at(13, 12))
    assert (late.words, late.small, late.is_over, late.dash) == (
        "12 min late",
        "first response · was due 13:00",
        True,
        0,
    )
    waits = pause(clock, office, at=at(12, 19), reason=PauseReason.DETAILS_MISSING)
    paused = drawn(waits, calendars, SPEAK, now=at(15))
    assert (paused.words, paused.small, paused.left) == ("paused", "waiting for the client · 41 min left", None)
    met = drawn(satisfy(clock, office, at=at(12, 9)), calendars, SPEAK, now=at(15))
    assert (met.words, met.small) == ("kept", "first response · 9 min of 1 h")


def test_a_chosen_moment_is_in_the_persons_own_zone() -> None:
    assert moment_from_field("2026-03-03T15:00", "Europe/Kyiv") == instant(datetime(2026, 3, 3, 13, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("", "Choose a day", id="nothing"),
        pytest.param("2026-03-03T15:00Z", "without an offset", id="an offset"),
        pytest.param("2026-03-29T03:30", "skip this hour", id="an hour that does not exist"),
        pytest.param("0001-01-01T00:00", "Choose a day", id="the year one"),
    ],
)
def test_a_moment_nobody_can_mean_is_refused(written: str, reason: str) -> None:
    with pytest.raises(FieldsError, match=reason):
        moment_from_field(written, "Europe/Kyiv")


def test_an_hour_that_comes_twice_means_the_first() -> None:
    assert moment_from_field("2026-10-25T03:30", "Europe/Kyiv") == instant(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def test_a_form_that_is_too_long_is_refused_by_its_field() -> None:
    with pytest.raises(FieldsError) as refused:
        command_from_form("reply", {"text": "x" * 20_001}, zone="UTC")
    assert set(refused.value.errors) == {"text"}
