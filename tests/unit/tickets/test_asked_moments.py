"""Moments as clients write them: with courtesies, question marks and the names of months, in four languages.

What one of our people promises is read strictly: the same words with a doubt in them are no promise.
"""

from datetime import datetime

import pytest

from bot.tickets.calls.call import KINDS
from bot.tickets.calls.words import Wish, is_like_an_answer, wish_from_text
from bot.tickets.words.eta import is_about_a_moment, parse_eta
from bot.tickets.words.short_words import Shorts, deed
from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, instant, moment

LISBON = "Europe/Lisbon"
#: A Tuesday noon in Lisbon, in the winter.
NOW = instant(datetime.fromisoformat("2026-03-03T12:00+00:00"))


def calendar() -> Calendar:
    spec = CalendarSpec("managers", LISBON, parse_week({"mon-fri": ["10:00-19:00"]}))
    return compile_calendar(spec, start=Instant(NOW - 86_400_000 * 30), end=Instant(NOW + 86_400_000 * 400))


def wished(text: str, now: Instant = NOW) -> Wish:
    return wish_from_text(text, KINDS, now=now, zone=LISBON, calendar=calendar())


def shown(at: Instant) -> str:
    return f"{moment(at).astimezone(calendar().tz):%a %d %b %H:%M}"


TOMORROW = "Wed 04 Mar 15:00"
THURSDAY = "Thu 05 Mar 15:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("tomorrow at 15.", TOMORROW, id="a full stop"),
        pytest.param("Tomorrow at 15!", TOMORROW, id="an exclamation mark"),
        pytest.param("tomorrow 15.00.", TOMORROW, id="a point and a full stop"),
        pytest.param("Thursday 15:00?", THURSDAY, id="a question"),
        pytest.param("¿jueves a las 15:00?", THURSDAY, id="a Spanish question"),
        pytest.param("Donnerstag um 15 Uhr?", THURSDAY, id="a German question"),
        pytest.param("у четвер о 15:00?", THURSDAY, id="a Ukrainian question"),
        pytest.param("tomorrow 3 p.m.", TOMORROW, id="half a day with points"),
        pytest.param("tomorrow at 3 P.M., please", TOMORROW, id="half a day with points and a courtesy"),
        pytest.param("tomorrow at 3 in the afternoon", TOMORROW, id="in the afternoon"),
        pytest.param("mañana a las 3 de la tarde", TOMORROW, id="a Spanish afternoon"),
        pytest.param("mañana a las 10 de la mañana", "Wed 04 Mar 10:00", id="a Spanish morning"),
        pytest.param("завтра о 3 дня", TOMORROW, id="a Ukrainian afternoon"),
        pytest.param("morgen um 3 Uhr nachmittags", TOMORROW, id="a German afternoon"),
        pytest.param("tomorrow at 15h", TOMORROW, id="an hour with its letter"),
        pytest.param("mañana a las 15h", TOMORROW, id="a Spanish hour with its letter"),
        pytest.param("mañana a las 15:00 h.", TOMORROW, id="the same in full"),
        pytest.param("morgen um 15h30", "Wed 04 Mar 15:30", id="hours and minutes with a letter between"),
        pytest.param("завтра о 15 год.", TOMORROW, id="a Ukrainian hour"),
        pytest.param("завтра о 15-й", TOMORROW, id="a Ukrainian hour by its number"),
        pytest.param("a las 15h", "Tue 03 Mar 15:00", id="an hour today"),
        pytest.param("15:00 tomorrow", TOMORROW, id="the time before the day"),
        pytest.param("о 15:00 завтра", TOMORROW, id="the time before the day, in Ukrainian"),
        pytest.param("5 March 15:00", THURSDAY, id="a date"),
        pytest.param("March 5th at 3pm", THURSDAY, id="a date the other way round"),
        pytest.param("the 5th of March 2026, 15:00", THURSDAY, id="a date with its year"),
        pytest.param("Thursday, 5 March, 15:00", THURSDAY, id="a date and its day"),
        pytest.param("5 березня о 15:00", THURSDAY, id="a Ukrainian date"),
        pytest.param("5-го березня о 15", THURSDAY, id="a Ukrainian date by its number"),
        pytest.param("el 5 de marzo a las 15:00", THURSDAY, id="a Spanish date"),
        pytest.param("am 5. März um 15 Uhr", THURSDAY, id="a German date"),
        pytest.param("5 mar 15:00", THURSDAY, id="a short month"),
        pytest.param("next friday 15:00", "Fri 13 Mar 15:00", id="a day of next week"),
        pytest.param("наступної п'ятниці о 15:00", "Fri 13 Mar 15:00", id="a day of next week, in Ukrainian"),
        pytest.param("this friday 15:00", "Fri 06 Mar 15:00", id="a day of this week"),
        pytest.param("el próximo viernes a las 15:00", "Fri 06 Mar 15:00", id="the Spanish one that comes"),
        pytest.param("nächsten Freitag um 15:00", "Fri 06 Mar 15:00", id="the German one that comes"),
        pytest.param("tomorrow at 15 please", TOMORROW, id="a courtesy"),
        pytest.param("завтра о 15, будь ласка", TOMORROW, id="a Ukrainian courtesy"),
        pytest.param("mañana a las 15 por favor", TOMORROW, id="a Spanish courtesy"),
        pytest.param("morgen um 15 Uhr bitte, danke!", TOMORROW, id="German courtesies"),
    ],
)
def test_a_client_may_write_a_moment_so(text: str, meant: str) -> None:
    wish = wished(text)

    assert wish.at is not None, wish
    assert (wish.what, shown(wish.at)) == ("moment", meant)
    assert is_like_an_answer(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("08/01 15:00", id="a day or a month"),
        pytest.param("08.01. 15:00", id="the same with points"),
        pytest.param("08.01.", id="the same alone"),
        pytest.param("8-1 15:00", id="the same with a line"),
        pytest.param("friday, 5 March 15:00", id="a day that is not that date"),
        pytest.param("tomorrow friday 15:00", id="a day that is not the other"),
        pytest.param("tomorrow 15:00 16:00", id="two times"),
        pytest.param("15:00 or 16:00", id="a choice"),
        pytest.param("31 February 15:00", id="no such day"),
        pytest.param("25 p.m. tomorrow", id="no such hour"),
        pytest.param("2 March 15:00", id="yesterday, and not in a year"),
        pytest.param("please", id="a courtesy alone"),
        pytest.param("?", id="a question alone"),
        pytest.param("next 15:00", id="next what"),
    ],
)
def test_what_may_be_read_in_two_ways_is_no_moment(text: str) -> None:
    assert wished(text).what == "unknown"


@pytest.mark.parametrize("text", ["thanks, 3 of them", "we have 5 more, please", "is it 3?"])
def test_a_sentence_is_no_answer_to_an_offer(text: str) -> None:
    assert not is_like_an_answer(text)


def test_a_date_without_a_year_is_the_one_that_is_near() -> None:
    december = instant(datetime.fromisoformat("2025-12-30T12:00+00:00"))

    assert wished("5 January 15:00", december).at == instant(datetime.fromisoformat("2026-01-05T15:00+00:00"))


# The same words of our own people


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("tomorrow at 15.", TOMORROW, id="a full stop"),
        pytest.param("3 p.m.", "Tue 03 Mar 15:00", id="half a day with points"),
        pytest.param("5 March 15:00", THURSDAY, id="a date"),
        pytest.param("15:00 tomorrow", TOMORROW, id="the time before the day"),
        pytest.param("2h", "Tue 03 Mar 14:00", id="a length stays one"),
        pytest.param("15h", "Wed 04 Mar 03:00", id="a long one too"),
        pytest.param("mar 15", "Tue 03 Mar 15:00", id="a Spanish Tuesday is no month"),
        pytest.param("5 march", "Thu 05 Mar 19:00", id="the end of work on a date"),
    ],
)
def test_what_is_promised_so_is_meant_so(text: str, meant: str) -> None:
    assert is_about_a_moment(text)
    assert shown(parse_eta(text, now=NOW, zone=LISBON, calendar=calendar())) == meant


@pytest.mark.parametrize(
    "text", ["thursday 15:00?", "tomorrow 15h", "next friday 15:00", "08.01. 15:00", "tomorrow 15:00 please"]
)
def test_what_is_said_with_a_doubt_is_no_promise(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment"):
        parse_eta(text, now=NOW, zone=LISBON, calendar=calendar())


@pytest.mark.parametrize("text", ["eta 15:00 please", "eta next friday 15:00", "eta 5 may be too few", "eta may be 5"])
def test_words_about_a_time_that_ask_go_on_as_words(text: str) -> None:
    assert deed(text, Shorts.ALL, is_inward=False) is None
