"""Where a contact's ticket goes on, and which other ones are perhaps the same."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Identity
from bot.store.driver.look import rows_by_keys
from bot.store.tables import schema
from bot.tickets.facts import Decision, Facts, Talk
from bot.tickets.pairs.following import Beside, followed, is_opened, suggested
from bot.tickets.ticket import ContactId, Ticket, TicketId
from routing.people import ClientId

_OPEN: Final = schema.is_one_of("ticket.status", schema.OPEN)
_THEIRS: Final = text(f"SELECT id FROM ticket WHERE contact_id = :contact AND {_OPEN} ORDER BY id LIMIT 2")  # noqa: S608 - ours
_IS_OPEN: Final = f"SELECT id FROM ticket WHERE id IN {{keys}} AND {_OPEN}"  # noqa: S608 - words of ours
_SAME_AS: Final = "SELECT same_as FROM ticket WHERE id IN {keys} AND same_as IS NOT NULL"
_BESIDE: Final = f"""
SELECT DISTINCT ticket.id, ticket.contact_id, ticket.client, ticket.is_verified, ticket.channel, ticket.opened_at
FROM identity JOIN ticket ON ticket.contact_id = identity.contact_id WHERE identity.key IN {{keys}} AND {_OPEN}
ORDER BY ticket.id
"""  # noqa: S608 - words of ours


def only_open(conn: Connection, talk: Talk, contact: ContactId) -> TicketId | None:
    """The one open ticket of a contact, where the conversation has none that is open; which of several nobody knows."""
    if talk.current is not None and rows_by_keys(conn, _IS_OPEN, [talk.current]):
        return None
    found = conn.execute(_THEIRS, {"contact": contact}).scalars().all()
    return TicketId(found[0]) if len(found) == 1 else None


def same_as(conn: Connection, ticket: TicketId) -> TicketId | None:
    """The ticket that this one is perhaps the same as; it never becomes another one."""
    return next((TicketId(row.same_as) for row in rows_by_keys(conn, _SAME_AS, [ticket])), None)


def seen_together(conn: Connection, pairs: Sequence[tuple[Facts, Decision]]) -> list[tuple[Facts, Decision]]:
    """What clients said, decided, with the tickets following them and those that are perhaps the same named."""
    known = [(facts, followed(facts, decision)) for facts, decision in pairs]
    keys = {key for facts, decision in known for key in _keys(facts, decision)}
    others = [
        Beside(
            TicketId(row.id),
            ContactId(row.contact_id),
            ClientId(row.client) if row.is_verified and row.client else None,
            row.channel,
            row.opened_at,
        )
        for row in rows_by_keys(conn, _BESIDE, sorted(keys))
    ]
    found: list[tuple[Facts, Decision]] = []
    for facts, decision in known:
        found.append((facts, suggested(facts, decision, others)))
        if is_opened(facts, decision) and decision.ticket is not None:
            others.append(_beside(decision.ticket))
    return found


def _keys(facts: Facts, decision: Decision) -> list[str]:
    """Every address behind which another ticket about the same may stand; a stranger has no other channel."""
    ticket, heard = decision.ticket, decision.heard
    if ticket is None or heard is None or not ticket.is_verified or not is_opened(facts, decision):
        return []
    client = facts.revision.client(ticket.client)
    theirs = [
        f"{channel}:{address}"
        for contact in (client.contacts if client is not None else ())
        for channel, address in contact.addresses.items()
    ]
    return [Identity(facts.talk.conversation.channel, heard.sender).key, *theirs]


def _beside(ticket: Ticket) -> Beside:
    client = ticket.client if ticket.is_verified else None
    return Beside(ticket.id, ticket.contact, client, ticket.channel, ticket.opened_at)
