"""The desk as it stood at one revision: everything admins wrote, checked, frozen and numbered.

Decisions look at this and at nothing else that changes slowly. A ticket keeps the number of the revision it opened
under, so that its promises can be explained years later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.tickets.calls.call import CallRules
from routing.coverage import Absence, Coverage
from routing.ladder import Ladder
from routing.people import Client, ClientId, Line, LineId, Person, PersonId, Plan, PlanId
from routing.triage import KeywordRule, MatrixRow
from sla.calendar import Calendar
from sla.duration import BusinessDays, Within
from sla.policy import Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """How tickets behave where no promise says otherwise. Business days count on the calendar of the ticket's line.

    Whoever is given a ticket picks it up within `pick_up` at the longest; None passes over nobody but where a policy
    has a target for it.
    """

    burst_within: timedelta = timedelta(minutes=2)
    reopen_within: Within = BusinessDays(3)
    nudge_after: Within = BusinessDays(2)
    resolve_after: Within = BusinessDays(5)
    close_after: Within = BusinessDays(3)
    mail_unread_after: timedelta | None = timedelta(minutes=30)
    auto_answers_per_hour: int = 60
    pick_up: timedelta | None = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Csat:
    """When clients are asked how it went, from which score down the lead hears, and on which plans; None: on all."""

    ask_after: timedelta = timedelta(hours=1)
    low: int = 2
    plans: frozenset[PlanId] | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One numbered state of the desk directory. `public_plan` serves whoever is not known to belong to a client.

    `alerts` and `cards` are places of our own, by channel: where leads are told together, where cards stand for all.
    `receipts` says how a client's shared place hears of what is automatic: "thread", "ephemeral" or "silent".
    `off_hours` names the ladder that a policy pages out of hours. From `high_when` open tickets for each person on
    shift on, the load of a line is high. `tells_after_gap`: clients hear it when a channel may have dropped something.
    `urgent` is what a client states by the button of that name; without it there is no such button. `csat`: when
    clients are asked how it went, if they are.
    `suspended` are places, by channel and address, that are nobody's until an admin confirms whose they were.
    `shut_out` are people whose account was closed: they have no roles, and are told nothing outside our own pages.
    `phone_system` are the mail addresses that write of voicemail and missed calls.
    `former` are calendars that earlier revisions had and this one has no more; a promise may still count in one.
    `owners` are the clients of shared places, by channel and address.
    """

    number: int
    name: str
    language: str
    zone: str
    public_plan: PlanId
    calendars: Mapping[str, Calendar]
    policies: Mapping[str, Policy]
    plans: Mapping[PlanId, Plan]
    lines: Mapping[LineId, Line]
    ladders: Mapping[str, Ladder]
    people: Mapping[PersonId, Person]
    clients: Mapping[ClientId, Client]
    triage: tuple[KeywordRule, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    urgent: str | None = None
    csat: Csat | None = None
    rules: Rules = Rules()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    alerts: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)
    receipts: str = "thread"
    off_hours: Mapping[str, str] = field(default_factory=dict)
    high_when: int | None = None
    tells_after_gap: bool = False
    suspended: Mapping[tuple[str, str], tuple[ClientId, ...]] = field(default_factory=dict)
    calls: CallRules = field(default_factory=CallRules)
    shut_out: frozenset[PersonId] = frozenset()
    phone_system: frozenset[str] = frozenset()
    former: Mapping[str, Calendar] = field(default_factory=dict)
    owners: Mapping[tuple[str, str], ClientId] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Whose a place is, is asked of every message: it is found out once."""
        owners = {
            (channel, place): client.id
            for client in reversed(list(self.clients.values()))
            for channel, places in client.channels.items()
            for place in places
        }
        object.__setattr__(self, "owners", owners)

    def is_anothers(self, client: ClientId | None, channel: str, place: str) -> bool:
        """Whether others than this client's people read in a shared place, because it is another client's.

        Of a client that is no longer in the desk directory it is not said: they may go by another key now.
        """
        return client in self.clients and self.owners.get((channel, place), client) != client

    def person(self, person: PersonId | None) -> Person | None:
        """The person of that id, None where this revision knows none (any more)."""
        return self.people.get(person) if person is not None else None

    def client(self, client: ClientId | None) -> Client | None:
        """The client of that id, None where this revision knows none (any more)."""
        return self.clients.get(client) if client is not None else None

    def plan(self, plan: PlanId) -> Plan:
        """The plan of that id; the public one where this revision knows it no more, so that its tickets live on."""
        return self.plans.get(plan) or self.plans[self.public_plan]

    @property
    def coverage(self) -> Coverage:
        """Who is there, as this revision knows it."""
        return Coverage(self.calendars, self.absences)


def hours_of(pinned: Revision, current: Revision) -> Mapping[str, Calendar]:
    """The calendars that a ticket pinned to one revision counts in.

    Hours are of the world and not of the contract: an edit counts for open tickets too, from when it was applied
    (semantics 1.6). A calendar that is no longer written stays as the ticket's own revision has it, or, where that one
    never had it, as it was last.
    """
    if pinned is current and not current.former:
        return current.calendars
    return {**current.former, **pinned.calendars, **current.calendars}
