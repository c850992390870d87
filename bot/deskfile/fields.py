"""Single values of the desk directory: how each is written, what is refused, and the one way it is kept.

Every type here accepts what an admin may write, refuses the rest in a sentence that says the mend, and gives back one
canonical form, so that two ways of writing the same thing are the same desk.
"""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sla.duration import BusinessDays, Within, format_duration, is_too_long, parse_duration, parse_within
from sla.marks import parse_mark
from sla.week import format_window, parse_week, parse_windows, parse_zone

Language = Literal["en", "uk", "es", "de"]
ChannelName = Literal["telegram", "slack", "email", "inapp"]
RoleName = Literal["manager", "senior", "lead", "head", "executive", "admin"]

#: Written in place of a length where nothing is to happen by itself.
NEVER = "never"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_SLACK_PERSON = re.compile(r"[TE][A-Z0-9]*/[UW][A-Z0-9]*", re.ASCII)
_SLACK_PLACE = re.compile(r"[TE][A-Z0-9]*/[CGD][A-Z0-9]*", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+", re.ASCII)


def compact(length: timedelta) -> str:
    """A length as the desk file writes it, `1h30m`."""
    return format_duration(length).replace(" ", "")


def two_readings(text: str) -> str:
    """What is wrong with a date that has its year last, and its mend; empty where it is none."""
    match = _SLASHED.search(text)
    if match is None:
        return ""
    one, other, year = match[1].zfill(2), match[2].zfill(2), match[3]
    pairs = dict.fromkeys(((one, other), (other, one)))
    readings = [f"{year}-{month}-{day}" for day, month in pairs if int(month) <= 12]  # noqa: PLR2004 - months
    wrong = "may be read two ways" if len(readings) > 1 else "has its year last"
    return f"the date {match[0]} {wrong}: write {' or '.join(readings) or '2024-01-08'}, year first"


def date_mend(text: str) -> str:
    """What to write in place of what is no date, or may be read two ways."""
    return two_readings(text) or f"{text!r} is not a date: write the year first, as in 2024-01-08"


def _day(written: object) -> date:
    if isinstance(written, datetime):
        msg = f"{written.isoformat()} has a time of day, and a whole day is meant: write {written.date()}"
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports a ValueError beside the other mistakes
    if isinstance(written, date):
        return written
    text = str(written).strip()
    if not _DATE.fullmatch(text):
        raise ValueError(date_mend(text))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day of any calendar ({error}): write an existing date") from error


def _day_key(written: str) -> str:
    return _day(written).isoformat()


def _key(written: str) -> str:
    if not _KEY.fullmatch(written):
        raise ValueError(f"the key {written!r} must be letters, digits, - and _: people type it in commands")
    return written


def _text(written: str) -> str:
    if not written.strip():
        raise ValueError("this is empty: write it, or leave the key out")
    return written.strip()


def _zone(written: str) -> str:
    parse_zone(written)
    return written


def _length(written: str) -> str:
    length = parse_duration(written)
    if is_too_long(length):
        raise ValueError(f"{written!r} is longer than a year, and nothing here waits so long: write a year at most")
    return compact(length)


def _positive(written: str) -> str:
    if not parse_duration(written):
        raise ValueError(f"{written!r} is no time at all: write at least 1m")
    return _length(written)


def within_text(within: Within) -> str:
    return f"{within.count}bd" if isinstance(within, BusinessDays) else compact(within)


def _pick_up(written: str) -> str:
    return written if written == NEVER else _positive(written)


def _within(written: str) -> str:
    within = parse_within(written)
    if is_too_long(within):
        raise ValueError(f"{written!r} is longer than a year, and no promise reaches so far: write a year at most")
    return within_text(within)


def _windows(written: list[str]) -> list[str]:
    return [format_window(window) for window in parse_windows(written)]


def _week(written: dict[str, list[str]]) -> dict[str, list[str]]:
    if not any(parse_week(written)):
        raise ValueError('this week has no opening hours at all: write for example { mon-fri = ["10:00-19:00"] }')
    return written


def _telegram(written: object) -> str:
    number = written if isinstance(written, int) and not isinstance(written, bool) else str(written).strip()
    if not re.fullmatch(r"-?[1-9]\d{0,18}", str(number), re.ASCII):
        raise ValueError(f"{written!r} is not a Telegram id: write the number, never the @name (names change hands)")
    return str(number)


def _phone(written: str) -> str:
    digits = re.sub(r"[ ()/.-]", "", written)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", digits, re.ASCII):
        raise ValueError(f"{written!r} is no telephone number: write it with its country, as in +351912345678")
    return digits


def _slack_person(written: str) -> str:
    if not _SLACK_PERSON.fullmatch(written):
        raise ValueError(f"{written!r} is not a Slack person: write team and person, as in T024BE7LD/U2147483697")
    return written


def _slack_place(written: str) -> str:
    if not _SLACK_PLACE.fullmatch(written):
        raise ValueError(f"{written!r} is not a Slack channel: write team and channel, as in T024BE7LD/C0G9QF9GW")
    return written


def _email(written: str) -> str:
    address = written.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise ValueError(f"{written!r} is not an email address: write it plain, as in lena@acme.test")
    return address


def _schema(**words: Any) -> WithJsonSchema:  # noqa: ANN401 - the words of JSON Schema are of any type
    return WithJsonSchema(words)


Text = Annotated[str, AfterValidator(_text), Field(min_length=1)]
Key = Annotated[str, AfterValidator(_key), Field(pattern=_KEY.pattern)]
Zone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin", "fixed:+03:00"])]
Day = Annotated[date, BeforeValidator(_day), _schema(type="string", format="date")]
DayKey = Annotated[str, AfterValidator(_day_key)]
Length = Annotated[str, AfterValidator(_length), Field(examples=["0m", "30m", "1h30m"])]
PickUp = Annotated[str, AfterValidator(_pick_up), Field(examples=["15m", NEVER])]
PositiveLength = Annotated[str, AfterValidator(_positive), Field(examples=["30s", "15m", "4h", "1h30m"])]
WithinText = Annotated[str, AfterValidator(_within), Field(examples=["15m", "4h", "1bd"])]
WindowTexts = Annotated[list[str], AfterValidator(_windows), Field(examples=[["10:00-19:00"], ["22:00-06:00"]])]
WeekTexts = Annotated[dict[str, WindowTexts], AfterValidator(_week), Field(examples=[{"mon-fri": ["10:00-19:00"]}])]
Mark = Annotated[str, AfterValidator(parse_mark), Field(examples=["50%", "T-30m", "last_call"])]
Telegram = Annotated[str, BeforeValidator(_telegram), _schema(type=["integer", "string"], examples=[42])]
TelegramPlace = Annotated[str, BeforeValidator(_telegram), _schema(type=["integer", "string"], examples=[-1001234])]
SlackPerson = Annotated[str, AfterValidator(_slack_person), Field(examples=["T024BE7LD/U2147483697"])]
SlackPlace = Annotated[str, AfterValidator(_slack_place), Field(examples=["T024BE7LD/C0G9QF9GW"])]
Phone = Annotated[str, AfterValidator(_phone), Field(examples=["+351912345678"])]
Email = Annotated[str, AfterValidator(_email), Field(examples=["lena@acme.test"])]
