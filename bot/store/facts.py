"""Loading what decisions look at, for a whole batch in a handful of indexed statements.

Runs inside the writing transaction, so that what was read is still so when the decision is written. On PostgreSQL the
conversations are locked: two replicas never decide about the same one at the same time.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from adapters.message import InboundMessage, conversation_from_key
from bot.store import schema
from bot.store.arrivals import Arrival, arrivals, speaker_from_row
from bot.store.ids import take
from bot.store.look import rows_by_keys
from bot.store.revisions import Revisions
from bot.tickets.facts import Facts, Talk
from bot.tickets.ticket import ContactId, ConversationId, Status, Ticket, TicketId
from routing.people import ClientId, LineId, PersonId, PlanId
from sla.clock import Clock, clock_from_json
from sla.duration import Instant

#: Word for word the condition of the partial indexes: SQLite uses them for nothing else.
OPEN = "status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"
_TICKETS = "SELECT * FROM ticket WHERE id IN {keys}"
#: Clocks that still owe something, and first responses, which tell whether one was ever owed.
_CLOCKS = """
SELECT ticket_id, value FROM clock WHERE ticket_id IN {keys}
AND (state IN ('running', 'paused', 'breached', 'stopped') OR metric = 'first_response') ORDER BY started_at
"""
_ALL_CLOCKS = "SELECT ticket_id, value FROM clock WHERE ticket_id IN {keys} ORDER BY started_at"
_TALKS_OF = """
SELECT conversation.key FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE ticket.id IN {keys}
"""
_SPEAKERS = """
SELECT conversation.id AS talk_id, conversation.key, conversation.rev, contact.id, contact.client, contact.name,
contact.language, contact.zone FROM conversation JOIN contact ON contact.id = conversation.contact_id
WHERE conversation.id IN {keys}
"""

#: In one order everywhere, so that two replicas never wait for each other in a circle.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(lane, 0)) FROM (SELECT unnest($1::text[]) AS lane ORDER BY 1) AS lanes
"""


def facts_of_messages(
    conn: Connection, revisions: Revisions, messages: Sequence[InboundMessage], *, now: Instant
) -> list[Facts]:
    """Facts for messages of different conversations, in their order. `load` is one mapping that all of them share."""
    revision = revisions.current
    lock_conversations(conn, [one.conversation.key for one in messages])
    came = arrivals(conn, revision, messages, now=now)
    tickets = tickets_by_id(conn, [one.ticket_id for one in came if one.ticket_id is not None])
    clocks = _clocks_of(conn, [one.id for one in tickets.values()])
    load = load_of(conn)
    numbers = iter(take(conn, schema.ticket, sum(1 for one in came if _may_open(one, tickets))))

    def facts_of(arrival: Arrival) -> Facts:
        ticket = tickets.get(arrival.ticket_id) if arrival.ticket_id is not None else None
        return Facts(
            now=now,
            revision=revision,
            pinned=revisions.numbered(conn, ticket.revision) if ticket else revision,
            talk=arrival.talk,
            speaker=arrival.speaker,
            number=TicketId(next(numbers)) if _may_open(arrival, tickets) else TicketId(0),
            ticket=ticket,
            clocks=clocks.get(ticket.id, ()) if ticket else (),
            load=load,
        )

    return [facts_of(one) for one in came]


def facts_of_tickets(
    conn: Connection,
    revisions: Revisions,
    ids: Sequence[TicketId],
    *,
    now: Instant,
    is_whole: bool = False,
    is_locked: bool = False,
) -> dict[TicketId, Facts]:
    """Facts for tickets by id; ids that do not exist are left out. `is_whole` brings the clocks of the past as well."""
    if is_locked and conn.dialect.name != "sqlite":
        # The conversation first, as intake does it: two replicas never wait for each other in a circle.
        lock_conversations(conn, [row.key for row in rows_by_keys(conn, _TALKS_OF, ids)])
        rows_by_keys(conn, "SELECT id FROM ticket WHERE id IN {keys} ORDER BY id FOR UPDATE", ids)
    revision = revisions.current
    tickets = tickets_by_id(conn, ids)
    clocks = _clocks_of(conn, list(tickets), _ALL_CLOCKS if is_whole else _CLOCKS)
    talks = {row.talk_id: row for row in rows_by_keys(conn, _SPEAKERS, [one.conversation for one in tickets.values()])}
    load = load_of(conn)

    def facts_of(ticket: Ticket) -> Facts:
        row = talks[ticket.conversation]
        return Facts(
            now=now,
            revision=revision,
            pinned=revisions.numbered(conn, ticket.revision),
            talk=Talk(ticket.conversation, conversation_from_key(row.key), ContactId(row.id), row.rev),
            speaker=speaker_from_row(revision, row, is_verified=ticket.is_verified),
            number=ticket.id,
            ticket=ticket,
            clocks=clocks.get(ticket.id, ()),
            load=load,
        )

    return {ticket.id: facts_of(ticket) for ticket in tickets.values()}


def waiting_list(conn: Connection, line: LineId) -> list[TicketId]:
    """Open tickets of a line that nobody has, oldest first; as many as one shift can be given at once."""
    query = text("SELECT id FROM ticket WHERE line = :line AND assignee IS NULL AND " + OPEN + " ORDER BY id LIMIT 500")  # noqa: S608 - a condition of ours
    return [TicketId(number) for number in conn.execute(query, {"line": line}).scalars()]


def tickets_by_id(conn: Connection, ids: Sequence[int]) -> dict[int, Ticket]:
    """Tickets by id."""
    return {row.id: ticket_from_row(row) for row in rows_by_keys(conn, _TICKETS, ids)}


def ticket_from_row(row: Row[Any]) -> Ticket:
    """A stored ticket as a value."""
    return Ticket(
        id=TicketId(row.id),
        version=row.version,
        status=Status(row.status),
        conversation=ConversationId(row.conversation_id),
        contact=ContactId(row.contact_id),
        client=ClientId(row.client) if row.client else None,
        plan=PlanId(row.plan),
        policy=row.policy,
        revision=row.revision,
        urgency=row.urgency,
        kind=row.kind,
        channel=row.channel,
        subject=row.subject,
        assignee=PersonId(row.assignee) if row.assignee else None,
        rule=row.rule,
        is_verified=bool(row.is_verified),
        opened_at=row.opened_at,
        client_spoke_at=row.client_spoke_at,
        staff_spoke_at=row.staff_spoke_at,
        resolved_at=row.resolved_at,
        next_due=row.next_due,
        has_reply=bool(row.has_reply),
        unset_reply_at=row.unset_reply_at,
        is_unreadable=bool(row.is_unreadable),
    )


def load_of(conn: Connection) -> dict[PersonId, int]:
    """How many open tickets each person answers for. The caller may count on it: it is a fresh mapping."""
    return {PersonId(row.person): row.tickets for row in conn.exec_driver_sql("SELECT person, tickets FROM load")}


def lock_conversations(conn: Connection, keys: Sequence[str]) -> None:
    """Hold conversations until the transaction ends; also those that have no row yet. SQLite has one writer anyway."""
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql(_LOCK, (list(set(keys)),))


def _clocks_of(conn: Connection, ids: Sequence[int], query: str = _CLOCKS) -> Mapping[int, tuple[Clock, ...]]:
    clocks: dict[int, tuple[Clock, ...]] = {}
    for row in rows_by_keys(conn, query, ids):
        clocks[row.ticket_id] = (*clocks.get(row.ticket_id, ()), clock_from_json(json.loads(row.value)))
    return clocks


def _may_open(arrival: Arrival, tickets: Mapping[int, Ticket]) -> bool:
    ticket = tickets.get(arrival.ticket_id) if arrival.ticket_id is not None else None
    return ticket is None or not ticket.status.is_open
