"""The shape of the desk directory: which tables there are and which keys each knows.

Editors read the same shape as JSON Schema, made from these classes, so a field's description is what an admin sees
while typing. What one table says about another is checked in `references`, not here.
"""

from typing import Annotated

from pydantic import Field

from bot.deskfile.calendar_tables import Calendar
from bot.deskfile.call_tables import Calls, CallsAgreed
from bot.deskfile.care_tables import Csat, Triage
from bot.deskfile.fields import (
    ChannelName,
    Email,
    Key,
    Language,
    PickUp,
    PositiveLength,
    SlackPlace,
    TelegramPlace,
    Text,
    WithinText,
    Zone,
)
from bot.deskfile.line_tables import Covered, Ladder, Line
from bot.deskfile.people_tables import Client, Person, Receipts
from bot.deskfile.promise_tables import Policy
from bot.deskfile.table import Table

CHANNELS: tuple[ChannelName, ...] = ("slack", "telegram", "email", "inapp")
#: What section 1.9 of the semantics says where a plan names no ladder.
DEFAULT_LADDER = "default"


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
