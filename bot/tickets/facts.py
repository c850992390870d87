"""What a decision may look at, and what it gives back.

The shell loads facts inside the writing transaction, a pure function turns them into a Decision, and the store writes
that decision whole. Nothing in either value waits, reads a clock or knows a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from adapters.message import Attachment, Button, Conversation, Invite, Untrusted
from bot.tickets.revision import Revision, hours_of
from bot.tickets.ticket import ContactId, ConversationId, MessageId, Ticket, TicketId
from routing.people import ClientId, LineId, PersonId, PlanId
from sla.calendar import Calendar
from sla.clock import Clock
from sla.duration import Instant
from sla.marks import Mark
from sla.policy import Metric, Policy


class MessageKind(StrEnum):
    """What a line of a transcript is. Notes are not here: they live in a table of their own and never near a client."""

    MESSAGE = "message"
    REPLY = "reply"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Speaker:
    """The contact who speaks: who they are as far as it is proven, in which zone and language they are told things."""

    contact: ContactId
    name: str
    client: ClientId | None
    is_verified: bool
    language: str
    zone: str


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation a message came in and a reply goes to. `rev` counts every change of it that people can see.

    `current` is the ticket that takes what names no other: the latest one here, none after the client's `/new`.
    """

    id: ConversationId
    conversation: Conversation
    contact: ContactId
    rev: int = 0
    current: TicketId | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One ticket with everything around it. `ticket` is the one a message belongs to, `number` the next free id.

    `revision` is the desk as it is now and decides who does what; `pinned` is the one the ticket opened under and holds
    its promises. `clocks` are those that still owe something and those that may yet be corrected. `failing`: why
    nothing arrives where its contact is written to; empty while it does.
    """

    now: Instant
    revision: Revision
    pinned: Revision
    talk: Talk
    speaker: Speaker
    number: TicketId
    ticket: Ticket | None = None
    clocks: tuple[Clock, ...] = ()
    load: Mapping[PersonId, int] = field(default_factory=dict)
    high_load: frozenset[LineId] = frozenset()
    failing: str = ""

    @property
    def is_given_away(self) -> bool:
        """Whether the place where its client is written to has become another client's."""
        ticket, where = self.ticket, self.talk.conversation
        client = ticket.client if ticket is not None and ticket.is_verified else None
        return self.revision.is_anothers(client, where.channel, where.place)

    def is_high_load(self, plan: PlanId) -> bool:
        """Whether a high load is declared for the line of a plan."""
        return self.revision.plan(plan).line in self.high_load

    def policy_of(self, ticket: Ticket) -> Policy:
        """What a ticket is promised by: the policy it opened under, with what was agreed for it alone."""
        policy = self.pinned.policies[ticket.policy]
        return replace(policy, agreed=ticket.agreed) if ticket.agreed else policy

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """The hours that promises of this ticket count in."""
        return hours_of(self.pinned, self.revision)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a ticket, in the past tense, with who did it and why."""

    what: str
    at: Instant
    by: str
    why: str = ""
    particulars: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A client's line to be kept. `key` is the channel's own name for it, the same on every redelivery.

    `at` is the channel server's moment and never later than now; clocks start there. `sender` is the address of
    whoever wrote it, `album` the name of what it is the first part of. `kind` is what kind of work it
    is by how it came, whatever it says. `quoted` is what of another message it points at: it decides nothing.
    """

    key: str
    external_id: str
    text: Untrusted
    at: Instant
    attachments: tuple[Attachment, ...] = ()
    sender: str = ""
    album: str = ""
    kind: str = ""
    quoted: Untrusted = Untrusted("")


@dataclass(frozen=True, slots=True)
class Written:
    """Where one of our people wrote words to a client: in the thread of a card. `is_marked`: their fate shows there."""

    lane: str
    external_id: str
    is_marked: bool = True


@dataclass(frozen=True, slots=True)
class Say:
    """Words for the client: one line of the transcript and one row of the outbox, committed together.

    `is_said` means the client's channel shows them already, because a person of ours wrote them there: no outbox row.
    Then `key` and `external_id` are the channel's own names for them, and `at` is when they were written.
    `only_to` is the one address in a shared place that sees them. `offers` are what the client may press below them,
    `buttons` such as name more than the ticket. `invite` tells their calendar of a call.
    """

    text: str
    kind: MessageKind
    author: PersonId | None = None
    reply_kind: str | None = None
    attachments: tuple[Attachment, ...] = ()
    is_said: bool = False
    key: str = ""
    external_id: str = ""
    at: Instant | None = None
    written: Written | None = None
    only_to: str = ""
    offers: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    invite: Invite | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Staff-only words. There is no way from here to an outbox."""

    author: PersonId
    text: str


@dataclass(frozen=True, slots=True)
class Guard:
    """What must still be true when a ping is sent; otherwise it is dropped and recorded, not sent (invariant I7).

    `metric` with `started_at` names a clock that must run and be unanswered; `mark` must be the last it has told.
    `assignee` must still have the ticket. `is_open`: somebody must still work on it.
    """

    metric: str | None = None
    started_at: Instant | None = None
    mark: Mark | None = None
    assignee: PersonId | None = None
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Keep one person's card of this ticket true: sent the first time, edited afterwards, drawn when it is sent.

    `is_quiet`: not even the first showing mentions them, because a digest does.
    """

    person: PersonId
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """A message of its own to one of our people, with a mention. `key` makes it go out once, however often decided.

    `is_shared`: where leads are told together, one message calls all who are told the same. The same means: their keys
    differ in nothing but the person at the end. `weight`: of many at once the heavier ones stand first.
    `is_quiet`: it calls nobody, and only a place that several share is told; who is told alone is not.
    `is_held`: it waits a moment for others of its kind, with which it may become one message.
    `is_digest`: it sums up much that is shown elsewhere as well, so it leaves when nothing else does.
    """

    person: PersonId
    key: str
    title: str
    lines: tuple[str, ...] = ()
    quote: Untrusted = Untrusted("")
    is_alert: bool = False
    guard: Guard = Guard()
    actions: tuple[str, ...] = ()
    is_shared: bool = False
    weight: int = 0
    is_quiet: bool = False
    is_held: bool = False
    is_digest: bool = False
    invite: Invite | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """What was said on a ticket, repeated under a person's card of it, where that stands in a thread.

    Not where it was `written`: there it can be read already. What belongs to one `album` is repeated together.
    `is_ours`: one of our own people said it.
    """

    person: PersonId
    title: str
    words: Untrusted
    written: Written | None = None
    attachments: tuple[Attachment, ...] = ()
    album: str = ""
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class TellCalendar:
    """What the calendar of one of our people is told of a call, by a mail that calls nobody: they work elsewhere."""

    person: PersonId
    text: str
    invite: Invite


Effect = Say | ShowCard | Ping | Relay | TellCalendar


@dataclass(frozen=True, slots=True)
class Wake:
    """Set the one alarm of an owner (`promises:12`, `shift:vera`) to a moment, or clear it with None."""

    owner: str
    due_at: Instant | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that changes because of one happening, written in one transaction or not at all.

    `moved` names clocks, by metric and start, that are among `clocks` with an earlier start and are kept under that.
    `is_parting`: what the client says next in this conversation opens a ticket of its own. `language` is the one the
    contact asked to be written to in; empty changes nothing. `remark` is what whoever did it should know beside.
    """

    ticket: Ticket | None = None
    heard: Heard | None = None
    notes: tuple[Note, ...] = ()
    clocks: tuple[Clock, ...] = ()
    moved: tuple[tuple[Metric, Instant], ...] = ()
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    wakes: tuple[Wake, ...] = ()
    refusal: str = ""
    remark: str = ""
    is_parting: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript as stored, for those who show it."""

    id: MessageId
    rev: int
    direction: str
    kind: str
    author: str | None
    channel: str
    text: str
    at: Instant
    state: str
    reply_kind: str | None
    external_id: str | None
    is_edited: bool
    is_deleted: bool
    attachments: tuple[Attachment, ...] = ()
