"""A call as a value: who with whom, when, where it stands, and what was agreed about calls at all.

    requested --confirm--> confirmed --move--> rescheduled --it was held--> done | no_show
        └──decline──> declined · not accepted in time ──> lapsed · any of the first three --cancel--> cancelled

A call is always about a ticket, and a ticket has one at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.calls import CallTerms
from routing.people import ClientId, PersonId, PlanId
from sla.duration import BusinessDays, Instant, length

#: What stands before each summary in a calendar, so that nobody takes our words for another's.
SUMMARY: Final = "Call"
Per = Literal["month", "quarter", "year"]


class CallState(StrEnum):
    """Where a call stands (semantics 6)."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    RESCHEDULED = "rescheduled"
    DECLINED = "declined"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    DONE = "done"
    NO_SHOW = "no_show"

    @property
    def is_live(self) -> bool:
        """Whether it is still going to be held, as far as anybody knows."""
        return self in LIVE


LIVE: Final = frozenset({CallState.REQUESTED, CallState.CONFIRMED, CallState.RESCHEDULED})
#: What may be asked of a call's person by a lead's leave alone.
LEAD: Final = "lead"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `sequence` grows with each change that a calendar has to know; `uid` never changes.

    `waits_for` is the person who has to accept a requested one, or `lead` for an exception; `accept_by` until when.
    `told` are the reminders that were given, or that came too late to be given. `news` is the text that its person
    reads when their shift begins. `is_late`: it was cancelled after its notice point, so it counts as held.
    `is_invited`: calendars were told of it, so they are told as well when it is off. `placed` is the `sequence` with
    which its time and person were set last: what a calendar answers to an older one is about another time.
    """

    key: str
    uid: str
    ticket: TicketId
    talk: ConversationId
    contact: ContactId
    client: ClientId
    person: PersonId
    kind: str
    state: CallState
    begins_at: Instant
    ends_at: Instant
    zone: str
    language: str
    by: str
    agreed_at: Instant
    sequence: int = 0
    placed: int = 0
    url: str = ""
    waits_for: str = ""
    accept_by: Instant | None = None
    waived_by: str = ""
    is_late: bool = False
    is_invited: bool = False
    told: frozenset[str] = frozenset()
    news: str = ""

    def is_ahead(self, now: Instant) -> bool:
        """Whether it is still to be held, or waits to be accepted."""
        return self.state is CallState.REQUESTED or (self.state.is_live and self.ends_at > now)


@dataclass(frozen=True, slots=True)
class KindOfCall:
    """What a call may be for; `name` is the desk's own word for it, else the catalogue has one."""

    key: str
    length: timedelta
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """So many calls of a kind in each month, quarter or year of the client's own zone."""

    count: int
    per: Per


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a plan or a client has agreed otherwise; None leaves it as it is. `entitled` by kind."""

    notice: BusinessDays | Literal["none"] | None = None
    confirms: bool | None = None
    kinds: tuple[str, ...] | None = None
    entitled: Mapping[str, Entitlement] = field(default_factory=dict)


_MINUTES: Final = {
    "troubleshooting": 30,
    "education": 60,
    "review": 30,
    "remote_assistance": 45,
    "architecture": 60,
    "roadmap": 60,
}
KINDS: Final[Mapping[str, KindOfCall]] = {
    key: KindOfCall(key, timedelta(minutes=minutes)) for key, minutes in _MINUTES.items()
}


@dataclass(frozen=True, slots=True)
class CallRules:
    """What the desk says of calls. `is_offered`: buttons offer them; asked for in words they can be had anyway.

    `videos` are the places of single people, `video` everybody's; `{call}` in it is a name that nobody guesses.
    """

    is_offered: bool = False
    notice: BusinessDays | None = BusinessDays(1)
    grid: timedelta = timedelta(minutes=30)
    buffer: timedelta = timedelta(0)
    ahead: timedelta = timedelta(days=30)
    confirms: bool = False
    offered: int = 6
    kinds: Mapping[str, KindOfCall] = field(default_factory=lambda: KINDS)
    video: str = ""
    videos: Mapping[PersonId, str] = field(default_factory=dict)
    plans: Mapping[PlanId, Agreed] = field(default_factory=dict)
    clients: Mapping[ClientId, Agreed] = field(default_factory=dict)

    def of(self, client: ClientId, plan: PlanId) -> "CallRules":
        """The same as it counts for one client: theirs before their plan's before the desk's."""
        own = self
        for agreed in (self.plans.get(plan), self.clients.get(client)):
            if agreed is not None:
                own = own._with(agreed, self.kinds)
        return own

    def with_call(self, call: Call) -> "CallRules":
        """The same for a call that was booked: its kind is known also where it is no longer offered."""
        if call.kind in self.kinds:
            return self
        return replace(
            self, kinds={**self.kinds, call.kind: KindOfCall(call.kind, length(call.ends_at - call.begins_at))}
        )

    def entitled(self, client: ClientId, plan: PlanId, kind: str) -> Entitlement | None:
        """How many calls of a kind were bought; None for as many as they like."""
        for agreed in (self.clients.get(client), self.plans.get(plan)):
            if agreed is not None and kind in agreed.entitled:
                return agreed.entitled[kind]
        return None

    def terms(self, kind: str) -> CallTerms:
        """The terms of a call of that kind, which is one of `kinds`."""
        return CallTerms(self.notice, self.kinds[kind].length, self.grid, self.buffer)

    def link(self, person: PersonId, uid: str) -> str:
        """Where the call of that name is held; empty where the desk names no place.

        Whoever knows the place can come in, so it is no number that somebody counts on from their own call.
        """
        return (self.videos.get(person) or self.video).replace("{call}", uid.partition("@")[0])

    def _with(self, agreed: Agreed, kinds_there_are: Mapping[str, KindOfCall]) -> "CallRules":
        kinds = self.kinds if agreed.kinds is None else {key: kinds_there_are[key] for key in agreed.kinds}
        notice = self.notice if agreed.notice is None else None if agreed.notice == "none" else agreed.notice
        confirms = self.confirms if agreed.confirms is None else agreed.confirms
        return replace(self, kinds=kinds, notice=notice, confirms=confirms)
