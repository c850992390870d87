"""A ticket: the one piece of work a client brought, whichever channels it travels on.

    new ──> open ──> waiting_client ──> open ...        (a client's message always comes back to open)
              ├────> waiting_third_party ──> open
              └────> resolved ──> closed                resolved ──client speaks──> open (reopened)
    new, open, waiting ──> spam | merged

A ticket is a value; every change makes the next one with `version` one higher, and the store refuses to write over a
version it did not read.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from bot.tickets.ladder.climbing import Climbing
from routing.people import ClientId, LineId, PersonId, PlanId
from sla.duration import Instant
from sla.policy import Agreed

TicketId = NewType("TicketId", int)
ContactId = NewType("ContactId", int)
ConversationId = NewType("ConversationId", int)
MessageId = NewType("MessageId", int)

_MENTION: Final = re.compile(r"(?<![\w-])T-(\d{1,15})(?![\w-])", re.IGNORECASE | re.ASCII)
#: So far into a message a ticket's number is looked for.
LOOKED_AT: Final = 4_000


LONGEST_NUMBER = 15


def number(ticket: TicketId) -> str:
    """How people name a ticket."""
    return f"T-{ticket}"


def ticket_id_from_number(text: str) -> TicketId:
    """Read `T-12`, `t-12` or `12`; ValueError with the mend for anything else."""
    digits = text.strip().upper().removeprefix("T-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > LONGEST_NUMBER:
        raise ValueError(f"{text!r} is no ticket number; write it like T-12")
    return TicketId(int(digits))


def mentioned(text: str) -> TicketId | None:
    """The first ticket a text names as `T-12`, whoever it belongs to."""
    if "T-" not in text and "t-" not in text:  # the pattern is tried at each sign of the text, which is long for a mail
        return None
    found = _MENTION.search(text[:LOOKED_AT])
    return TicketId(int(found[1])) if found else None


def mentioned_alone(text: str) -> TicketId | None:
    """The one ticket that somebody's own words name; None for none or several. A marked quote is not theirs."""
    if "T-" not in text and "t-" not in text:
        return None
    own = "\n".join(line for line in text[:LOOKED_AT].split("\n") if not line.lstrip().startswith(">"))
    named = {int(one[1]) for one in _MENTION.finditer(own)}
    return TicketId(named.pop()) if len(named) == 1 else None


class Status(StrEnum):
    """Where a ticket stands, as semantics section 3 names it."""

    NEW = "new"
    OPEN = "open"
    WAITING_CLIENT = "waiting_client"
    WAITING_THIRD_PARTY = "waiting_third_party"
    RESOLVED = "resolved"
    CLOSED = "closed"
    SPAM = "spam"
    MERGED = "merged"

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes the client something."""
        return self in OPEN


OPEN = frozenset({Status.NEW, Status.OPEN, Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY})


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as stored. `conversation` is where it opened and where replies go.

    `line` is whose waiting list it stands in while nobody has it, also when its plan goes to another line meanwhile.
    `has_reply` says whether a human of ours has spoken yet, `unset_reply_at` when a reply went out whose kind nobody
    has named. `ladder` is how far it was escalated. `is_current`: an open one that takes what is said in its
    conversation and names no other. `merged_into` is where a merged one goes on; `not_covered` is the clause by which
    the agreement leaves it out. `judged` says why it is as urgent as it is (see `judging`). Until `snoozed_until` its
    card is out of the way. `is_ahead`: it goes before those of other plans that are of its kind.
    `same_as`: the same contact, or a colleague of theirs, wrote about it on another channel a moment before, perhaps.
    `agreed` is what it alone is owed, in place of what its policy promises. `told_back_at` is when its client was told
    that somebody is back, the last time nobody was there; `told_due_at` by when they were told that we answer.
    """

    id: TicketId
    version: int
    status: Status
    conversation: ConversationId
    contact: ContactId
    client: ClientId | None
    plan: PlanId
    policy: str
    revision: int
    urgency: str
    kind: str | None
    channel: str
    subject: str
    assignee: PersonId | None
    rule: str
    line: LineId
    is_verified: bool
    opened_at: Instant
    client_spoke_at: Instant
    staff_spoke_at: Instant | None = None
    resolved_at: Instant | None = None
    reopened_at: Instant | None = None
    next_due: Instant | None = None
    has_reply: bool = False
    unset_reply_at: Instant | None = None
    is_unreadable: bool = False
    ladder: Climbing | None = None
    is_current: bool = True
    merged_into: TicketId | None = None
    not_covered: str | None = None
    passed_over: tuple[PersonId, ...] = ()
    judged: str = ""
    snoozed_until: Instant | None = None
    is_ahead: bool = False
    same_as: TicketId | None = None
    agreed: tuple[Agreed, ...] = ()
    told_back_at: Instant | None = None
    told_due_at: Instant | None = None
