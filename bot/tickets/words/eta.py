"""When a person says "by then": a moment out of a few words, in the person's own zone and four languages.

    15:00   3pm   in 2h   1h30m   2bd   today   tomorrow 10:00   mon 15:00   завтра о 10   2026-03-05 15:00   5 March
    the day after tomorrow at 15

A date in figures alone is written in full, because 08/01 is read in two ways. One with the name of its month may leave
the year out: it is the near one then. A day without a time means the end of work on that day, by the person's own
calendar. A time alone means today; when it has passed we ask instead of guessing, because the client will hold us to
it. Of leave the same words are said otherwise: away until Monday is back on Monday, and away today is away to the end
of the day.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from bot.tickets.texts import Texts
from sla.calendar import Calendar, parse_zone
from sla.duration import BusinessDays, Instant, instant, later, moment, parse_duration

#: What is wrong is said in English where nobody's own language is at hand: a terminal, a page.
_ENGLISH_TEXTS: Final = Texts("en")
#: Nobody promises further ahead; a year that was mistyped is found here.
FARTHEST: Final = timedelta(days=366)

#: Days by how far ahead they are.
_NAMED: Final = {
    name: ahead
    for ahead, names in enumerate(
        (
            "today сьогодні hoy heute",
            "tomorrow tmrw завтра mañana morgen",
            "overmorrow післязавтра позавтра übermorgen uebermorgen",
        )
    )
    for name in names.split()
}
_OVERMORROW: Final = re.compile(r"\bday after tomorrow\b|\bpasado mañana\b")
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
DAYS: Final = {name: day for day, names in enumerate(_WEEKDAYS) for name in names}
_ENGLISH: Final = (
    "january jan",
    "february feb",
    "march",
    "april apr",
    "may",
    "june jun",
    "july jul",
    "august aug",
    "september sept sep",
    "october oct",
    "november nov",
    "december dec",
)
#: January first; `mar` is a Tuesday in Spanish, so it is a month only after its day.
_OTHERS: Final = (
    "січня enero ene januar",
    "лютого febrero februar",
    "березня marzo mar märz maerz mär",
    "квітня abril abr",
    "травня mayo mai",
    "червня junio juni",
    "липня julio juli",
    "серпня agosto ago",
    "вересня septiembre",
    "жовтня octubre oktober okt",
    "листопада noviembre",
    "грудня diciembre dic dezember dez",
)
_MONTHS: Final = {
    name: month for names in (_ENGLISH, _OTHERS) for month, one in enumerate(names, 1) for name in one.split()
}
_YEAR: Final = r"(?:\s+(?:del?\s+)?(?P<year>\d{4})\b(?!:))?"
#: 5 March, the 5th of March 2026, 5 de marzo, 5-го березня, 5. März.
_DAY_MONTH: Final = re.compile(
    r"(?<![\d:./-])(?P<day>\d{1,2})(?:st|nd|rd|th|\.|-?го|º)?\s+(?:of\s+|de\s+)?"
    rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?{_YEAR}"
)
#: March 5, March 5th 2026; but March 5pm is no date.
_MONTH_DAY: Final = re.compile(
    rf"\b(?P<month>{'|'.join(sorted(' '.join(_ENGLISH).split(), key=len, reverse=True))})\.?\s+"
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:|\.\d|\s*(?:am|pm|h)\b){_YEAR}"
)
#: Of a date without its year: what is longer ago than this is meant of the next year.
_NEAR: Final = timedelta(days=183)
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
_DOTTED: Final = re.compile(r"\d{1,2}\.\d{1,2}\.[.!]*")
_LENGTH: Final = re.compile(r"(\d+)(hours?|hrs?|h|minutes?|mins?|min|m)", re.IGNORECASE)
_BUSINESS_DAYS: Final = re.compile(r"(\d{1,2})bd")


class _WrongError(Exception):
    """Words that mean no moment ahead: the text that says why, and what it is filled with."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def said(self, speak: Texts) -> str:
        return speak(self.key, **self.values, how=speak("moment_how"))


def parse_eta(
    text: str,
    *,
    now: Instant,
    zone: str,
    calendar: Calendar,
    may_have_passed: bool = False,
    speak: Texts = _ENGLISH_TEXTS,
) -> Instant:
    """The moment those words mean for somebody in this zone. A ValueError says how to write it, by `speak`.

    One that is only asked about may have passed, if it is written in full.
    """
    try:
        at = _moment(text, now, zone, calendar)
        return at if may_have_passed else _ahead(at, text, now)
    except _WrongError as error:
        raise ValueError(error.said(speak)) from error


def parse_leave(
    text: str,
    *,
    now: Instant,
    zone: str,
    calendar: Calendar,
    begins: bool = False,
    speak: Texts = _ENGLISH_TEXTS,
) -> Instant:
    """The same for the end of leave, or its beginning: a day alone is its first moment. A beginning may have passed."""
    try:
        at = _leave(text, now, zone, calendar, begins=begins)
        return at if begins else _ahead(at, text, now)
    except _WrongError as error:
        raise ValueError(error.said(speak)) from error


def _leave(text: str, now: Instant, zone: str, calendar: Calendar, *, begins: bool) -> Instant:
    here, words = moment(now).astimezone(parse_zone(zone)).date(), _words(text)
    day, is_weekday = _day(words[0], here) if len(words) == 1 else (None, False)
    if day is None:
        return _moment(text, now, zone, calendar)
    if (day == here and not begins) or (is_weekday and day == here):
        day += timedelta(days=7 if is_weekday else 1)
    return _at(day, time(0), parse_zone(zone))


def _moment(text: str, now: Instant, zone: str, calendar: Calendar) -> Instant:
    words = _words(text)
    if not words:
        raise _WrongError("moment_missing")
    if (exact := _exact(text)) is not None:
        return exact
    return _length(words, now, calendar) or _day_and_time(words, text, now, parse_zone(zone), calendar)


def _ahead(at: Instant, text: str, now: Instant) -> Instant:
    # One with its offset was chosen in a window, where nothing is written.
    is_chosen = _exact(text) is not None
    if at <= now:
        raise _WrongError("refused_past") if is_chosen else _WrongError("moment_passed", said=text.strip())
    if at > later(now, FARTHEST):
        raise _WrongError("moment_far_chosen") if is_chosen else _WrongError("moment_far", said=text.strip())
    return at


def is_about_a_moment(text: str) -> bool:
    """Whether these words are an attempt at a moment, good or bad, and nothing else: each has a figure or is a day."""
    words = _words(text)
    return bool(words) and all(word in DAYS or word in _NAMED or any(sign.isdigit() for sign in word) for word in words)


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("’", "'").replace("ʼ", "'").replace(",", " ")
    plain = re.sub(r"(?<=[\d\s])([ap])\.\s?m\b\.?", r"\1m", plain)
    plain = _OVERMORROW.sub("overmorrow", plain)
    plain = _MONTH_DAY.sub(_as_date, _DAY_MONTH.sub(_as_date, plain))
    joined = re.sub(r"(?<=\d)\s+(?=(?:am|pm|h|hours?|hrs?|m|min|mins|minutes?|bd)\b)", "", plain)
    words = [word for word in joined.split() if word not in _FILLERS]
    # A full stop ends a sentence, but 08.01. alone is a date that is read in two ways.
    if words and (len(words) > 1 or not _DOTTED.fullmatch(words[0])):
        words[-1] = words[-1].rstrip(".!")
    return [word for word in words if word]


def _as_date(found: re.Match[str]) -> str:
    """A date with the name of its month as one word: `2026-03-05`, without its year `--03-05`."""
    return f" {found['year'] or '-'}-{_MONTHS[found['month']]:02}-{int(found['day']):02} "


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
    day, is_weekday, rest = _day_among(words, text, here.date())
    if day is None and rest[0].isdecimal():
        raise _WrongError("moment_unclear", said=text.strip())
    if not rest:
        return _end_of_work(day or here.date(), now, zone, calendar, is_weekday=is_weekday)
    clock = _clock(rest[0], text)
    if day is None and _at(here.date(), clock, zone) <= now:
        raise _WrongError("moment_passed_today", said=text.strip(), time=f"{clock:%H:%M}")
    at = _at(day or here.date(), clock, zone)
    if is_weekday and at <= now and day is not None:
        at = _at(day + timedelta(days=7), clock, zone)
    return at


def _day_among(words: list[str], text: str, today: date) -> tuple[date | None, bool, list[str]]:
    """The day these words mean, whether it is a weekday alone, and the rest: at most one word, the time.

    A weekday beside a date has to be that date's own.
    """
    known = [(word, *_day(word, today)) for word in words]
    weekdays = {word for word, day, is_weekday in known if day is not None and is_weekday}
    dates = {day for word, day, _ in known if day is not None and word not in weekdays}
    rest = [word for word, day, _ in known if day is None]
    named = {DAYS[word] for word in weekdays}
    if max(len(rest), len(dates), len(named)) > 1 or (dates and named and {one.weekday() for one in dates} != named):
        raise _WrongError("moment_unclear", said=text.strip())
    if dates:
        return dates.pop(), False, rest
    return next((day for _, day, is_weekday in known if is_weekday), None), bool(weekdays), rest


def _day(word: str, today: date) -> tuple[date | None, bool]:
    """The day a word means, and whether it was a weekday, which comes round again."""
    if word in _NAMED:
        return today + timedelta(days=_NAMED[word]), False
    if word in DAYS:
        return today + timedelta(days=(DAYS[word] - today.weekday()) % 7), True
    years = (today.year, today.year + 1) if word.startswith("--") else (None,)
    for year in years:
        try:
            day = date.fromisoformat(word if year is None else f"{year}{word[1:]}")
        except ValueError:
            continue
        if year is None or day >= today - _NEAR:
            return day, False
    return None, False


def _clock(word: str, text: str) -> time:
    match = _TIME.fullmatch(word)
    if match is None:
        raise _WrongError("moment_unclear", said=text.strip())
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - half a day has twelve hours
            raise _WrongError("moment_no_time", said=word)
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError as error:
        raise _WrongError("moment_no_time", said=word) from error


def _at(day: date, clock: time, zone: tzinfo) -> Instant:
    """That reading of the wall clock; the first one where an hour comes twice, after the gap where it is left out."""
    return instant(datetime.combine(day, clock, zone))


def _end_of_work(day: date, now: Instant, zone: tzinfo, calendar: Calendar, *, is_weekday: bool) -> Instant:
    start = _at(day, time(0), zone)
    hours = calendar.intervals(start, _at(day + timedelta(days=1), time(0), zone))
    if is_weekday and (not hours or hours[-1][1] <= now) and start <= now:
        return _end_of_work(day + timedelta(days=7), now, zone, calendar, is_weekday=False)
    if not hours:
        raise _WrongError("moment_nobody_works", day=day.isoformat())
    return hours[-1][1]
