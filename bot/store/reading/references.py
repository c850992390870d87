"""Which ticket a message names by itself: by replying to a message of it, or as `T-12` written by whom it belongs to.

A number that somebody else's ticket has is only a word: it opens no door to it. A mail in which replies about several
tickets followed is of all of them: one that an answer to it names by number wins over the mail's own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.message import InboundMessage
from bot.store.channels import margins
from bot.store.channels.albums import own_lines
from bot.store.delivery import parts
from bot.store.driver.look import rows_by_keys
from bot.store.people.arrivals import Arrival
from bot.tickets.ticket import TicketId, mentioned, mentioned_alone

_SENT = """
SELECT receipt.external_id, receipt.lane, outbox.ticket_id, outbox.what
FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.ticket_id IS NOT NULL
"""
_STOOD = """
SELECT receipt.lane, outbox.ticket_id, outbox.what, outbox.payload
FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.ticket_id IS NOT NULL
"""
_STOOD_WHOLE = """
SELECT receipt.lane, outbox.ticket_id, outbox.what, outbox.payload
FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE outbox.key IN {keys} AND outbox.ticket_id IS NOT NULL
"""
_CARRIED = """
SELECT receipt.external_id, receipt.lane, outbox.payload FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.what = 'carried'
"""
_ABOUT = "SELECT id, ticket_id FROM message WHERE id IN {keys} AND ticket_id IS NOT NULL"
_BUTTONS = """
SELECT receipt.lane, outbox.payload FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.what = 'word'
"""
_SAID = "SELECT key, ticket_id FROM message WHERE key IN {keys} AND ticket_id IS NOT NULL"
_TICKETS = "SELECT id, contact_id, conversation_id, merged_into FROM ticket WHERE id IN {keys}"


def references(conn: Connection, messages: Sequence[InboundMessage], came: Sequence[Arrival]) -> list[TicketId | None]:
    """For each message, the ticket it names; None for one that names none of its sender's."""
    replied = _replied_to(conn, messages)
    together = _carried_together(conn, messages)
    taking_part = margins.joined(conn, messages, came)
    named = [mentioned(one.text) for one in messages]
    alone = [mentioned_alone(one.text) if place in together else None for place, one in enumerate(messages)]
    rows = rows_by_keys(conn, _TICKETS, sorted({one for one in (*named, *alone) if one is not None}))
    owners = {(row.id, ("contact", row.contact_id)) for row in rows}
    owners |= {(row.id, ("conversation", row.conversation_id)) for row in rows}
    gone_on = {row.id: row.merged_into or row.id for row in rows}

    def is_theirs(number: TicketId | None, place: int) -> bool:
        talk = ("contact", came[place].speaker.contact), ("conversation", came[place].talk.id)
        return number is not None and any((number, owner) in owners for owner in talk)

    def reference(place: int) -> TicketId | None:
        one, number = messages[place], alone[place]
        if number is not None and is_theirs(number, place) and gone_on[number] in together[place]:
            return number
        if one.reply_to and (found := replied.get((one.conversation.key, one.reply_to))) is not None:
            return found
        if place in taking_part:
            return taking_part[place]
        return named[place] if is_theirs(named[place], place) else None

    return [reference(place) for place in range(len(messages))]


def _carried_together(conn: Connection, messages: Sequence[InboundMessage]) -> dict[int, set[int]]:
    """Of messages that answer a mail in which replies followed, by their place: the tickets that those are about."""
    names = {(one.conversation.key, one.reply_to): place for place, one in enumerate(messages) if one.reply_to}
    asked = sorted({one.reply_to for one in messages if one.reply_to and mentioned_alone(one.text) is not None})
    found = {
        names[(row.lane, row.external_id)]: json.loads(row.payload)["lines"]
        for row in rows_by_keys(conn, _CARRIED, asked)
        if (row.lane, row.external_id) in names
    }
    lines = sorted({line for each in found.values() for line in each})
    about = {row.id: row.ticket_id for row in rows_by_keys(conn, _ABOUT, lines)}
    return {place: {about[line] for line in each if line in about} for place, each in found.items()}


@dataclass(frozen=True, slots=True)
class Stood:
    """What words were written under: its ticket, and whether it said that what is written there goes to the client.

    `invites`: it is a client's own words, which are answered by a reply even in a place that several of ours read.
    """

    ticket: TicketId
    goes_out: bool
    invites: bool = False


def stood(conn: Connection, lane: str, external_id: str | None) -> Stood | None:
    """The card, the ping or the relayed words that have this name in that place; None for anything else."""
    rows = rows_by_keys(conn, _STOOD, [external_id]) if external_id else ()
    if external_id and not rows and (whole := parts.key_of(conn, external_id)) is not None:
        rows = rows_by_keys(conn, _STOOD_WHOLE, [whole])  # a reply may name any part of a long message
    for row in rows:
        if row.lane != lane or row.what not in {"card", "ping", "relay"}:
            continue
        ticket = TicketId(row.ticket_id)
        if row.what == "relay":
            return Stood(ticket, goes_out=True, invites="is_ours" not in json.loads(row.payload))
        return Stood(ticket, row.what == "card" or goes_out(row.payload))
    return None


def buttons_of(conn: Connection, lane: str, external_id: str) -> list[tuple[str, str]]:
    """The buttons that a word of ours to our people was sent with, each by its action and its value."""
    rows = [row for row in rows_by_keys(conn, _BUTTONS, [external_id]) if row.lane == lane]
    return [(one["action"], one["value"]) for row in rows for one in json.loads(row.payload).get("buttons", ())]


def goes_out(payload: str) -> bool:
    """Whether a ping says that words under it go to the client; `rows.Rows` wrote it, for whoever had the ticket."""
    return bool(json.loads(payload).get("goes_out"))


def _replied_to(conn: Connection, messages: Sequence[InboundMessage]) -> dict[tuple[str, str], TicketId]:
    replies = [(one.conversation.key, one.reply_to) for one in messages if one.reply_to]
    if not replies:
        return {}
    names = [f"{lane}:{name}" for lane, name in replies]
    parts = own_lines(conn, names)
    lines = {
        row.key: row.ticket_id for row in rows_by_keys(conn, _SAID, sorted({parts.get(one, one) for one in names}))
    }
    said = {name: lines.get(parts.get(name, name)) for name in names}
    sent = {
        (row.lane, row.external_id): row.ticket_id
        for row in rows_by_keys(conn, _SENT, sorted({name for _, name in replies}))
    }
    found = {reply: sent.get(reply, said.get(f"{reply[0]}:{reply[1]}")) for reply in replies}
    return {reply: TicketId(ticket) for reply, ticket in found.items() if ticket is not None}
