"""Cards, forms and homes: what our own people see and press, with finished texts, before any channel draws them.

A card is made in bot from a ticket and drawn by each adapter in its own `cards.py`. `quote` is the only place where a
client's words stand; an adapter escapes it. Buttons carry an action of interfaces.md and the ticket's number.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.message import Attachment, Button, Conversation, Invite, OutboundMark, OutboundMessage, Topic, Untrusted

Tone = Literal["ok", "soon", "late", "paused", "plain"]


@dataclass(frozen=True, slots=True)
class Promise:
    """A running promise on a card: its name, how it stands in words, and the moment a live page may count down to."""

    label: str
    words: str
    tone: Tone
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One ticket, or one thing to know about it, as a person of ours sees it.

    `mention` calls the person whose conversation it goes to. `mentions` are the addresses of all whom it calls in a
    place that several share; both come from the desk directory, never from what somebody wrote.
    """

    title: str
    lines: tuple[str, ...] = ()
    quote: Untrusted = Untrusted("")
    promises: tuple[Promise, ...] = ()
    buttons: tuple[Button, ...] = ()
    tone: Tone = "plain"
    mention: bool = False
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboundCard:
    """A card on its way to one of our people, or to a place of theirs.

    `replaces` names the channel's message whose place it takes, `reply_to` the one whose thread it goes into, `topic`
    the part of the place, on a channel that has such. `attachments` are files that go with it, `invite` is for
    their calendar.
    """

    key: str
    conversation: Conversation
    card: Card
    at: datetime
    replaces: str | None = None
    reply_to: str | None = None
    topic: Topic | None = None
    attachments: tuple[Attachment, ...] = ()
    invite: Invite | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form.

    `headings` are what stands above its choices, one for each, neighbours under the same one together. `redraws`:
    another choice makes another form, which is asked for with this field alone.
    """

    name: str
    label: str
    kind: Literal["text", "long_text", "moment", "choice"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    initial: str = ""
    required: bool = True
    headings: tuple[str, ...] = ()
    redraws: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A question to the person who pressed; its answer comes back as a Press with `action` and the fields.

    `note` is what there is to know before answering, `buttons` are other ways out. Without `submit` there is nothing
    to answer yet.
    """

    action: str
    title: str
    value: str
    inputs: tuple[Input, ...]
    submit: str
    note: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """A person's own page on a channel that has one: their queue by time left."""

    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class OutboundHome:
    """A person's own page on its way to them; it takes the place of what the page showed before."""

    key: str
    conversation: Conversation
    home: Home
    at: datetime


#: Whatever an adapter may be given to send.
Outbound = OutboundMessage | OutboundCard | OutboundMark | OutboundHome
