"""The shape of the desk directory: which tables there are and which keys each knows.

Editors read the same shape as JSON Schema, made from these classes, so a field's description is what an admin sees
while typing. What one table says about another is checked in `references`, not here.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.deskfile.call_tables import Calls, CallsAgreed, Feed, Video
from bot.deskfile.care_tables import Csat, Triage
from bot.deskfile.fields import (
    ChannelName,
    Day,
    DayKey,
    Email,
    Key,
    Language,
    Length,
    Mark,
    Phone,
    PickUp,
    PositiveLength,
    RoleName,
    SlackPerson,
    SlackPlace,
    Telegram,
    TelegramPlace,
    Text,
    WeekTexts,
    WindowTexts,
    WithinText,
    Zone,
)
from bot.deskfile.line_tables import Covered, Ladder, Line
from bot.deskfile.table import Table
from sla.duration import DayMode, parse_duration, parse_within
from sla.policy import Target, Unit

CHANNELS: tuple[ChannelName, ...] = ("slack", "telegram", "email", "inapp")
URGENCIES = ("critical", "high", "medium", "low", "informational", "feature")
DEFAULT_URGENCY = "medium"
#: What section 1.9 of the semantics says where a plan names no ladder.
DEFAULT_LADDER = "default"


#: In the thread for everybody in the place, to the writer alone, or not at all.
Receipts = Literal["thread", "ephemeral", "silent"]


class DeskPlace(Table):
    """A place that our own people share, one a channel at most. It is no client's."""

    slack: SlackPlace | None = None
    telegram: TelegramPlace | None = None


class Desk(Table):
    """The desk itself."""

    name: Annotated[Text, Field(description="What clients see as the sender of automatic texts.")]
    public_plan: Annotated[Key, Field(description="The plan of whoever is not known to belong to a client.")]
    language: Annotated[Language, Field(description="Where nobody's own language is known.")] = "en"
    zone: Annotated[Zone, Field(description="Where nobody's own zone is known.")] = "UTC"
    texts: Annotated[
        dict[Key, dict[Language, Text]],
        Field(description="Your own wording of texts, by the text's name and the language."),
    ] = {}
    alerts: Annotated[
        DeskPlace, Field(description="Where leads are alerted, called by name; without it each is told alone.")
    ] = DeskPlace()
    cards: Annotated[
        DeskPlace, Field(description="Where each ticket has its one card; without it, with whoever has the ticket.")
    ] = DeskPlace()
    receipts: Annotated[
        Receipts, Field(description="How receipts and off-hours notices are given in a client's shared channel.")
    ] = "thread"
    phone_system: Annotated[
        list[Email], Field(description="Addresses that write of voicemail and missed calls: each becomes a call-back.")
    ] = []
    tell_after_gap: Annotated[
        bool, Field(description="Whether clients with an open ticket are told when their channel may have lost words.")
    ] = False


class Rules(Table):
    """How tickets behave where no promise says otherwise."""

    burst_within: Annotated[PositiveLength, Field(description="Messages this close together are one ticket.")] = "2m"
    reopen_within: Annotated[WithinText, Field(description="A resolved ticket is reopened for so long.")] = "3bd"
    nudge_after: Annotated[WithinText, Field(description="A client we wait for is reminded after this.")] = "2bd"
    resolve_after: Annotated[WithinText, Field(description="Still silent: the ticket is resolved after this.")] = "5bd"
    close_after: Annotated[WithinText, Field(description="A resolved ticket is closed after this.")] = "3bd"
    mail_unread_after: Annotated[
        PickUp,
        Field(description="What a client has not read in the chat follows by mail after this; never: not at all."),
    ] = "30m"
    auto_answers_per_hour: Annotated[
        int, Field(description="Automatic mails an hour to whoever is no client's contact.", ge=0, le=1_000)
    ] = 60
    pick_up: Annotated[
        PickUp,
        Field(
            description="Whoever is given a ticket and does not react within this, or within half of the answer "
            "that is owed, is passed over; never: only where a policy has a target for it."
        ),
    ] = "15m"


class Load(Table):
    """When so much is open that clients are promised what `high_load` says. It can be declared by hand as well."""

    high_when: Annotated[
        int | None,
        Field(description="Open tickets for each person of a line on shift; by hand only if left out.", ge=1),
    ] = None


class Holidays(Table):
    """Public holidays of a country, and dates of your own. They become plain dates when the desk is applied."""

    country: Annotated[str | None, Field(description="ISO code, as in US.")] = None
    subdivision: Annotated[str | None, Field(description="A state or region, as in CA.")] = None
    observed: Annotated[bool, Field(description="A holiday on a weekend is kept on the working day beside it.")] = True
    dates: list[Day] = []
    files: Annotated[
        list[Text], Field(description="Calendar files (ICS) in the desk directory; whole days count.")
    ] = []

    @model_validator(mode="after")
    def _belongs_to_a_country(self) -> "Holidays":
        if self.subdivision and not self.country:
            raise ValueError('`subdivision` needs a `country`: write for example country = "US"')
        if not self.country and not self.dates and not self.files:
            raise ValueError(
                'no holidays are named: write country = "US", or dates = [2026-12-25], or leave the key out'
            )
        return self


class CalendarChange(Table):
    """Other working hours from a day on; dates of their own and holidays stay."""

    since: Annotated[Day, Field(description="The first day of the new hours.")]
    week: WeekTexts
    zone: Annotated[Zone | None, Field(description="Where it differs from the hours before.")] = None


class Calendar(Table):
    """Working hours. A window belongs to the day it starts on, and may run past midnight."""

    zone: Zone
    week: WeekTexts
    days: Annotated[dict[DayKey, WindowTexts], Field(description="Other hours on one date; [] is closed.")] = {}
    holidays: Holidays | None = None
    holiday_scope: Annotated[
        Literal["window_start", "civil_date"],
        Field(
            description="Whether the tail of the night before a holiday is worked (window_start) or not (civil_date)."
        ),
    ] = "window_start"
    day_length: Annotated[PositiveLength | None, Field(description='What mode = "hours" calls a day.')] = None
    changes: Annotated[
        list[CalendarChange], Field(description="What the hours will be, the soonest change first.")
    ] = []

    @model_validator(mode="after")
    def _changes_follow_each_other(self) -> "Calendar":
        for one, following in pairwise(self.changes):
            if following.since <= one.since:
                raise ValueError(f"the change of {following.since} stands after that of {one.since}: the soonest first")
        return self


class Cell(Table):
    """One promised length."""

    within: WithinText
    unit: Annotated[Literal["business", "wall"], Field(description="Open hours of the calendar, or real time.")] = (
        "business"
    )
    calendar: Annotated[Key | None, Field(description="Where it differs from the policy's own.")] = None
    mode: Annotated[DayMode, Field(description="Where in its last day a length in business days ends.")] = "same_time"
    quote: Annotated[str, Field(description="The words of the contract; people see them when they ask why.")] = ""
    goal: Annotated[bool, Field(description="Something to aim for: reminded of, never breached.")] = False
    rule: Annotated[
        Literal["tightest", "replace"],
        Field(description="tightest: what the policy below promises counts too, if sooner. replace: it does not."),
    ] = "tightest"
    high_load: Annotated[WithinText | None, Field(description="Promised instead while a high load is declared.")] = None
    off_hours_cap: Annotated[Length | None, Field(description="Closed hours delay the due moment by this at most.")] = (
        None
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Cell":
        cap = None if self.off_hours_cap is None else parse_duration(self.off_hours_cap)
        calendar = None if self.unit == "wall" else self.calendar or "of the policy"
        if self.unit == "wall" and self.calendar:
            raise ValueError('real time has no calendar: drop `calendar`, or write unit = "business"')
        load = None if self.high_load is None else parse_within(self.high_load, self.mode)
        Target(parse_within(self.within, self.mode), Unit(self.unit), calendar, off_hours_cap=cap, high_load=load)
        return self


class Cells(Table):
    """What is promised for one urgency, by metric."""

    first_response: Cell | None = None
    next_response: Cell | None = None
    follow_up: Cell | None = None
    resolution: Cell | None = None
    pick_up: Cell | None = None


class ChannelCells(Table):
    """What is promised instead in one channel. A policy that extends this one does not inherit these."""

    telegram: Cells | None = None
    slack: Cells | None = None
    email: Cells | None = None
    inapp: Cells | None = None


class UrgencyCells(Cells):
    """What is promised for one urgency."""

    channels: ChannelCells | None = None


class Reminders(Table):
    """Marks in the clock's own time, mildest first."""

    marks: list[Mark]


class Policy(Table):
    """A set of promises, usually one document of the contract."""

    source: Annotated[Text | None, Field(description="The document this was taken from, with its date.")] = None
    review: Annotated[Day | None, Field(description="When the document is to be read again.")] = None
    since: Annotated[
        Day | None, Field(description="The first day on which its cells count; from ever if left out.")
    ] = None
    until: Annotated[Day | None, Field(description="The first day on which they count no more.")] = None
    extends: Annotated[
        Key | None, Field(description="The policy below: of its cells and these the tighter counts.")
    ] = None
    calendar: Annotated[Key | None, Field(description="The calendar of the cells that name none.")] = None
    satisfied_by: Annotated[
        Literal["human_reply", "answer"] | None,
        Field(description="human_reply (the default): any reply of a person. answer: only an answer, an ETA or a fix."),
    ] = None
    urgencies: Annotated[list[Key] | None, Field(description="Your own levels, most urgent first.", min_length=1)] = (
        None
    )
    default_urgency: Annotated[Key | None, Field(description="Where nobody stated one; medium if there is one.")] = None
    immediate: Annotated[list[Key] | None, Field(description="Urgencies that page people whatever the hour.")] = None
    off_hours_ladder: Annotated[
        Key | None, Field(description="Whom critical and high page out of hours, in real time; nobody if left out.")
    ] = None
    floor: Annotated[Length | None, Field(description="The least time a change of urgency leaves a clock; 15m.")] = None
    reminders: Reminders | None = None
    targets: Annotated[dict[Key, UrgencyCells], Field(description="By urgency.")] = {}


class Addendum(Table):
    """What one client is promised on top of their plan: an addendum to the contract, or the care after going live."""

    source: Annotated[Text | None, Field(description="The document this was taken from, with its date.")] = None
    review: Annotated[Day | None, Field(description="When the document is to be read again.")] = None
    since: Annotated[Day | None, Field(description="The first day, in the client's zone; from ever if left out.")] = (
        None
    )
    until: Annotated[Day | None, Field(description="The first day on which it counts no more.")] = None
    calendar: Annotated[Key | None, Field(description="The calendar of the cells that name none.")] = None
    targets: Annotated[dict[Key, UrgencyCells], Field(description="By urgency.", min_length=1)]


class Plan(Table):
    """What a contract buys."""

    policy: Key
    line: Key
    name: Text | None = None
    ladder: Key = DEFAULT_LADDER
    channels: Annotated[list[ChannelName], Field(min_length=1)] = list(CHANNELS)
    senior: Annotated[bool, Field(description="Tickets go straight to senior people.")] = False
    coverage: Annotated[Covered, Field(description="When the line is there for each channel.")] = Covered()
    off_hours_line: Annotated[
        Key | None, Field(description="Answers while neither the client's own people nor the line are there.")
    ] = None
    ahead: Annotated[
        list[Key],
        Field(description="Urgencies and kinds whose tickets go before those of other plans, as feature requests do."),
    ] = []
    calls: Annotated[CallsAgreed | None, Field(description="Where calls are otherwise than the desk has them.")] = None


class Addresses(Table):
    """One person's address on each channel."""

    slack: SlackPerson | None = None
    telegram: Telegram | None = None
    email: Email | None = None
    inapp: Text | None = None


class Person(Table):
    """Anyone on our side."""

    name: Text
    roles: Annotated[list[RoleName], Field(min_length=1)]
    calendar: Key
    identities: Addresses
    backup: Annotated[Key | None, Field(description="Who stands in when this person is away.")] = None
    language: Language = "en"
    capacity: Annotated[int | None, Field(description="Open tickets at one time; no bound if left out.", ge=1)] = None
    languages: Annotated[list[Language], Field(description="What this person answers clients in.")] = []
    skills: Annotated[list[Key], Field(description="Kinds of work, and whatever a client asks for by this name.")] = []
    days: Annotated[
        dict[DayKey, WindowTexts],
        Field(description="Other hours on one date, for this person alone: an extra shift, half a day; [] is none."),
    ] = {}
    video: Annotated[Video | None, Field(description="Where this person's calls are held.")] = None
    busy_feed: Annotated[Feed | None, Field(description="Their own calendar (ICS): no calls while it is busy.")] = None
    absence_feed: Annotated[Feed | None, Field(description="A calendar (ICS) of leave: each event is an absence.")] = (
        None
    )


class Contact(Addresses):
    """A person on the client's side."""

    name: Text
    phone: Annotated[Phone | None, Field(description="Where they call from, with the country.")] = None
    language: Language | None = None
    zone: Zone | None = None


class Places(Table):
    """Shared places whose members act as the client."""

    slack: list[SlackPlace] = []
    telegram: list[TelegramPlace] = []


class Client(Table):
    """An organisation we serve."""

    name: Text
    plan: Key
    manager: Key | None = None
    backup: Annotated[Key | None, Field(description="Before the manager's own backup.")] = None
    zone: Zone | None = None
    language: Language | None = None
    contacts: list[Contact] = []
    channels: Places = Places()
    receipts: Annotated[Receipts | None, Field(description="Where it differs from the desk's own.")] = None
    receipts_in: Annotated[
        dict[Text, Receipts], Field(description="Where one of the client's channels or groups differs, by its id.")
    ] = {}
    addendum: Annotated[Addendum | None, Field(description="Promises to this client alone.")] = None
    hypercare: Annotated[Addendum | None, Field(description="Promises for a while, as after going live.")] = None
    calls: Annotated[CallsAgreed | None, Field(description="Where calls are agreed otherwise than in the plan.")] = None
    skills: Annotated[list[Key], Field(description="What whoever of the line answers must know.")] = []
    notes: Annotated[str, Field(description="Set-up and agreements; staff see this beside every ticket.")] = ""

    @model_validator(mode="after")
    def _receipts_are_of_their_places(self) -> "Client":
        known = [*self.channels.slack, *self.channels.telegram]
        for place in self.receipts_in:
            if place not in known:
                raise ValueError(f"`receipts_in` names {place}, which is none of the client's `channels`: add it there")
        return self


class DeskDirectory(Table):
    """All files of the directory together. Each part may stand in any file."""

    desk: Desk | None = None
    rules: Rules = Rules()
    triage: Triage = Triage()
    csat: Csat | None = None
    load: Load = Load()
    calls: Calls | None = None
    calendars: dict[Key, Calendar] = {}
    policies: dict[Key, Policy] = {}
    ladders: dict[Key, Ladder] = {}
    lines: dict[Key, Line] = {}
    plans: dict[Key, Plan] = {}
    people: dict[Key, Person] = {}
    clients: dict[Key, Client] = {}
