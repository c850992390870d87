"""Who there is: our people and their lines, the clients we serve and the contacts who speak for them.

Values only, as the desk directory states them. Addresses stay plain text under a channel's name, so that routing knows
nothing of channels. Who is on shift is the business of `coverage`, who gets a ticket that of `route`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

PersonId = NewType("PersonId", str)
ClientId = NewType("ClientId", str)
LineId = NewType("LineId", str)
PlanId = NewType("PlanId", str)


class Role(StrEnum):
    """What a person may do and when they are told; one person may have several."""

    MANAGER = "manager"
    SENIOR = "senior"
    LEAD = "lead"
    HEAD = "head"
    EXECUTIVE = "executive"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Anyone on our side. `addresses` maps a channel's name to this person's address there, best first.

    `language` is the one they are told things in, `languages` are those they answer clients in, none where the desk
    does not say. `skills` are kinds of work, and whatever clients ask for by that name. `feeds` are where their own
    calendars are, by what those say: busy, absence.
    """

    id: PersonId
    name: str
    roles: frozenset[Role]
    calendar: str
    backup: PersonId | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    capacity: int | None = None
    languages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    feeds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A first or second line of people, and the calendar of its business days.

    With `turns_from` one of them a week is on duty, in their order, the first one from that day on.
    """

    id: LineId
    people: tuple[PersonId, ...]
    calendar: str
    kinds: frozenset[str] = frozenset()
    turns_from: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person on the client's side, as the desk directory imports them."""

    name: str
    addresses: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """The organisation we serve. `channels` maps a channel's name to the shared places whose members act as it.

    `policy` names what this client alone is promised; without it their plan's policy counts. `receipts`: see the
    desk's own, which count without it; `receipts_in` are those of single places. `skills` are what whoever answers
    them must know.
    """

    id: ClientId
    name: str
    plan: PlanId
    manager: PersonId | None = None
    backup: PersonId | None = None
    zone: str | None = None
    language: str | None = None
    contacts: tuple[Contact, ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: str = ""
    policy: str | None = None
    receipts: str | None = None
    receipts_in: Mapping[str, str] = field(default_factory=dict)
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The promise level a contract buys: which policy counts, which line serves, who is told when it breaks.

    `ahead` are urgencies and kinds whose tickets go before those of other plans. `coverage` names, by channel, the
    calendar in which the line is there for it; without one it is whenever somebody is. `off_hours_line` answers while
    neither the client's own people nor the line are there.
    """

    id: PlanId
    name: str
    policy: str
    line: LineId
    ladder: str
    channels: tuple[str, ...]
    is_senior: bool = False
    ahead: frozenset[str] = frozenset()
    coverage: Mapping[str, str] = field(default_factory=dict)
    off_hours_line: LineId | None = None
