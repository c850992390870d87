"""What people of ours can do to a ticket: each a value, whichever button, form or terminal it came from."""

from dataclasses import dataclass

from adapters.message import Attachment
from bot.tickets.calls.command import CallCommand
from bot.tickets.facts import Written
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.duration import Instant, Within
from sla.policy import Metric
from sla.promise import ReplyKind


@dataclass(frozen=True, slots=True)
class Take:
    """The ticket is mine."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Words to the client. `kind` UNSET leaves open which kind it was.

    `is_said` means the client's channel shows them already, since `at`, under the names `key` and `external_id`.
    `written` means they were typed in a thread of ours, under the name `key`.
    """

    text: str
    kind: ReplyKind = ReplyKind.UNSET
    attachments: tuple[Attachment, ...] = ()
    is_said: bool = False
    key: str = ""
    external_id: str = ""
    at: Instant | None = None
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class NameReply:
    """Which kind the last reply was; it counts from the moment it was written. An ETA may say which moment it named."""

    kind: ReplyKind
    due_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Words for staff only."""

    text: str


@dataclass(frozen=True, slots=True)
class AskDetails:
    """A question to the client; from here on we wait for them."""

    text: str


@dataclass(frozen=True, slots=True)
class GiveEta:
    """A promised moment, with words of one's own or ours."""

    due_at: Instant
    text: str = ""


@dataclass(frozen=True, slots=True)
class WaitThirdParty:
    """Somebody else has to act first; `reference` is how they name it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Whoever we waited for has moved; the clock goes on."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """The work is done; `text` is a last word to the client, if any."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody else goes on with it; None asks the routing rules, passing over whoever has it now.

    `is_second_line` asks for somebody who does the work that a line of its own is there for.
    """

    to: PersonId | None
    why: str = ""
    is_second_line: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """The lead should look at this now; needs no breach."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class SetUrgency:
    """It matters more, or less, than it looked; running promises are retargeted."""

    urgency: str


@dataclass(frozen=True, slots=True)
class NeedsNoAnswer:
    """The client's last words ask for nothing."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """I have seen the alert and look after it."""


@dataclass(frozen=True, slots=True)
class MarkSpam:
    """Nothing a client said; promises are cancelled and nobody is told."""


@dataclass(frozen=True, slots=True)
class NotSpam:
    """A client said it after all: it goes on with everything it was promised."""


@dataclass(frozen=True, slots=True)
class Reapply:
    """Promise by the desk in force now, instead of the revision that the ticket opened under."""


@dataclass(frozen=True, slots=True)
class NotCovered:
    """The agreement leaves this out, by this clause: nothing is promised on it, and the client is told."""

    clause: str


@dataclass(frozen=True, slots=True)
class Covered:
    """The agreement covers it after all: it is promised from now on, and the client is told."""


@dataclass(frozen=True, slots=True)
class Agree:
    """A length was agreed with the client for one promise of this ticket.

    It counts as the promise did before: in the same calendar, or in real time where there was none.
    """

    metric: Metric
    within: Within


@dataclass(frozen=True, slots=True)
class Snooze:
    """Out of the way until then; its promises run on."""

    until: Instant


@dataclass(frozen=True, slots=True)
class Unsnooze:
    """Back at once."""


@dataclass(frozen=True, slots=True)
class Merge:
    """It and another ticket are one piece of work, which goes on as the other."""

    into: TicketId


@dataclass(frozen=True, slots=True)
class Same:
    """It is the one that it perhaps is, as the desk saw when it opened."""


@dataclass(frozen=True, slots=True)
class Unmerge:
    """It is a piece of work of its own after all."""


@dataclass(frozen=True, slots=True)
class Split:
    """From this message on it is another matter: a ticket of its own."""

    message: MessageId


@dataclass(frozen=True, slots=True)
class GoElsewhere:
    """The contact cannot be reached here: the ticket goes on in another channel of theirs, with these words."""

    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Its contact is the one of the other ticket, who has several addresses."""

    other: TicketId


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Its contact was taken for somebody else: they are two people again."""


@dataclass(frozen=True, slots=True)
class LinkChannel:
    """Its contact may go on in another channel as well, and gets a code for it."""

    channel: str


#: What is about whoever a ticket is from.
AboutContact = SamePerson | TwoPeople | LinkChannel
#: What concerns two tickets, or all the past of one, and is decided with every place held that it was talked about in.
Paired = Merge | Split | Unmerge | NotSpam

Command = (
    CallCommand
    | Take
    | Reply
    | NameReply
    | AddNote
    | AskDetails
    | GiveEta
    | WaitThirdParty
    | Resume
    | Resolve
    | HandOver
    | Escalate
    | SetUrgency
    | NeedsNoAnswer
    | Acknowledge
    | MarkSpam
    | NotSpam
    | Reapply
    | NotCovered
    | Covered
    | Agree
    | Snooze
    | Unsnooze
    | Merge
    | Same
    | SamePerson
    | TwoPeople
    | LinkChannel
    | Unmerge
    | Split
    | GoElsewhere
)
