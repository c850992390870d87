"""What is to happen in a simulation, read from JSON lines: who wrote or did what, where, and when.

    {"at": "2026-03-03T12:00:00+03:00", "channel": "telegram", "conversation": "1001", "from": "Lena", "text": "..."}
    {"at": "2026-03-03T12:20:00+03:00", "person": "vera", "ticket": "T-1", "kind": "answer", "text": "..."}

A person's `kind` is what a reply is (answer, clarify, eta, fix), or something else to do to a ticket (note, resolve).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from adapters.message import Channel
from bot.deskfile.fields import two_readings
from bot.tickets import command as c
from bot.tickets.ticket import TicketId, ticket_id_from_number
from bot.tickets.words.eta import parse_eta
from routing.people import PersonId
from sla.calendar import Calendar
from sla.duration import REACH, Instant, instant, is_within_reach, parse_within
from sla.policy import Metric
from sla.promise import ReplyKind


def _agreed(text: str) -> c.Agree:
    """`first_response 3h`. ValueError for anything else."""
    metric, _, within = text.strip().partition(" ")
    return c.Agree(Metric(metric), parse_within(within.replace(" ", "")))


ACTS: Final[Mapping[str, Callable[[str], c.Command]]] = {
    "answer": lambda text: c.Reply(text, ReplyKind.ANSWER),
    "clarify": c.AskDetails,
    "fix": lambda text: c.Reply(text, ReplyKind.FIX),
    "unset": lambda text: c.Reply(text, ReplyKind.UNSET),
    "note": c.AddNote,
    "resolve": c.Resolve,
    "take": lambda _text: c.Take(),
    "hand_over": lambda text: c.HandOver(PersonId(text) if text else None),
    "escalate": c.Escalate,
    "urgency": c.SetUrgency,
    "third_party": c.WaitThirdParty,
    "resume": lambda _text: c.Resume(),
    "name_reply": lambda text: c.NameReply(ReplyKind(text)),
    "no_answer": lambda _text: c.NeedsNoAnswer(),
    "acknowledge": lambda _text: c.Acknowledge(),
    "spam": lambda _text: c.MarkSpam(),
    "not_spam": lambda _text: c.NotSpam(),
    "not_covered": c.NotCovered,
    "covered": lambda _text: c.Covered(),
    "agree": _agreed,
    "merge": lambda text: c.Merge(ticket_id_from_number(text)),
}
ETA: Final = "eta"
_ETA_PREFIX: Final = re.compile(r"^\s*eta\s*:?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one line, and how to mend it."""

    line: int
    words: str


class SceneError(ValueError):
    """A scene that cannot be played, with everything that is wrong with it."""

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(f"line {one.line}: {one.words}" for one in mistakes))


class _Written(BaseModel):
    """One line as written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    at: AwareDatetime = Field(strict=False)
    text: str = ""
    channel: Channel | None = Field(None, strict=False)
    conversation: str | None = None
    sender: str | None = Field(None, alias="from")
    person: str | None = None
    ticket: str | None = None
    kind: str | None = None

    @field_validator("at", mode="before")
    @classmethod
    def _moment(cls, written: object) -> object:
        if not isinstance(written, str):
            return written
        if two := two_readings(written):
            raise ValueError(f"{two}, and its time with an offset, as 2026-03-03T12:00:00+03:00")
        try:
            return datetime.fromisoformat(written)
        except ValueError as error:
            raise ValueError(f"{written!r} names no moment: write it as 2026-03-03T12:00:00+03:00") from error

    @model_validator(mode="after")
    def _whole(self) -> "_Written":
        if (self.sender is None) is (self.person is None):
            raise ValueError('either a client speaks ("from") or one of your people acts ("person")')
        if self.sender is not None and self.channel is None:
            raise ValueError("a client speaks somewhere: add a channel")
        if not is_within_reach(instant(self.at)):
            raise ValueError(f"that moment lies centuries away: {REACH}")
        if self.sender is not None and self.kind is not None:
            raise ValueError('only what one of your people does has a "kind"')
        if self.person is not None and self.ticket is None and (self.channel is None or self.conversation is None):
            raise ValueError("what does it concern? Name a ticket, or channel and conversation")
        if self.kind is not None and self.kind != ETA and self.kind not in ACTS:
            raise ValueError(f"unknown kind {self.kind!r}: write {ETA}, {', '.join(ACTS)}")
        if self.ticket is not None:
            ticket_id_from_number(self.ticket)
        return self


@dataclass(frozen=True, slots=True)
class Spoken:
    """A client's word; `sender` is a contact's name or an address. `line` is its number in the file."""

    line: int
    at: Instant
    channel: Channel
    conversation: str | None
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Acted:
    """What one of our people does to a ticket: the one named, else the latest of the conversation.

    The `text` of an ETA names its moment, unless `due_at` does.
    """

    line: int
    at: Instant
    person: PersonId
    kind: str
    text: str
    ticket: TicketId | None = None
    where: tuple[Channel, str] | None = None
    due_at: Instant | None = None

    def command(self, *, now: Instant, calendar: Calendar) -> c.Command:
        """What exactly. ValueError for an ETA whose text names no moment."""
        if self.due_at is not None:
            return c.GiveEta(self.due_at, self.text)
        if self.kind == ETA:
            when = _ETA_PREFIX.sub("", self.text)
            return c.GiveEta(parse_eta(when, now=now, zone=calendar.zone, calendar=calendar))
        return ACTS[self.kind](self.text)


Event = Spoken | Acted


def read_scene(lines: Iterable[str]) -> list[Event]:
    """Read every line, blank ones aside. SceneError lists all mistakes; what happens must stand in its order."""
    events: list[Event] = []
    mistakes: list[Mistake] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = _event(number, _Written.model_validate(_parsed(line)))
        except ValidationError as error:
            mistakes += [Mistake(number, _told(one)) for one in error.errors(include_url=False)]
            continue
        except ValueError as error:
            mistakes.append(Mistake(number, str(error)))
            continue
        if events and event.at < events[-1].at:
            mistakes.append(Mistake(number, f"it happened before line {events[-1].line}: put the lines in order"))
        events.append(event)
    if mistakes:
        raise SceneError(*mistakes)
    return events


def _event(line: int, written: _Written) -> Event:
    at, channel = instant(written.at), written.channel
    if written.sender is not None and channel is not None:
        return Spoken(line, at, channel, written.conversation, written.sender, written.text)
    ticket = ticket_id_from_number(written.ticket) if written.ticket else None
    where = (channel, written.conversation) if channel is not None and written.conversation is not None else None
    return Acted(line, at, PersonId(written.person or ""), written.kind or "unset", written.text, ticket, where)


def _parsed(line: str) -> Any:  # noqa: ANN401 - what JSON may hold
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at column {error.colno}") from error


def _told(error: Mapping[str, Any]) -> str:
    """A mistake that pydantic found, in our words where its own name no mend."""
    place = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "timezone_aware":
            return f"{place}: which offset? Write it as 2026-03-03T12:00:00+03:00"
        case "extra_forbidden":
            return f"unknown key {place!r}: write {', '.join(_KEYS)}"
        case "missing":
            return f"{place} is missing"
    words = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {words}" if place else words


_KEYS: Final = tuple(field.alias or name for name, field in _Written.model_fields.items())
