"""When a person says "by then": a moment out of a few words, in the person's own zone and four languages.

    15:00   3pm   in 2h   1h30m   2bd   today   tomorrow 10:00   mon 15:00   завтра о 10   2026-03-05 15:00

A day without a time means the end of work on that day, by the person's own calendar. A time alone means today; when it
has passed we ask instead of guessing, because the client will hold us to it. Of leave the same words are said
otherwise: away until Monday is back on Monday, and away today is away to the end of the day.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from sla.calendar import Calendar, parse_zone
from sla.duration import BusinessDays, Instant, instant, later, moment, parse_duration

HOW: Final = "write 15:00, 2h, tomorrow 10:00, mon 15:00 or 2026-03-05 15:00"
#: Nobody promises further ahead; a year that was mistyped is found here.
FARTHEST: Final = timedelta(days=366)

_TODAY: Final = frozenset({"today", "сьогодні", "hoy", "heute"})
_TOMORROW: Final = frozenset({"tomorrow", "завтра", "mañana", "morgen"})
#: Monday first; every way to say a day in English, Ukrainian, Spanish and German.
_WEEKDAYS: Final = tuple(
    frozenset(names.split())
    for names in (
        "mon monday пн понеділок понеділка lun lunes mo montag",
        "tue tues tuesday вт вівторок вівторка mar martes di dienstag",
        "wed wednesday ср середа середу середи mié mie miércoles miercoles mi mittwoch",
        "thu thur thurs thursday чт четвер четверга jue jueves do donnerstag",
        "fri friday пт п'ятниця п'ятницю п'ятниці vie viernes fr freitag",
        "sat saturday сб субота суботу суботи sáb sab sábado sabado sa samstag sonnabend",
        "sun sunday нд неділя неділю неділі dom domingo so sonntag",
    )
)
_DAYS: Final = {name: day for day, names in enumerate(_WEEKDAYS) for name in names}
#: Words around a moment that change nothing about it.
_FILLERS: Final = frozenset(
    word
    for words in (
        "at by on in till until the o'clock",
        "о об до у в за через",
        "a las la el para en",
        "um am bis uhr ab",
    )
    for word in words.split()
)
_TIME: Final = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?P<half>am|pm)?")
_LENGTH: Final = re.compile(r"(\d+)(hours?|hrs?|h|minutes?|mins?|min|m)", re.IGNORECASE)
_BUSINESS_DAYS: Final = re.compile(r"(\d{1,2})bd")


def parse_eta(text: str, *, now: Instant, zone: str, calendar: Calendar, may_have_passed: bool = False) -> Instant:
    """The moment those words mean for somebody in this zone. A ValueError says how to write it.

    One that is only asked about may have passed, if it is written in full.
    """
    at = _moment(text, now, zone, calendar)
    return at if may_have_passed else _ahead(at, text, now)


def parse_leave(text: str, *, now: Instant, zone: str, calendar: Calendar, begins: bool = False) -> Instant:
    """The same for the end of leave, or its beginning: a day alone is its first moment. A beginning may have passed."""
    here, words = moment(now).astimezone(parse_zone(zone)).date(), _words(text)
    day, is_weekday = _day(words[0], here) if len(words) == 1 else (None, False)
    if day is None:
        at = _moment(text, now, zone, calendar)
    else:
        if (day == here and not begins) or (is_weekday and day == here):
            day += timedelta(days=7 if is_weekday else 1)
        at = _at(day, time(0), parse_zone(zone))
    return at if begins else _ahead(at, text, now)


def _moment(text: str, now: Instant, zone: str, calendar: Calendar) -> Instant:
    words = _words(text)
    if not words:
        raise ValueError(f"no time was given: {HOW}")
    return _exact(text) or _length(words, now, calendar) or _day_and_time(words, text, now, parse_zone(zone), calendar)


def _ahead(at: Instant, text: str, now: Instant) -> Instant:
    if at <= now:
        raise ValueError(f"{text.strip()!r} has passed: {HOW}")
    if at > later(now, FARTHEST):
        raise ValueError(f"{text.strip()!r} is more than a year away: {HOW}")
    return at


def is_about_a_moment(text: str) -> bool:
    """Whether these words are an attempt at a moment, good or bad, and nothing else: each has a figure or is a day."""
    words = _words(text)
    days = _DAYS.keys() | _TODAY | _TOMORROW
    return bool(words) and all(word in days or any(sign.isdigit() for sign in word) for word in words)


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("’", "'").replace("ʼ", "'").replace(",", " ")
    joined = re.sub(r"(?<=\d)\s+(?=(?:am|pm|h|hours?|hrs?|m|min|mins|minutes?|bd)\b)", "", plain)
    return [word for word in joined.split() if word not in _FILLERS]


def _exact(text: str) -> Instant | None:
    """A moment written in full, with its offset."""
    try:
        written = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant(written) if written.tzinfo else None


def _length(words: list[str], now: Instant, calendar: Calendar) -> Instant | None:
    """So long from now: real time, or business days of the person's calendar."""
    joined = "".join(words)
    if days := _BUSINESS_DAYS.fullmatch(joined):
        if not int(days[1]):
            return now
        return calendar.advance(now, calendar.business_days(now, BusinessDays(int(days[1]))))
    if not re.fullmatch(rf"(?:{_LENGTH.pattern})+", joined, re.IGNORECASE):
        return None
    return later(now, parse_duration("".join(f"{count}{unit[0]}" for count, unit in _LENGTH.findall(joined))))


def _day_and_time(words: list[str], text: str, now: Instant, zone: tzinfo, calendar: Calendar) -> Instant:
    here = moment(now).astimezone(zone)
    if len(words) == 1 and "t" in words[0] and words[0][:1].isdigit():
        words = words[0].split("t")  # 2026-03-05T15:00
    first, *rest = words
    day, is_weekday = _day(first, here.date())
    if day is None:
        rest = words
    if len(rest) > 1 or (day is None and rest[0].isdecimal()):
        raise ValueError(f"{text.strip()!r} is no moment: {HOW}")
    if not rest:
        return _end_of_work(day or here.date(), now, zone, calendar, is_weekday=is_weekday)
    clock = _clock(rest[0], text)
    if day is None and _at(here.date(), clock, zone) <= now:
        raise ValueError(f"{text.strip()!r} has passed today: write tomorrow {clock:%H:%M}")
    at = _at(day or here.date(), clock, zone)
    if is_weekday and at <= now and day is not None:
        at = _at(day + timedelta(days=7), clock, zone)
    return at


def _day(word: str, today: date) -> tuple[date | None, bool]:
    """The day a word means, and whether it was a weekday, which comes round again."""
    if word in _TODAY:
        return today, False
    if word in _TOMORROW:
        return today + timedelta(days=1), False
    if word in _DAYS:
        return today + timedelta(days=(_DAYS[word] - today.weekday()) % 7), True
    try:
        return date.fromisoformat(word), False
    except ValueError:
        return None, False


def _clock(word: str, text: str) -> time:
    match = _TIME.fullmatch(word)
    if match is None:
        raise ValueError(f"{text.strip()!r} is no moment: {HOW}")
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - half a day has twelve hours
            raise ValueError(f"{word!r} is no time: {HOW}")
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError as error:
        raise ValueError(f"{word!r} is no time: {HOW}") from error


def _at(day: date, clock: time, zone: tzinfo) -> Instant:
    """That reading of the wall clock; the first one where an hour comes twice, after the gap where it is left out."""
    return instant(datetime.combine(day, clock, zone))


def _end_of_work(day: date, now: Instant, zone: tzinfo, calendar: Calendar, *, is_weekday: bool) -> Instant:
    start = _at(day, time(0), zone)
    hours = calendar.intervals(start, _at(day + timedelta(days=1), time(0), zone))
    if is_weekday and (not hours or hours[-1][1] <= now) and start <= now:
        return _end_of_work(day + timedelta(days=7), now, zone, calendar, is_weekday=False)
    if not hours:
        raise ValueError(f"nobody works on {day.isoformat()} by your calendar: name a time as well")
    return hours[-1][1]
