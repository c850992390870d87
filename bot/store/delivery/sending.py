"""What the sender needs to know about the rows it has claimed, read in one go just before they are sent."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from adapters.message import Attachment, Channel, Conversation, Identity, Untrusted, conversation_from_key
from bot.store.calls.call_list import Listed, ahead_of
from bot.store.calls.calls import NEXT_OF_TICKETS, next_of_tickets
from bot.store.calls.invites import invite_of
from bot.store.channels import margins
from bot.store.delivery.copy_rows import copy_of
from bot.store.delivery.outbox import OUTLOOK, Outgoing, Outlook, outlook
from bot.store.delivery.told import COPY
from bot.store.delivery.unread import Unread, still_unread
from bot.store.driver.look import Keys, at_once, rows_by_keys
from bot.store.facts import WHOLE_TICKETS, facts_of_tickets
from bot.store.people.invitations import Code, codes
from bot.store.reading import queue
from bot.store.reading.reads import BY_IDS, lines_by_ids
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.facts import Facts, Guard, Line, Ping
from bot.tickets.margin import Margin
from bot.tickets.revision import Revision
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.duration import Instant

_SHOWN = """
SELECT slot, lane, external_id FROM receipt WHERE outbox_id IN (
    SELECT max(outbox_id) FROM receipt WHERE slot IN {keys} GROUP BY slot, lane
) ORDER BY outbox_id
"""
_NEWER = (
    "SELECT slot, max(id) AS id FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed') GROUP BY slot"
)
_LATEST = """
SELECT id, ticket_id, text, EXISTS (SELECT 1 FROM margin WHERE margin.message_id = message.id) AS has_margin
FROM message WHERE id IN (
    SELECT max(id) FROM message WHERE ticket_id IN {keys} AND direction = 'in' GROUP BY ticket_id
)
"""
#: Whose these tickets are for certain.
_CLIENTS = "SELECT id, client FROM ticket WHERE id IN {keys} AND is_verified = 1"
#: As many tickets as a person's own page shows; the board has the rest.
ON_A_PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Page:
    """The tickets that a person's own page has room for, in their order, and how many there are."""

    tickets: Sequence[Facts] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Background:
    """Lines to be said, tickets they are about, what a channel already shows under a slot, and the newest words.

    `margins` are those of the newest words of tickets, `copies` go with replies, by their lanes.
    `pages` are what stands on a person's own page, `calls` what they have ahead; `revision` is the desk
    as it is now. `codes` were made for this very sending, by the row's id.
    """

    lines: Mapping[MessageId, Line] = field(default_factory=dict)
    facts: Mapping[TicketId, Facts] = field(default_factory=dict)
    shown: Mapping[tuple[str, str], str] = field(default_factory=dict)
    newer: Mapping[str, int] = field(default_factory=dict)
    excerpts: Mapping[int, str] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)
    calls: Mapping[str, Sequence[Listed]] = field(default_factory=dict)
    copies: Mapping[str, tuple[Identity, ...]] = field(default_factory=dict)
    margins: Mapping[int, Margin] = field(default_factory=dict)
    revision: Revision | None = None
    codes: Mapping[int, Code] = field(default_factory=dict)
    #: Tickets that have words here for a place which is another client's by now.
    given_away: Collection[int] = frozenset()
    #: The next call of each ticket whose card is drawn.
    upcoming: Mapping[TicketId, Call] = field(default_factory=dict)
    #: By the key of a row that carries lines to another conversation: those that nobody has read to this moment.
    unread: Mapping[str, Sequence[Unread]] = field(default_factory=dict)
    #: What will wait beside these rows.
    outlook: Outlook = Outlook(is_ready=False)  # noqa: RUF009 - a value


def background(conn: Connection, revisions: Revisions, rows: Sequence[Outgoing], *, now: Instant) -> Background:
    """Everything the given rows need, in a handful of statements."""
    slots = [row.slot for row in rows if row.slot]
    cards = [*slots, *(relayed(row).under for row in rows if row.what == "relay")]
    copied = [copy_of(row) for row in rows if row.what == COPY]
    revised = [*(revised_line(row) for row in rows if row.what == "edit"), *(one.line for one in copied)]
    unread = still_unread(conn, rows)
    carried = [one.line for lines in unread.values() for one in lines]
    owners = sorted({row.person for row in rows if row.what == "home" and row.person})
    # A line needs no ticket, unless it is said again: that is told in its reader's language.
    tickets = sorted(
        {
            TicketId(row.ticket_id)
            for row in rows
            if row.ticket_id is not None and (row.message_id is None or row.state == "uncertain")
        }
    )
    drawn = sorted({TicketId(row.ticket_id) for row in rows if row.what == "card" and row.ticket_id is not None})
    said = [*revised, *carried, *(row.message_id for row in rows if row.message_id is not None)]
    mails = [row.lane for row in rows if row.what == "reply" and row.channel == Channel.EMAIL]
    mails += [one.lane for one in copied]
    looks: list[tuple[str, Keys]] = [(BY_IDS, said), (_SHOWN, cards), (_NEWER, slots)]
    looks += [(query, tickets) for query in (_LATEST, *WHOLE_TICKETS)]
    looks += [(query, drawn) for query in NEXT_OF_TICKETS]
    shared = _in_shared_places(revisions.current, rows)
    looks += [(_CLIENTS, sorted(shared)), (OUTLOOK, [now])]
    with at_once(conn, looks):
        latest = rows_by_keys(conn, _LATEST, tickets)
        beside = margins.of_messages(conn, [row.id for row in latest if row.has_margin])
        return Background(
            lines=lines_by_ids(conn, said),
            facts=facts_of_tickets(conn, revisions, tickets, now=now, is_whole=True, has_load=False),
            shown=shown(conn, cards),
            newer={row.slot: row.id for row in rows_by_keys(conn, _NEWER, slots)},
            excerpts={row.ticket_id: row.text for row in latest},
            margins={row.ticket_id: beside[row.id] for row in latest if row.id in beside},
            copies=margins.copies(conn, mails) if mails else {},
            pages={owner: _page(conn, revisions, PersonId(owner), now=now) for owner in owners},
            calls={owner: ahead_of(conn, revisions, PersonId(owner), now=now) for owner in owners},
            upcoming=next_of_tickets(conn, drawn, now=now),
            revision=revisions.current,
            codes=codes(conn, rows, now=now),
            unread=unread,
            given_away=_given_away(conn, revisions.current, shared),
            outlook=outlook(conn, now=now),
        )


def _in_shared_places(revision: Revision, rows: Sequence[Outgoing]) -> Mapping[int, Conversation]:
    """Tickets with words for a place that is a client's by now, and that place."""
    said = [(row.ticket_id, conversation_from_key(row.lane)) for row in rows if row.message_id or row.what == "edit"]
    return {number: to for number, to in said if number is not None and (to.channel, to.place) in revision.owners}


def _given_away(conn: Connection, revision: Revision, shared: Mapping[int, Conversation]) -> Collection[int]:
    clients = {row.id: row.client for row in rows_by_keys(conn, _CLIENTS, sorted(shared))}
    return {
        number
        for number, to in shared.items()
        if number in clients and revision.is_anothers(clients[number], to.channel, to.place)
    }


def shown(conn: Connection, slots: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """What stands under each slot in each place, by its name there: the last that was shown of it."""
    return {(row.slot, row.lane): row.external_id for row in rows_by_keys(conn, _SHOWN, slots)}


def told_together(row: Outgoing) -> list[PersonId]:
    """All whom one ping calls in a place they share; nobody for one that goes to a person alone."""
    kept = json.loads(row.payload) if row.what == "ping" else {}
    return [PersonId(one) for one in kept.get("among", ())]


@dataclass(frozen=True, slots=True)
class Relayed:
    """What goes under a card with which files, and the slot of that card; `is_ours`: one of our people said it."""

    title: str
    words: Untrusted
    under: str
    attachments: tuple[Attachment, ...] = ()
    is_ours: bool = False


def relayed(row: Outgoing) -> Relayed:
    """What a row has to say under a card; `told.relay_row` wrote it."""
    kept = json.loads(row.payload)
    files = tuple(Attachment(**one) for one in kept.get("files", ()))
    return Relayed(kept["title"], Untrusted(kept["words"]), kept["under"], files, bool(kept.get("is_ours")))


def revised_line(row: Outgoing) -> MessageId:
    """The line whose new wording a row carries; `told.edit_row` wrote it."""
    return MessageId(json.loads(row.payload)["line"])


def _page(conn: Connection, revisions: Revisions, person: PersonId, *, now: Instant) -> Page:
    wanted = queue.Wanted(assignee=person, limit=ON_A_PAGE, is_awake=True)
    ids = [one.ticket.id for one in queue.tickets(conn, wanted)]
    facts = facts_of_tickets(conn, revisions, ids, now=now, is_whole=True, has_load=False)
    return Page([facts[one] for one in ids if one in facts], queue.count(conn, wanted))


def ping_from_row(row: Outgoing) -> Ping:
    """A ping as it was decided; `rows.ping_to_json` wrote it."""
    kept = json.loads(row.payload)
    return Ping(
        person=PersonId(row.person or ""),
        key=row.key,
        title=kept["title"],
        lines=tuple(kept["lines"]),
        quote=Untrusted(kept["quote"]),
        is_alert=kept["is_alert"],
        guard=Guard(**json.loads(row.guard)) if row.guard else Guard(),
        actions=tuple(kept["actions"]),
        weight=kept.get("weight", 0),
        invite=invite_of(kept),
    )
