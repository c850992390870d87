"""When a client asks for "then": a moment as it is written to somebody, with courtesies, doubts, days of next week.

    Thursday 15:00?   tomorrow at 15h please   mañana a las 3 de la tarde   завтра о 15 годині   next friday 15:00

What is read here comes back to be confirmed, so it may be read kindly. What our own people promise is read as `eta.py`
reads it: the same words with a doubt in them are no promise.
"""

import re
from datetime import date, timedelta
from typing import Final

from bot.tickets.words.eta import DAYS, is_about_a_moment, parse_eta
from sla.calendar import Calendar, parse_zone
from sla.duration import Instant, moment

_COURTESIES: Final = re.compile(
    r"\b(?:please|pls|thanks|thank you|будь ласка|прошу|дякую|por favor|gracias|bitte|danke(?: schön)?)(?!\w)"
)
_DOUBTS: Final = re.compile(r"[?¿¡]")
_HALVES: Final = {
    "am": r"in the morning|ранку|de la mañana|morgens|vormittags",
    "pm": r"in the afternoon|in the evening|дня|вечора|de la tarde|de la noche|nachmittags|abends",
}
_OF_THE_DAY: Final = {
    half: re.compile(
        rf"\b(?P<hour>\d{{1,2}})(?P<minutes>[:.]\d{{2}})?\s*(?:h|hs|uhr|o'clock|год\w*)?\s*(?:{said})(?!\w)"
    )
    for half, said in _HALVES.items()
}
_NOON: Final = 12
#: 15:00 h, 15 годині, 15-й: the hour of a clock, whatever stands before it.
_CLOCK: Final = re.compile(r"\b(\d{1,2})[:.](\d{2})\s*(?:h|hs|hrs|год\w*)(?!\w)\.?")
_UKRAINIAN: Final = re.compile(r"\b(\d{1,2})(?:\s*(?:годині|годину|година)|-?(?:й|ій|та|тій|ту))(?!\w)")
#: 15h, 15h30, 15 год. From seven on it is a clock, because nobody asks for a call in fifteen hours; `in 15h` is one.
_HOURS: Final = re.compile(r"\b(\d{1,2})\s*(?:h|hs|hrs|год)(\d{2})?(?!\w)\.?")
_IN: Final = re.compile(r"\b(?:in|within|за|через|en|dentro de)\s+\d")
_EARLIEST: Final = 7
#: Of this week or of the coming days: what the day alone says as well.
_COMING: Final = re.compile(
    r"\b(?:this|coming|цього|цієї|цей|цю|este|(?:el\s+)?próximo|(?:el\s+)?proximo|diese[nrm]?|nächste[nrm]?|"
    r"kommende[nrm]?)\s+(?=[^\W\d])|\bque viene\b"
)
_NEXT: Final = re.compile(rf"\b(?:next|наступн\w+)\s+(?P<day>{'|'.join(sorted(DAYS, key=len, reverse=True))})(?!\w)")


def is_asked_moment(text: str) -> bool:
    """Whether these words are an attempt at a moment, good or bad, and nothing else that matters."""
    return is_about_a_moment(_NEXT.sub(lambda found: found["day"], plainly(text)))


def parse_asked(text: str, *, now: Instant, zone: str, calendar: Calendar) -> Instant:
    """The moment those words mean for somebody in this zone; a ValueError where they mean none, or two."""
    today = moment(now).astimezone(parse_zone(zone)).date()
    plain = _NEXT.sub(lambda found: _next_week(today, DAYS[found["day"]]).isoformat(), plainly(text))
    return parse_eta(plain, now=now, zone=zone, calendar=calendar)


def without_courtesies(text: str) -> str:
    """The same without please and thank you."""
    plain = text.casefold().replace("’", "'").replace("ʼ", "'").replace(",", " ")
    return " ".join(_COURTESIES.sub(" ", plain).split())


def plainly(text: str) -> str:
    """The same as it would be written to a machine."""
    plain = _DOUBTS.sub(" ", without_courtesies(text))
    for half, said in _OF_THE_DAY.items():
        plain = said.sub(lambda found, half=half: _on_the_clock(found, half), plain)  # type: ignore[misc]
    plain = _CLOCK.sub(r"\1:\2", plain)
    plain = _UKRAINIAN.sub(r"\1:00", plain)
    if not _IN.search(plain):
        plain = _HOURS.sub(_hour, plain)
    return " ".join(_COMING.sub(" ", plain).split())


def _on_the_clock(found: re.Match[str], half: str) -> str:
    minutes = found["minutes"] or ""
    return f"{found['hour']}{minutes or ':00'}" if int(found["hour"]) > _NOON else f"{found['hour']}{minutes}{half}"


def _hour(found: re.Match[str]) -> str:
    return f"{found[1]}:{found[2] or '00'}" if int(found[1]) >= _EARLIEST else found[0]


def _next_week(today: date, weekday: int) -> date:
    """That day of the week that begins on the next Monday."""
    return today + timedelta(days=7 - today.weekday() + weekday)
