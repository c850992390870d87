"""What people mean when they say by when."""

from datetime import datetime

import pytest

from bot.tickets.texts import LANGUAGES, Texts
from bot.tickets.words.eta import parse_eta
from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, instant, moment

KYIV = "Europe/Kyiv"
#: A Wednesday noon in Kyiv, in the winter.
NOW = instant(datetime.fromisoformat("2026-03-04T12:00+02:00"))


def _calendar(zone: str = KYIV) -> Calendar:
    spec = CalendarSpec("managers", zone, parse_week({"mon-fri": ["10:00-13:00", "14:00-19:00"]}))
    return compile_calendar(spec, start=Instant(NOW - 86_400_000 * 30), end=Instant(NOW + 86_400_000 * 400))


def _meant(text: str, zone: str = KYIV, now: Instant = NOW) -> str:
    calendar = _calendar(zone)
    at = parse_eta(text, now=now, zone=zone, calendar=calendar)
    return f"{moment(at).astimezone(calendar.tz):%a %d %b %H:%M}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("15:00", "Wed 04 Mar 15:00", id="a time is today"),
        pytest.param("15.30", "Wed 04 Mar 15:30", id="a point between hours and minutes"),
        pytest.param("3pm", "Wed 04 Mar 15:00", id="half days"),
        pytest.param("at 3 pm", "Wed 04 Mar 15:00", id="a word and a space"),
        pytest.param("2h", "Wed 04 Mar 14:00", id="a length"),
        pytest.param("in 1h30m", "Wed 04 Mar 13:30", id="a length in two units"),
        pytest.param("90 minutes", "Wed 04 Mar 13:30", id="a length in words"),
        pytest.param("1bd", "Thu 05 Mar 12:00", id="a business day"),
        pytest.param("3bd", "Mon 09 Mar 12:00", id="business days over the weekend"),
        pytest.param("today", "Wed 04 Mar 19:00", id="the end of work today"),
        pytest.param("tomorrow", "Thu 05 Mar 19:00", id="the end of work tomorrow"),
        pytest.param("tomorrow 10:00", "Thu 05 Mar 10:00", id="tomorrow at a time"),
        pytest.param("Tomorrow, 10am", "Thu 05 Mar 10:00", id="capitals and a comma"),
        pytest.param("the day after tomorrow at 15:00", "Fri 06 Mar 15:00", id="the day after tomorrow"),
        pytest.param("day after tomorrow", "Fri 06 Mar 19:00", id="the end of work the day after tomorrow"),
        pytest.param("tmrw at 15", "Thu 05 Mar 15:00", id="tomorrow in a hurry"),
        pytest.param("післязавтра о 15", "Fri 06 Mar 15:00", id="the Ukrainian day after tomorrow"),
        pytest.param("pasado mañana a las 15", "Fri 06 Mar 15:00", id="the Spanish day after tomorrow"),
        pytest.param("übermorgen um 15 Uhr", "Fri 06 Mar 15:00", id="the German day after tomorrow"),
        pytest.param("mon 15:00", "Mon 09 Mar 15:00", id="a short weekday"),
        pytest.param("on Friday", "Fri 06 Mar 19:00", id="a weekday alone"),
        pytest.param("wed 15:00", "Wed 04 Mar 15:00", id="today by its name"),
        pytest.param("wed 11:00", "Wed 11 Mar 11:00", id="today by its name, too late, is in a week"),
        pytest.param("завтра о 10:00", "Thu 05 Mar 10:00", id="Ukrainian tomorrow"),
        pytest.param("у п’ятницю о 15", "Fri 06 Mar 15:00", id="a Ukrainian Friday"),
        pytest.param("пн", "Mon 09 Mar 19:00", id="a short Ukrainian Monday"),
        pytest.param("mañana a las 10", "Thu 05 Mar 10:00", id="Spanish tomorrow"),
        pytest.param("el lunes 9:30", "Mon 09 Mar 09:30", id="a Spanish Monday"),
        pytest.param("morgen um 10 Uhr", "Thu 05 Mar 10:00", id="German tomorrow"),
        pytest.param("am Montag um 9", "Mon 09 Mar 09:00", id="a German Monday"),
        pytest.param("2026-03-10", "Tue 10 Mar 19:00", id="a date"),
        pytest.param("2026-03-10 15:00", "Tue 10 Mar 15:00", id="a date and a time"),
        pytest.param("2026-03-10T15:00", "Tue 10 Mar 15:00", id="a date and a time as programs write"),
        pytest.param("2026-03-10T15:00+00:00", "Tue 10 Mar 17:00", id="a moment with its offset"),
        pytest.param("sat 10:00", "Sat 07 Mar 10:00", id="a time on a day off is the person's own business"),
    ],
)
def test_a_person_says(text: str, meant: str) -> None:
    assert _meant(text) == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "no time was given", id="nothing"),
        pytest.param("soon", "is no moment", id="a hope"),
        pytest.param("10", "is no moment", id="a bare number"),
        pytest.param("tomorrow or so", "is no moment", id="more words than a moment has"),
        pytest.param("25:00", "is no time", id="an hour that does not exist"),
        pytest.param("13pm", "is no time", id="a half day with thirteen hours"),
        pytest.param("11:00", "has passed today: write tomorrow 11:00", id="a time that has passed"),
        pytest.param("0m", "has passed", id="no length at all"),
        pytest.param("2026-03-03 15:00", "has passed", id="a date that has passed"),
        pytest.param("2062-03-10", "more than a year away", id="a year that was mistyped"),
        pytest.param("sat", "nobody works on 2026-03-07", id="a day off"),
        pytest.param("next friday", "is no moment", id="a week that people disagree about"),
    ],
)
def test_what_cannot_be_promised_is_asked_again(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _meant(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "soon", "25:00", "11:00", "0m", "2062-03-10", "sat", "1970-01-01T00:00+00:00"])
def test_what_is_wrong_is_said_in_the_persons_language(text: str, language: str) -> None:
    spoken = {}
    for one in (language, "en"):
        with pytest.raises(ValueError, match=r"\w") as refused:
            parse_eta(text, now=NOW, zone=KYIV, calendar=_calendar(), speak=Texts(one))
        spoken[one] = str(refused.value)
    assert (spoken[language] == spoken["en"]) == (language == "en")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("1970-01-01T00:00:00+00:00", "This moment has passed", id="the first moment there is"),
        pytest.param("2026-03-04T09:00:00+00:00", "This moment has passed", id="an hour ago"),
        pytest.param("2028-03-04T09:00:00+00:00", "This moment is more than a year away", id="in two years"),
    ],
)
def test_of_a_moment_that_was_chosen_and_not_written_nobody_is_told_how_to_write_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        _meant(text)
    assert "write" not in str(refused.value)


def test_a_time_is_read_in_the_persons_own_zone() -> None:
    calendar = _calendar("America/Chicago")

    at = parse_eta("15:00", now=NOW, zone="America/Chicago", calendar=calendar)

    assert moment(at).isoformat() == "2026-03-04T21:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("2026-03-29 03:30", "2026-03-29T01:30:00+00:00", id="an hour that is left out"),
        pytest.param("2026-10-25 03:30", "2026-10-25T00:30:00+00:00", id="an hour that comes twice: its first"),
    ],
)
def test_a_time_where_clocks_change(text: str, meant: str) -> None:
    assert moment(parse_eta(text, now=NOW, zone=KYIV, calendar=_calendar())).isoformat() == meant
