"""One ticket as a row of a list: time first, then what it is about, whose it is and with whom."""

from dataclasses import dataclass

from bot.store.driver.connection import Connection
from bot.store.reading.queue import Listed, first_clock
from bot.store.revisions import Revisions
from bot.tickets.revision import Revision, hours_of
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status, Ticket, number
from bot.web.drawn import Drawn, drawn
from bot.web.shell import initials
from sla.duration import Instant

#: How people write the names of channels; `title()` alone says Inapp.
CHANNELS = {
    "telegram": "Telegram",
    "slack": "Slack",
    "email": "Email",
    "inapp": "In-app",
    "board": "Board",
    "phone": "Phone",
}
#: The same for a contact's own addresses: on our own board stands the number that they call from.
ADDRESSES = {**CHANNELS, "board": "Phone"}
#: The first urgencies of a policy are drawn as such, whatever the desk calls them.
LOUD = ("critical", "high")


@dataclass(frozen=True, slots=True)
class Row:
    """What the queue shows of a ticket. `clock` None: nothing is owed, and `rest` says how it rests."""

    number: str
    clock: Drawn | None
    subject: str
    words: str
    contact: str
    is_ours: bool
    client: str
    is_verified: bool
    plan: str
    is_premium: bool
    urgency: str
    loudness: str
    channel: str
    assignee: str
    initials: str
    rest: tuple[str, str]
    snoozed: str = ""


def row_of(
    conn: Connection, revisions: Revisions, listed: Listed, speak: Texts, *, now: Instant, has_seconds: bool
) -> Row:
    """A ticket of a list as it stands now, its promises by the revision it opened under."""
    ticket, revision = listed.ticket, revisions.current
    first = first_clock(listed.clocks)
    pinned = revisions.numbered(conn, ticket.revision)
    assignee = revision.person(ticket.assignee)
    return Row(
        number=number(ticket.id),
        clock=drawn(first, hours_of(pinned, revision), speak, now=now, has_seconds=has_seconds) if first else None,
        subject=ticket.subject,
        words=_beside(ticket.subject, listed.words),
        contact=listed.contact,
        is_ours=listed.is_ours,
        client=client_words(revision, ticket, listed.contact),
        is_verified=ticket.is_verified,
        plan=plan_words(revision, pinned, ticket),
        is_premium=ticket.plan != revision.public_plan,
        urgency=ticket.urgency.capitalize(),
        loudness=loudness(pinned, ticket),
        channel=CHANNELS.get(ticket.channel, ticket.channel),
        assignee=assignee.name if assignee else "",
        initials=initials(assignee) if assignee else "",
        rest=_rest(ticket, speak, now),
        snoozed=speak.moment(ticket.snoozed_until, now=now) if ticket.snoozed_until is not None else "",
    )


def _beside(subject: str, words: str) -> str:
    """What was last said, less what the subject above it says already; empty where that is all."""
    flat = " ".join(words.split())
    if subject.endswith("…"):
        return "" if flat.startswith(subject.removesuffix("…").rstrip()) else words
    return flat.removeprefix(subject).lstrip() if flat.startswith(subject) else words


def client_words(revision: Revision, ticket: Ticket, contact: str) -> str:
    """Whose ticket it is: the client where it is known, else the name the contact goes by."""
    client = revision.client(ticket.client)
    return client.name if client else contact


def plan_words(revision: Revision, pinned: Revision, ticket: Ticket) -> str:
    """The plan's name now, or as it was called when the ticket opened."""
    plan = revision.plans.get(ticket.plan) or pinned.plans.get(ticket.plan)
    return plan.name if plan else ticket.plan


def _rest(ticket: Ticket, speak: Texts, now: Instant) -> tuple[str, str]:
    if not ticket.status.is_open:
        return ticket.status.value, speak.moment(ticket.resolved_at, now=now) if ticket.resolved_at is not None else ""
    if ticket.status is Status.WAITING_CLIENT:
        return "waiting", "for the client · nothing owed"
    if ticket.status is Status.WAITING_THIRD_PARTY:
        return "waiting", "for a third party · nothing owed"
    return ("answered" if ticket.has_reply else "quiet"), "nothing owed"


def loudness(pinned: Revision, ticket: Ticket) -> str:
    """How strongly an urgency is drawn, by its place in the policy's own order."""
    policy = pinned.policies.get(ticket.policy)
    place = policy.urgencies.index(ticket.urgency) if policy and ticket.urgency in policy.urgencies else len(LOUD)
    return LOUD[place] if place < len(LOUD) else ""
