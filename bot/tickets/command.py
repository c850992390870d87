"""What people of ours can do to a ticket: each a value, whichever button, form or terminal it came from."""

from dataclasses import dataclass

from adapters.message import Attachment
from routing.people import PersonId
from sla.duration import Instant
from sla.promise import ReplyKind


@dataclass(frozen=True, slots=True)
class Take:
    """The ticket is mine."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Words to the client. `kind` UNSET leaves open which kind it was.

    `is_said` means the client's channel shows them already, since `at`, under the names `key` and `external_id`.
    """

    text: str
    kind: ReplyKind = ReplyKind.UNSET
    attachments: tuple[Attachment, ...] = ()
    is_said: bool = False
    key: str = ""
    external_id: str = ""
    at: Instant | None = None


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
    """Somebody else goes on with it; None asks the routing rules, passing over whoever has it now."""

    to: PersonId | None
    why: str = ""


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
class Reapply:
    """Promise by the desk in force now, instead of the revision that the ticket opened under."""


Command = (
    Take
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
    | Reapply
)
