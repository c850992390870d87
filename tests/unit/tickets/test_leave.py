"""What people mean when they say that they are away, and until when."""

from datetime import datetime

import pytest

from bot.tickets.words.eta import parse_leave
from bot.tickets.words.leave import Words, words_from_text
from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, instant, moment

KYIV = "Europe/Kyiv"
#: A Wednesday noon in Kyiv, in the winter.
NOW = instant(datetime.fromisoformat("2026-03-04T12:00+02:00"))


def calendar() -> Calendar:
    spec = CalendarSpec("managers", KYIV, parse_week({"mon-fri": ["10:00-19:00"]}))
    return compile_calendar(spec, start=Instant(NOW - 86_400_000 * 30), end=Instant(NOW + 86_400_000 * 400))


def meant(text: str, *, begins: bool = False) -> str:
    hours = calendar()
    at = parse_leave(text, now=NOW, zone=KYIV, calendar=hours, begins=begins)
    return f"{moment(at).astimezone(hours.tz):%a %d %b %H:%M}"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        pytest.param("monday", "Mon 09 Mar 00:00", id="a day is its beginning"),
        pytest.param("tomorrow", "Thu 05 Mar 00:00", id="back tomorrow"),
        pytest.param("today", "Thu 05 Mar 00:00", id="today is away to its end"),
        pytest.param("2026-03-04", "Thu 05 Mar 00:00", id="today by its date"),
        pytest.param("wednesday", "Wed 11 Mar 00:00", id="today by its name is in a week"),
        pytest.param("2026-12-01", "Tue 01 Dec 00:00", id="a date"),
        pytest.param("понеділка", "Mon 09 Mar 00:00", id="Ukrainian"),
        pytest.param("2026-12-01 09:00", "Tue 01 Dec 09:00", id="a date and a time"),
        pytest.param("2h", "Wed 04 Mar 14:00", id="a length"),
        pytest.param("fri 15:00", "Fri 06 Mar 15:00", id="a day and a time"),
    ],
)
def test_the_end_of_leave_is_when_somebody_is_back(text: str, until: str) -> None:
    assert meant(text) == until


@pytest.mark.parametrize(
    ("text", "since"),
    [
        pytest.param("today", "Wed 04 Mar 00:00", id="today began already"),
        pytest.param("2026-03-01", "Sun 01 Mar 00:00", id="some days ago"),
        pytest.param("friday", "Fri 06 Mar 00:00", id="a day ahead"),
    ],
)
def test_the_beginning_of_leave_may_have_passed(text: str, since: str) -> None:
    assert meant(text, begins=True) == since


@pytest.mark.parametrize("text", ["2026-03-01", "11:00", "2027-12-01", "", "someday"])
def test_an_end_that_has_passed_or_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"has passed|more than a year|no time|no moment"):
        meant(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", Words(), id="nothing"),
        pytest.param("until monday", Words(until="monday"), id="an end"),
        pytest.param("2h", Words(until="2h"), id="a length"),
        pytest.param("for 2h", Words(until="2h"), id="a length with a word before it"),
        pytest.param("until monday backup Oleg Hnatiuk", Words(until="monday", backup="Oleg Hnatiuk"), id="a stand-in"),
        pytest.param("backup oleg", Words(backup="oleg"), id="a stand-in alone"),
        pytest.param("for vera", Words(person="vera"), id="somebody else"),
        pytest.param("FOR vera UNTIL Friday", Words(person="vera", until="Friday"), id="somebody else, in capitals"),
        pytest.param(
            "for vera from mon until fri 10:00 backup oleg", Words("vera", "mon", "fri 10:00", "oleg"), id="all of it"
        ),
        pytest.param("friday until monday", Words(since="friday", until="monday"), id="a beginning without its word"),
        pytest.param("sick until monday", Words(until="monday"), id="a reason, which nobody asks for"),
        pytest.param("from mon backup oleg", Words(since="mon", backup="oleg"), id="no end"),
    ],
)
def test_the_words_come_apart(text: str, words: Words) -> None:
    assert words_from_text(text) == words
