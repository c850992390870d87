"""The moments that clients were told, read from the words they were told in: a weekday, a clock, their own zone.

Words and days of the four languages stand here once more, written down by hand: the desk's own catalogue is not asked.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

_CLOCK: Final = r"(?P<{name}>[^.;()]*?)(?P<{name}_clock>\d\d:\d\d)"
_OPENS: Final = re.compile(
    r"(?:(?P<who>\w+) )?\b(?:is back|are back|буд(?:е|емо) на звʼязку|vuelve|volvemos|ist ab|sind ab)\b"
    + _CLOCK.format(name="opens"),
    re.IGNORECASE,
)
_ANSWERS: Final = re.compile(
    r"\b(?:answers? by|відповімо не пізніше ніж|відповість не пізніше ніж|responder(?:á|emos) a más tardar"
    r"|antwort(?:et|en) Ihnen bis|hear from us by|нашої відповіді|nuestra respuesta|von uns spätestens)\b:?"
    + _CLOCK.format(name="by"),
    re.IGNORECASE,
)
_TOMORROW: Final = frozenset({"tomorrow", "завтра", "mañana", "morgen"})
_DAYS: Final = {
    word: day
    for days in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "понеділок вівторок середу четвер пʼятницю суботу неділю",
        "lunes martes miércoles jueves viernes sábado domingo",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for day, word in enumerate(days.split())
}
#: Who speaks of themselves, and not of one person.
_WE: Final = frozenset({"we", "wir", "будемо", "volvemos", ""})


@dataclass(frozen=True, slots=True)
class Told:
    """What one text says of moments: when somebody comes and who, and by when an answer."""

    opens_at: datetime | None = None
    who: str = ""
    answers_by: datetime | None = None


@cache  # a judge asks for every minute in which somebody waits what they were told last
def told(text: str, *, at: datetime, zone: ZoneInfo) -> Told:
    """What a client in that zone understands who reads this at that moment. ValueError for a day we do not know."""
    opens, answers = _OPENS.search(text), _ANSWERS.search(text)
    who = (opens["who"] or "") if opens is not None else ""
    return Told(
        _moment(opens["opens"], opens["opens_clock"], at, zone) if opens is not None else None,
        "" if who.casefold() in _WE else who,
        _moment(answers["by"], answers["by_clock"], at, zone) if answers is not None else None,
    )


def _moment(words: str, clock: str, at: datetime, zone: ZoneInfo) -> datetime:
    here = at.astimezone(zone)
    day = here.date()
    found = [word.strip(",").casefold() for word in words.split()]
    named = [_DAYS[word] for word in found if word in _DAYS]
    if _TOMORROW.intersection(found):
        day += timedelta(days=1)
    elif named:
        day += timedelta(days=(named[0] - day.weekday()) % 7)
    elif any(word not in {"о", "об", "у", "el", "a", "las", "la"} for word in found):
        raise ValueError(f"which day is {words!r}?")
    hours, minutes = map(int, clock.split(":"))
    return datetime.combine(day, time(hours, minutes), zone).astimezone(UTC)
