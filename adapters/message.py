"""What is said on a channel, in our words: the values every adapter converts to and from.

Nothing here knows a provider. `Untrusted` marks what a client typed: only an adapter's renderer turns it into markup.
Moments are aware UTC datetimes, because that is what channels give; the desk counts in its own instants.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

Untrusted = NewType("Untrusted", str)


class Channel(StrEnum):
    """A kind of pipe. `BOARD` is our own page, where whoever has no other address is told."""

    TELEGRAM = "telegram"
    SLACK = "slack"
    EMAIL = "email"
    INAPP = "inapp"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a reply goes. `account` is our end of the pipe (a bot, a workspace, a mailbox), `address` the other end."""

    channel: Channel
    account: str
    address: str

    @property
    def key(self) -> str:
        """One text that names the conversation everywhere: the store's unique key and the lane of its messages."""
        return f"{self.channel}:{self.account}:{self.address}"

    @property
    def place(self) -> str:
        """The address without its thread: the channel or group that threads are in, `T1/C1` of `T1/C1#1712.0001`."""
        return self.address.partition("#")[0]

    @property
    def lane(self) -> str:
        """The key without its thread: what is said in one place is decided in its order, whichever thread it is in."""
        return self.key.partition("#")[0]


def conversation_from_key(key: str) -> Conversation:
    """Undo `Conversation.key`; an address may hold colons, an account may not."""
    channel, account, address = key.split(":", 2)
    return Conversation(Channel(channel), account, address)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's address on one channel: a Telegram id, `TEAM/USER` in Slack, an email address, an in-app subject."""

    channel: Channel
    address: str

    @property
    def key(self) -> str:
        """The text under which the store knows this identity."""
        return f"{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the channel itself proves about a sender: the host application's signed word, never what was typed.

    An `email` that is a known contact's makes the sender that contact.
    """

    client: str | None = None
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a message. `digest` names its bytes in our keeping (SHA-256, hex); None: not kept, see `note`."""

    name: Untrusted
    type: str
    size: int
    digest: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """What a message only brings along, and what its sender says `above` that.

    Whose it was is its sender's word, so whoever that is stands here twice: believed, and not believed.
    """

    name: Untrusted
    sender: Identity
    conversation: Conversation
    unproven: Identity
    unproven_conversation: Conversation
    text: Untrusted
    above: Untrusted = Untrusted("")
    subject: Untrusted = Untrusted("")
    #: The desk's: who is believed to have passed it on.
    passed_on_by: Identity | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing a person said. `at` is the channel server's moment, the one clocks start from.

    `album` is the same for messages that were sent as one, each with a file of its own; their first comes first.
    `doubt` says why the sender is not proven to be who they say, where a channel can be lied to. `beneath` is what
    stands below the words and is folded away, a quote or a signature; `beside` is who else was written to.
    `subject` is what a mail calls itself. `is_cut`: it was too large, and the rest of it is not here. `original`: whose
    words they are that it passes on. `reply_claimed`: it says that it answers what another was sent, which counts for
    whoever takes part in that conversation alone.
    `is_inward`: it came to where only what our own people are sent is answered; they alone are heard there.
    `quoted` is what of another message it points at, and whose that was, for our own people to read beside its words.
    """

    conversation: Conversation
    external_id: str
    sender: Identity
    sender_name: Untrusted
    text: Untrusted
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    vouched: Vouched | None = None
    language: str | None = None
    zone: str | None = None
    album: str | None = None
    doubt: str = ""
    beneath: Untrusted = Untrusted("")
    beside: tuple[Identity, ...] = ()
    subject: Untrusted = Untrusted("")
    is_cut: bool = False
    original: Original | None = None
    reply_claimed: str | None = None
    is_inward: bool = False
    quoted: Untrusted = Untrusted("")


@dataclass(frozen=True, slots=True)
class InboundEdit:
    """A new wording of something said before; `attachments` are the files it has now, where the channel says."""

    conversation: Conversation
    external_id: str
    sender: Identity
    text: Untrusted
    at: datetime
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class InboundDeletion:
    """Something said before was taken back."""

    conversation: Conversation
    external_id: str
    sender: Identity
    at: datetime


@dataclass(frozen=True, slots=True)
class InboundReaction:
    """A sign under a message: courtesy, never a message of its own."""

    conversation: Conversation
    external_id: str
    sender: Identity
    sign: Untrusted
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryNotice:
    """Word from the channel about something we sent: `delivered`, `seen`, or `failed` with a reason.

    Or `unwanted`: it arrived, and whoever reads there complained of it to their provider.

    `to` is whose copy it is about; None: what went to the conversation itself. Of what `failed`, `is_address` says
    that nothing arrives there, whatever is sent; a full mail box or somebody's policy does not.
    """

    conversation: Conversation
    external_id: str
    state: str
    at: datetime
    reason: str = ""
    to: Identity | None = None
    is_address: bool = True


#: What may become of a place: we joined or left a group, a person blocked us or no longer does, it has a new address,
#: others read there now than before, the account of the person behind it was closed.
PlaceChange = Literal["joined", "left", "blocked", "unblocked", "moved", "shared", "closed", "guest"]


@dataclass(frozen=True, slots=True)
class InboundPlace:
    """What became of a place where we speak; `by` did it, `to` is where one that `moved` is now."""

    conversation: Conversation
    change: PlaceChange
    at: datetime
    by: Identity | None = None
    title: Untrusted = Untrusted("")
    to: Conversation | None = None


@dataclass(frozen=True, slots=True)
class InboundGap:
    """The channel may have dropped up to `at_most` things between two moments; it keeps no more than it can.

    None of them dropped means that it holds things back and we shall hear of them late.
    """

    channel: Channel
    account: str
    at_most: int
    since: datetime
    until: datetime


#: What a calendar answers to an invitation; whoever `countered` proposes another moment.
Answered = Literal["accepted", "declined", "tentative", "countered"]


@dataclass(frozen=True, slots=True)
class InboundAttendance:
    """A calendar's answer to an invitation of ours, by whom it was sent to: the channel has proven that they are it.

    `uid` and `sequence` name the invitation as they answered it; `proposed_at` is None where nobody knows which moment
    they mean.
    """

    conversation: Conversation
    external_id: str
    sender: Identity
    uid: str
    sequence: int
    answer: Answered
    at: datetime
    proposed_at: datetime | None = None


#: What is about a message, and so has a conversation, a moment and the name of that message there.
InboundLine = InboundMessage | InboundEdit | InboundDeletion | InboundReaction | DeliveryNotice

Inbound = InboundLine | InboundPlace | InboundGap | InboundAttendance


@dataclass(frozen=True, slots=True)
class Button:
    """One press. `action` is `ticket.take`, `client.status` or their like, `value` the ticket's number."""

    action: str
    label: str
    value: str
    style: Literal["plain", "primary", "danger"] = "plain"


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of a place of ours that is about one thing; `key` names it for ever, `name` is what people read."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Invite:
    """What a calendar is told of a call: `uid` never changes, `sequence` grows with each change of the call.

    `zone` is the attendee's, `organizer` and `attendee` are names with addresses; an organizer without an address is
    the channel's own. `is_tentative`: it waits to be accepted. `is_accepted`: the attendee has said yes already.
    """

    uid: str
    sequence: int
    method: Literal["REQUEST", "CANCEL"]
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    description: str
    organizer: tuple[str, str]
    attendee: tuple[str, str]
    location: str = ""
    is_tentative: bool = False
    is_accepted: bool = False


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to a conversation. `key` is the same on every attempt, so a repeat can be recognised.

    `reply_to` names the message whose thread it goes into, `only_to` the one address there that sees it, `replaces` the
    message whose place it takes. `buttons` stand below the words, on a channel that has any. `asks`: whoever it is for
    answers by a reply to this very message, and a channel that can opens one for them. Where a channel has topics it
    goes into `topic`; one that has none passes that over. `copies` go to
    others who take part, where a channel has any; `sent_to` is the one address that this sending of it is for, as if it
    went to all. `is_inward`: it is for one of our own people.
    """

    key: str
    conversation: Conversation
    text: str
    at: datetime
    author: str | None = None
    automatic: bool = False
    position: int = 0
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = field(default=())
    only_to: str | None = None
    replaces: str | None = None
    buttons: tuple[Button, ...] = ()
    asks: bool = False
    topic: Topic | None = None
    invite: Invite | None = None
    copies: tuple[Identity, ...] = ()
    sent_to: Identity | None = None
    is_inward: bool = False


#: How something that one of our people wrote on a channel fares on its way to the client.
Standing = Literal["waiting", "sent", "failed", "uncertain"]


@dataclass(frozen=True, slots=True)
class OutboundMark:
    """A sign under one of our people's own messages, `external_id`: whether the client's channel took their words."""

    key: str
    conversation: Conversation
    external_id: str
    standing: Standing
    at: datetime


@dataclass(frozen=True, slots=True)
class Untaken:
    """A copy that a channel did not take with the message, and why.

    `deferred`: for now, and it may be tried again. `refused`: this message. `gone`: whatever is sent to the address.
    """

    to: Identity
    reason: str
    outcome: Literal["deferred", "refused", "gone"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A channel took it. `external_id` is the channel's own name for what it now shows.

    `untaken` are the copies that it did not take.
    """

    external_id: str
    at: datetime
    untaken: tuple[Untaken, ...] = ()
