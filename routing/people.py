"""Who there is: our people and their lines, the clients we serve and the contacts who speak for them.

Values only, as the desk directory states them. Addresses stay plain text under a channel's name, so that routing knows
nothing of channels. Who is on shift is the business of `coverage`, who gets a ticket that of `route`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Anyone on our side. `addresses` maps a channel's name to this person's address there, best first."""

    id: PersonId
    name: str
    roles: frozenset[Role]
    calendar: str
    backup: PersonId | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A first or second line of people, and when it is there."""

    id: LineId
    people: tuple[PersonId, ...]
    calendar: str
    kinds: frozenset[str] = frozenset()


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
    desk's own, which count without it; `receipts_in` are those of single places.
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


@dataclass(frozen=True, slots=True)
class Plan:
    """The promise level a contract buys: which policy counts, which line serves, who is told when it breaks."""

    id: PlanId
    name: str
    policy: str
    line: LineId
    ladder: str
    channels: tuple[str, ...]
    is_senior: bool = False
