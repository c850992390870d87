"""People on both sides, and the clients they belong to, as the desk directory writes them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.deskfile.call_tables import CallsAgreed, Feed, Video
from bot.deskfile.fields import (
    DayKey,
    Email,
    Key,
    Language,
    Phone,
    RoleName,
    SlackPerson,
    SlackPlace,
    Telegram,
    TelegramPlace,
    Text,
    WindowTexts,
    Zone,
)
from bot.deskfile.promise_tables import Addendum
from bot.deskfile.table import Table

#: In the thread for everybody in the place, to the writer alone, or not at all.
Receipts = Literal["thread", "ephemeral", "silent"]


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
