"""The invitation that somebody had last of a call, and where it went.

Whoever left the desk has no address any more, and a client may have gone on where nobody is invited.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from adapters.message import Channel, Conversation, Invite, conversation_from_key
from bot.store.calls.invites import invite_of
from bot.store.delivery.told import where_aside
from bot.store.driver.look import rows_by_keys
from bot.tickets.calls.call import Call
from bot.tickets.ticket import TicketId

_TOLD: Final = """
SELECT id, channel, lane, what, person, payload FROM outbox
WHERE ticket_id IN {keys} AND what IN ('invite', 'ping') ORDER BY id
"""
_SAID: Final = """
SELECT id, lane, payload FROM outbox
WHERE ticket_id IN {keys} AND what = 'auto' AND channel = 'email' AND payload <> '' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Before:
    """Where a calendar was told of a call, and what it was told last."""

    where: Conversation
    invite: Invite


def invited_before(conn: Connection, call: Call, tickets: Collection[TicketId]) -> Before | None:
    """What the calendar of a call's person was told last, among what was said on these tickets; None for nothing."""
    found = None
    for row in rows_by_keys(conn, _TOLD, sorted(tickets)):
        if row.person != call.person or row.channel != Channel.EMAIL:
            continue
        invite = invite_of(json.loads(row.payload)) if row.payload else None
        if invite is not None and invite.uid == call.uid:
            found = Before(where_aside(row.lane, row.what), invite)
    return found


def client_invited_before(conn: Connection, call: Call, tickets: Collection[TicketId]) -> Before | None:
    """The same of a call's contact, by a line that was said to them; None also where that took it off."""
    found = None
    for row in rows_by_keys(conn, _SAID, sorted(tickets)):
        invite = invite_of(json.loads(row.payload))
        if invite is not None and invite.uid == call.uid:
            found = Before(conversation_from_key(row.lane), invite)
    return found if found is not None and found.invite.method != "CANCEL" else None
