"""A person's own calendar: when they have no time, in every way that calendars write it, and nothing else of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed import LARGEST, MOST_EVENTS, Reading, Span, TooLongError, spans_from_ics

KYIV = ZoneInfo("Europe/Kyiv")
#: A month in which clocks go forward, on the 29th.
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def feed(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\nUID:{place}\n{event}\nEND:VEVENT\n" for place, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Other//EN\n{inner}END:VCALENDAR\n".encode()


def spans(*events: str) -> list[str]:
    """Each as `02 08:00 - 02 09:00`, in UTC."""
    found = spans_from_ics(feed(*events), zone=KYIV, since=SINCE, until=UNTIL).spans
    return [f"{one.since:%d %H:%M} - {one.until:%d %H:%M}" for one in found]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param("DTSTART:20260302T080000Z\nDTEND:20260302T090000Z", ["02 08:00 - 02 09:00"], id="in UTC"),
        pytest.param(
            "DTSTART;TZID=America/New_York:20260310T090000\nDURATION:PT30M", ["10 13:00 - 10 13:30"], id="in a zone"
        ),
        pytest.param("DTSTART:20260302T100000\nDTEND:20260302T110000", ["02 08:00 - 02 09:00"], id="without a zone"),
        pytest.param("DTSTART;VALUE=DATE:20260310", ["09 22:00 - 10 22:00"], id="a whole day"),
        pytest.param(
            "DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260310",
            ["09 22:00 - 10 22:00"],
            id="a whole day that ends on itself",
        ),
        pytest.param("DTSTART:20260302T080000Z\nDTEND:20260302T080000Z", [], id="a moment"),
        pytest.param(
            "DTSTART:20260302T080000Z\nDURATION:PT30M\nRRULE:FREQ=MINUTELY;INTERVAL=60;COUNT=2",
            ["02 08:00 - 02 08:30", "02 09:00 - 02 09:30"],
            id="twice within some minutes",
        ),
        pytest.param(
            "DTSTART:20260302T080000Z\nDURATION:PT30S\nRRULE:FREQ=MINUTELY;COUNT=2",
            ["02 08:00 - 02 08:00", "02 08:01 - 02 08:01"],
            id="each minute, and twice in all",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330",
            ["27 22:00 - 29 21:00"],
            id="two days, one of them an hour short",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Kyiv:20260316T100000\nDTEND;TZID=Europe/Kyiv:20260316T110000\n"
            "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;TZID=Europe/Kyiv:20260323T100000",
            ["16 08:00 - 16 09:00", "30 07:00 - 30 08:00"],
            id="every week, one left out, over the change of clocks",
        ),
        pytest.param("DTSTART:20260228T230000Z\nDTEND:20260301T010000Z", ["28 23:00 - 01 01:00"], id="begun before"),
        pytest.param("DTSTART:20260302T080000Z\nDTEND:20260302T090000Z\nTRANSP:TRANSPARENT", [], id="shown as free"),
        pytest.param("DTSTART:20260302T080000Z\nDTEND:20260302T090000Z\nSTATUS:CANCELLED", [], id="cancelled"),
        pytest.param("DTSTART:20260302T080000Z", [], id="of no length"),
        pytest.param("DTSTART:20260402T080000Z\nDTEND:20260402T090000Z", [], id="after the time looked at"),
    ],
)
def test_an_event_takes_the_time_it_says(event: str, expected: list[str]) -> None:
    assert spans(event) == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param("TRANSP:TRANSPARENT", ["09 22:00 - 11 22:00"], id="shown as free, as whole days are by default"),
        pytest.param("STATUS:CANCELLED", [], id="cancelled"),
    ],
)
def test_each_event_of_a_calendar_of_leave_is_leave(marked: str, expected: list[str]) -> None:
    event = f"DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260312\n{marked}"
    found = spans_from_ics(feed(event), zone=KYIV, since=SINCE, until=UNTIL, is_leave=True).spans
    assert [f"{one.since:%d %H:%M} - {one.until:%d %H:%M}" for one in found] == expected


def test_a_calendar_that_is_published_without_its_events_takes_the_times_it_calls_busy() -> None:
    told = (
        "BEGIN:VFREEBUSY\nUID:1\nFREEBUSY;FBTYPE=BUSY:20260302T080000Z/PT1H,20260303T080000Z/20260303T090000Z\n"
        "FREEBUSY;FBTYPE=FREE:20260304T080000Z/PT1H\nFREEBUSY:20260305T080000Z/PT1H,20260402T080000Z/PT1H\n"
        "END:VFREEBUSY\n"
    )
    found = spans_from_ics(
        feed().replace(b"END:VCAL", told.encode() + b"END:VCAL"), zone=KYIV, since=SINCE, until=UNTIL
    )
    assert [one.since.day for one in found.spans] == [2, 3, 5]
    broken = told + told.replace("20260303T080000Z/", "")
    read = spans_from_ics(
        feed().replace(b"END:VCAL", broken.encode() + b"END:VCAL"), zone=KYIV, since=SINCE, until=UNTIL
    )
    assert read == Reading(found.spans, ("VFREEBUSY",))


GOOD = "SUMMARY:A secret\nDTSTART:20260302T080000Z\nDTEND:20260302T090000Z"
THIRD = "DTSTART:20260303T080000Z\nDTEND:20260303T090000Z"
HOUR = ["03 08:00 - 03 09:00"]


@pytest.mark.parametrize(
    ("event", "taken", "wrong"),
    [
        pytest.param(f"{THIRD}\nRRULE:FREQ=SOMETIMES", HOUR, "20260303T080000Z, RRULE", id="a rule of no kind"),
        pytest.param(f"{THIRD}\nRRULE:COUNT=3", HOUR, "20260303T080000Z, RRULE", id="a rule that says not how often"),
        pytest.param(
            f"{THIRD}\nRRULE:FREQ=DAILY;UNTIL=NEVER", HOUR, "20260303T080000Z, RRULE", id="a rule without end"
        ),
        pytest.param(f"{THIRD}\nRRULE:FREQ=DAILY;INTERVAL=0", HOUR, "20260303T080000Z, RRULE", id="a rule that stays"),
        pytest.param(f"{THIRD}\nRRULE:FREQ=SECONDLY", HOUR, "20260303T080000Z, RRULE", id="a rule for each second"),
        pytest.param(f"{THIRD}\nRRULE:FREQ=MINUTELY;BYHOUR=3", HOUR, "20260303T080000Z, RRULE", id="for each minute"),
        pytest.param(
            f"{THIRD}\nRRULE:FREQ=HOURLY;BYMINUTE=0,10,20,30,40", HOUR, "20260303T080000Z, RRULE", id="120 times a day"
        ),
        pytest.param(
            f"{THIRD}\nRRULE:FREQ=MINUTELY;COUNT=1000000", HOUR, "20260303T080000Z, RRULE", id="a million minutes"
        ),
        pytest.param(f"{THIRD}\nRDATE:junk", HOUR, "20260303T080000Z, RDATE", id="another date that is none"),
        pytest.param(f"{THIRD}\nRECURRENCE-ID:junk", HOUR, "20260303T080000Z, RECURRENCE-ID", id="moved from nowhere"),
        pytest.param(
            f"{THIRD}\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:junk",
            [*HOUR, "04 08:00 - 04 09:00"],
            "20260303T080000Z, EXDATE",
            id="an exception that is none",
        ),
        pytest.param("DTSTART:20260231T080000Z", [], "20260231T080000Z, DTSTART", id="a day that there is not"),
        pytest.param("DTEND:20260303T090000Z", [], "DTSTART", id="no beginning"),
        pytest.param(f"{THIRD}\nDTSTART:20260304T080000Z", [], "20260303T080000Z, DTSTART", id="two beginnings"),
        pytest.param(
            "DTSTART:20260303T080000Z\nDTEND:later",
            ["03 08:00 - 04 08:00"],
            "20260303T080000Z, DTEND",
            id="an end that is none",
        ),
        pytest.param(
            "DTSTART:20260303T080000Z\nDURATION:P9999999999D",
            ["03 08:00 - 04 08:00"],
            "20260303T080000Z, DURATION",
            id="a length that is none",
        ),
        pytest.param("SUMMARY:lost\nDTSTART:a word", [], "DTSTART", id="a beginning in words, which are not said on"),
    ],
)
def test_an_event_that_is_broken_is_named_and_hides_no_other(event: str, taken: list[str], wrong: str) -> None:
    read = spans_from_ics(feed(GOOD, event, GOOD), zone=KYIV, since=SINCE, until=UNTIL)
    found = [f"{one.since:%d %H:%M} - {one.until:%d %H:%M}" for one in read.spans]
    assert found == ["02 08:00 - 02 09:00", *taken]
    assert read.broken == (f"no. 2 ({wrong})",)


def test_what_does_not_even_parse_hides_nothing_either() -> None:
    alarm = f"{THIRD}\nBEGIN:VALARM\nTRIGGER:junk\nEND:VALARM"
    told = feed(GOOD, alarm).replace(b"END:VCALENDAR", b"a line of nobody\nEND:VCALENDAR")
    read = spans_from_ics(told, zone=KYIV, since=SINCE, until=UNTIL)
    assert [one.since.day for one in read.spans] == [2, 3]
    assert read.broken == ()


@pytest.mark.parametrize("more", [b"", b"a line of nobody\n"], ids=["as they are", "with a line that does not parse"])
def test_several_calendars_in_one_file_count_each_with_its_own_zone(more: bytes) -> None:
    weekly = "DTSTART:20260323T150000Z\nDTEND:20260323T160000Z\nRRULE:FREQ=WEEKLY;COUNT=2"
    of_zone = feed(weekly).replace(b"VERSION:2.0\n", b"VERSION:2.0\nX-WR-TIMEZONE:Europe/Kyiv\n" + more)
    read = spans_from_ics(feed(GOOD) + of_zone, zone=KYIV, since=SINCE, until=UNTIL)
    assert [f"{one.since:%d %H}" for one in read.spans] == ["02 08", "23 15", "30 14"]
    assert read.broken == ()


@pytest.mark.parametrize(
    "cut", [b"END:VCALENDAR\n", b"END:VEVENT\nEND:VCALENDAR\n", b"00Z\nEND:VEVENT\nEND:VCALENDAR\n"]
)
def test_one_that_is_cut_off_is_no_calendar_so_that_what_is_known_stays(cut: bytes) -> None:
    whole = feed(GOOD, THIRD)
    assert whole.endswith(cut)
    with pytest.raises(ValueError, match="no iCalendar file"):
        spans_from_ics(whole.removesuffix(cut), zone=KYIV, since=SINCE, until=UNTIL)


def test_what_overlaps_or_touches_is_one() -> None:
    hours = ((8, 10), (9, 11), (11, 12), (14, 15))
    events = [f"DTSTART:20260302T{a:02}0000Z\nDTEND:20260302T{b:02}0000Z" for a, b in reversed(hours)]
    assert spans(*events) == ["02 08:00 - 02 12:00", "02 14:00 - 02 15:00"]


def test_an_empty_calendar_is_one() -> None:
    assert spans() == []


def test_a_fixed_offset_is_a_zone_too() -> None:
    event = feed("DTSTART:20260302T100000\nDTEND:20260302T110000")
    (found,) = spans_from_ics(event, zone=timezone(timedelta(hours=3)), since=SINCE, until=UNTIL).spans
    assert found == Span(datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        pytest.param(b"", "no iCalendar file", id="nothing"),
        pytest.param(b"<html>Please sign in</html>", "no iCalendar file", id="a page"),
        pytest.param(b"\xff\xfe\x00", "no iCalendar file", id="bytes"),
        pytest.param(b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n", "no iCalendar file", id="an event alone"),
        pytest.param(b"x" * (LARGEST + 1), "larger than 2 MB", id="too large"),
        pytest.param(feed(*["DTSTART:20260302T080000Z"] * (MOST_EVENTS + 1)), "more than 5000 events", id="too many"),
    ],
)
def test_what_is_no_calendar_is_said_to_be_so(content: bytes, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        spans_from_ics(content, zone=KYIV, since=SINCE, until=UNTIL)


@given(broken=st.text(max_size=80), line=st.integers(0, 9))
def test_no_calendar_trips_the_reader(broken: str, line: int) -> None:
    lines = feed("DTSTART:20260302T080000Z\nRRULE:FREQ=WEEKLY;COUNT=3").decode().splitlines()
    lines[min(line, len(lines) - 1)] = broken
    with suppress(ValueError):
        found = spans_from_ics("\n".join(lines).encode("utf-8", "replace"), zone=KYIV, since=SINCE, until=UNTIL).spans
        assert list(found) == sorted(found)


def test_what_the_calendar_has_from_us_takes_no_time_of_its_own() -> None:
    written = feed("DTSTART:20260302T080000Z\nDTEND:20260302T090000Z", "DTSTART:20260303T080000Z\nDURATION:PT30M")
    (span,) = spans_from_ics(written, zone=KYIV, since=SINCE, until=UNTIL, ours={"0", "another"}).spans
    assert span.since == datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_what_is_held_each_quarter_of_an_hour_hides_nothing_else() -> None:
    often = "DTSTART:20260101T000000Z\nDURATION:PT5M\nRRULE:FREQ=MINUTELY;INTERVAL=15"
    until = SINCE + timedelta(days=120)
    read = spans_from_ics(feed("DTSTART:20260302T080000Z\nDURATION:PT1H", often), zone=KYIV, since=SINCE, until=until)
    assert read.broken == ("no. 2 (20260101T000000Z, RRULE)",)
    assert len(read.spans) == 1


def test_what_takes_too_long_is_held_once_and_the_rest_counts() -> None:
    """Whoever asks says what is too long: here all at once, and then the second of three alone."""
    asked: list[float] = []

    @contextmanager
    def within(seconds: float) -> Iterator[None]:
        asked.append(seconds)
        if len(asked) in {1, 3}:
            raise TooLongError
        yield

    daily = "DTSTART:20260302T0{}0000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2"
    read = spans_from_ics(feed(*map(daily.format, (1, 3, 5))), zone=KYIV, since=SINCE, until=UNTIL, within=within)
    assert read.broken == ("no. 2 (20260302T030000Z, RRULE)",)
    assert [f"{one.since:%d %H}" for one in read.spans] == ["02 01", "02 03", "02 05", "03 01", "03 05"]
    assert asked[0] > asked[1]
