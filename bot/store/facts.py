"""Loading what decisions look at, for a whole batch in a handful of indexed statements.

Runs inside the writing transaction, so that what was read is still so when the decision is written. On PostgreSQL the
conversations are locked: two replicas never decide about the same one at the same time.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, text

from adapters.message import Conversation, Identity, InboundMessage, conversation_from_key
from bot.store.channels.beside import just_opened_beside
from bot.store.delivery.failing import failing_places
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.high_load import loads, loads_and_numbers
from bot.store.people.arrivals import Arrival, arrivals, speaker_from_row
from bot.store.reading.references import references
from bot.store.revisions import Revisions
from bot.store.tables import schema
from bot.tickets.care.agreeing import agreed_from_text
from bot.tickets.decide_client import takes
from bot.tickets.facts import Facts, Talk
from bot.tickets.ladder.climbing import climbing_from_text
from bot.tickets.revision import Revision
from bot.tickets.ticket import ContactId, ConversationId, Status, Ticket, TicketId
from bot.tickets.words.decide_words import word_from_text
from routing.people import ClientId, LineId, PersonId, PlanId
from sla.clock import Clock, clock_from_json
from sla.duration import Instant, instant

OPEN = schema.is_one_of("status", schema.OPEN)
_WAITING = text(
    f"SELECT id FROM ticket WHERE line = :line AND id > :after AND assignee IS NULL AND {OPEN} ORDER BY id LIMIT :most"  # noqa: S608 - ours
)
_TICKETS = "SELECT * FROM ticket WHERE id IN {keys}"
_THEIRS = f"SELECT id FROM ticket WHERE assignee IN {{keys}} AND {OPEN} ORDER BY id"  # noqa: S608 - words of ours
_TOLD_LATER = text(f"SELECT id FROM ticket WHERE told_back_at > :at AND {OPEN} ORDER BY id")  # noqa: S608 - words of ours
_THEIRS_BEYOND = text(
    f"SELECT id FROM ticket WHERE assignee = :person AND id > :after AND {OPEN} ORDER BY id LIMIT :most"  # noqa: S608 - ours
)
#: Clocks that still owe something, and first responses, which tell whether one was ever owed.
_CLOCKS = """
SELECT ticket_id, value FROM clock WHERE ticket_id IN {keys}
AND (state IN ('running', 'paused', 'breached', 'stopped') OR metric = 'first_response') ORDER BY started_at
"""
_OWN = "SELECT id, client FROM contact WHERE id IN {keys}"
_ALL_CLOCKS = "SELECT ticket_id, value FROM clock WHERE ticket_id IN {keys} ORDER BY started_at"
_TALKS_OF = """
SELECT conversation.key FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE ticket.id IN {keys}
"""
#: Whose ticket it is speaks, which in a group need not be whoever wrote there first.
_SPEAKERS = """
SELECT ticket.id AS about, conversation.key, conversation.rev, conversation.ticket_id AS current, contact.id,
CASE WHEN ticket.is_verified = 1 THEN ticket.client ELSE contact.client END AS client, contact.name, contact.language,
contact.zone FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
JOIN contact ON contact.id = ticket.contact_id WHERE ticket.id IN {keys}
"""
#: What `facts_of_tickets` asks of tickets that are wanted whole, for whoever asks it with other things.
WHOLE_TICKETS = (_TICKETS, _ALL_CLOCKS, _SPEAKERS)

#: In one order everywhere, so that two replicas never wait for each other in a circle.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(lane, 0)) FROM (SELECT unnest($1::text[]) AS lane ORDER BY 1) AS lanes
"""


def facts_of_messages(
    conn: Connection,
    revisions: Revisions,
    messages: Sequence[InboundMessage],
    *,
    now: Instant,
    is_ours: Callable[[Identity], object] = lambda _: None,
) -> list[Facts]:
    """Facts for messages of different conversations, in their order. `load` is one mapping that all of them share.

    Whoever `is_ours` opens no ticket, so none of their messages takes a number.
    """
    revision = revisions.current
    lock_conversations(conn, [one.conversation.key for one in messages])
    came = just_opened_beside(conn, revision, messages, arrivals(conn, revision, messages, now=now))
    named = references(conn, messages, came)
    tickets = _going_on(
        conn, tickets_by_id(conn, sorted({one for one in (*named, *(it.talk.current for it in came)) if one}))
    )
    by_place = _by_place(conn, revision, messages, came, tickets)
    belonging = [
        _belonging(revision, one, arrival, tickets, reference, by_place, is_ours=is_ours(one.sender) is not None)
        for one, arrival, reference in zip(messages, came, named, strict=True)
    ]
    clocks = _clocks_of(conn, [one.id for one in belonging if one is not None])
    may_open = [
        not is_ours(one.sender) and _may_open(revision, one, ticket)
        for one, ticket in zip(messages, belonging, strict=True)
    ]
    load, high, fresh = loads_and_numbers(conn, sum(may_open))
    numbers = iter(fresh)

    def facts_of(arrival: Arrival, ticket: Ticket | None, *, opens: bool) -> Facts:
        return Facts(
            now=now,
            revision=revision,
            pinned=revisions.numbered(conn, ticket.revision) if ticket else revision,
            talk=arrival.talk,
            speaker=arrival.speaker,
            number=next(numbers) if opens else TicketId(0),
            ticket=ticket,
            clocks=clocks.get(ticket.id, ()) if ticket else (),
            load=load,
            high_load=high,
        )

    return [
        facts_of(arrival, ticket, opens=opens) for arrival, ticket, opens in zip(came, belonging, may_open, strict=True)
    ]


def facts_of_tickets(
    conn: Connection,
    revisions: Revisions,
    ids: Sequence[TicketId],
    *,
    now: Instant,
    is_whole: bool = False,
    is_locked: bool = False,
    has_load: bool = True,
) -> dict[TicketId, Facts]:
    """Facts for tickets by id; ids that do not exist are left out. `is_whole` brings the clocks of the past as well.

    Whoever only draws them needs no load: they are not `has_load`, and nothing may be decided by them.
    """
    if is_locked:
        lock_tickets(conn, ids)
    revision = revisions.current
    tickets = tickets_by_id(conn, ids)
    clocks = _clocks_of(conn, list(tickets), _ALL_CLOCKS if is_whole else _CLOCKS)
    talks = {row.about: row for row in rows_by_keys(conn, _SPEAKERS, list(tickets))}
    places = failing_places(conn, [conversation_from_key(row.key) for row in talks.values()])
    if not tickets:
        return {}
    load, high = loads(conn) if has_load else ({}, frozenset())

    def facts_of(ticket: Ticket) -> Facts:
        row = talks[ticket.id]
        current = TicketId(row.current) if row.current is not None else None
        return Facts(
            now=now,
            revision=revision,
            pinned=revisions.numbered(conn, ticket.revision),
            talk=Talk(ticket.conversation, conversation_from_key(row.key), ContactId(row.id), row.rev, current),
            speaker=speaker_from_row(revision, row, is_verified=ticket.is_verified),
            number=ticket.id,
            ticket=ticket,
            clocks=clocks.get(ticket.id, ()),
            load=load,
            high_load=high,
            failing=places.get(row.key, ""),
        )

    return {ticket.id: facts_of(ticket) for ticket in tickets.values()}


#: As many tickets of a waiting list as are given out in one transaction.
AT_ONCE = 500


def waiting_list(conn: Connection, line: LineId, *, after: TicketId) -> list[TicketId]:
    """Open tickets of a line that nobody has, beyond the one named, oldest first; as many as are given out at once."""
    wanted = {"line": line, "after": after, "most": AT_ONCE}
    return [TicketId(number) for number in conn.execute(_WAITING, wanted).scalars()]


def tickets_of(conn: Connection, people: Sequence[PersonId]) -> list[TicketId]:
    """Open tickets that these people have, oldest first."""
    return [TicketId(row.id) for row in rows_by_keys(conn, _THEIRS, people)]


def told_later(conn: Connection, at: Instant) -> list[TicketId]:
    """Open tickets whose clients were told to expect somebody at a moment beyond this one, oldest first."""
    return [TicketId(number) for number in conn.execute(_TOLD_LATER, {"at": at}).scalars()]


def tickets_beyond(conn: Connection, person: PersonId, *, after: TicketId, most: int) -> list[TicketId]:
    """The next open tickets that somebody has, beyond the one named, oldest first."""
    wanted = {"person": person, "after": after, "most": most}
    return [TicketId(number) for number in conn.execute(_THEIRS_BEYOND, wanted).scalars()]


def tickets_by_id(conn: Connection, ids: Sequence[int]) -> dict[int, Ticket]:
    """Tickets by id."""
    return {row.id: ticket_from_row(row) for row in rows_by_keys(conn, _TICKETS, ids)}


def _going_on(conn: Connection, tickets: dict[int, Ticket]) -> dict[int, Ticket]:
    """The tickets with those that merged ones among them go on as."""
    while missing := {one.merged_into for one in tickets.values() if one.merged_into is not None} - tickets.keys():
        tickets |= tickets_by_id(conn, sorted(missing))
    return tickets


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
        line=LineId(row.line),
        is_verified=bool(row.is_verified),
        opened_at=row.opened_at,
        client_spoke_at=row.client_spoke_at,
        staff_spoke_at=row.staff_spoke_at,
        resolved_at=row.resolved_at,
        reopened_at=row.reopened_at,
        told_back_at=row.told_back_at,
        told_due_at=row.told_due_at,
        next_due=row.next_due,
        has_reply=bool(row.has_reply),
        unset_reply_at=row.unset_reply_at,
        is_unreadable=bool(row.is_unreadable),
        ladder=climbing_from_text(row.ladder) if row.ladder else None,
        is_current=bool(row.is_current),
        merged_into=TicketId(row.merged_into) if row.merged_into is not None else None,
        not_covered=row.not_covered,
        passed_over=tuple(map(PersonId, (row.passed_over or "").split())),
        judged=row.judged or "",
        snoozed_until=row.snoozed_until,
        is_ahead=bool(row.is_ahead),
        same_as=TicketId(row.same_as) if row.same_as is not None else None,
        agreed=agreed_from_text(row.agreed) if row.agreed else (),
    )


def load_of(conn: Connection) -> dict[PersonId, int]:
    """How many open tickets each person answers for. The caller may count on it: it is a fresh mapping."""
    return {PersonId(row.person): row.tickets for row in rows_of(conn, "SELECT person, tickets FROM load")}


def lock_tickets(conn: Connection, ids: Sequence[int]) -> None:
    """Hold tickets until the transaction ends, their conversations first, as intake does: nobody waits in a circle."""
    if conn.dialect.name != "sqlite":
        lock_conversations(conn, [row.key for row in rows_by_keys(conn, _TALKS_OF, ids)])
        rows_by_keys(conn, "SELECT id FROM ticket WHERE id IN {keys} ORDER BY id FOR UPDATE", ids)


def lock_conversations(conn: Connection, keys: Sequence[str]) -> None:
    """Hold conversations until the transaction ends; also those that have no row yet. SQLite has one writer anyway."""
    if conn.dialect.name != "sqlite":
        rows_of(conn, _LOCK, (list(set(keys)),))


def _clocks_of(conn: Connection, ids: Sequence[int], query: str = _CLOCKS) -> Mapping[int, tuple[Clock, ...]]:
    clocks: dict[int, tuple[Clock, ...]] = {}
    for row in rows_by_keys(conn, query, ids):
        clocks[row.ticket_id] = (*clocks.get(row.ticket_id, ()), _clock_from_text(row.value))
    return clocks


@lru_cache(maxsize=2_048)
def _clock_from_text(text: str) -> Clock:
    """A clock as it was written; the one a client is talking about is read with every word, so it is kept."""
    return clock_from_json(json.loads(text))


def _belonging(
    revision: Revision,
    message: InboundMessage,
    arrival: Arrival,
    tickets: Mapping[int, Ticket],
    reference: TicketId | None,
    by_place: Collection[int],
    *,
    is_ours: bool,
) -> Ticket | None:
    """The ticket a message names while that still takes messages, else the conversation's current one.

    In a suspended place nobody but our own people goes on with what a client said there while it was theirs; in one
    that the desk directory has taken from the client nobody else either, but the client's own contacts where it is
    nobody's now; nor does somebody in a place of their own who was taken for one of a client's people, and is not any
    more. `by_place`: see there.
    """
    named = tickets.get(reference) if reference is not None else None
    while named is not None and named.merged_into is not None:
        named = tickets.get(named.merged_into)
    current = tickets.get(arrival.talk.current) if arrival.talk.current is not None else None
    where = message.conversation
    is_suspended = (str(where.channel), where.place) in revision.suspended
    is_own = where.place == message.sender.address and message.vouched is None
    if not is_ours and (is_suspended or (is_own and not arrival.speaker.is_verified)):
        named, current = (None if one is None or one.is_verified else one for one in (named, current))
    if not is_ours:
        named, current = (
            None if one is None or _is_taken(revision, where, arrival, one, by_place) else one
            for one in (named, current)
        )
    if named is not None and takes(revision, named, at=instant(message.at)):
        return named
    return current


def _is_taken(
    revision: Revision, where: Conversation, arrival: Arrival, ticket: Ticket, by_place: Collection[int]
) -> bool:
    """Whether a ticket is a client's, the speaker is none of theirs, and the place was the client's and is no more."""
    if not ticket.is_verified or arrival.speaker.client == ticket.client:
        return False
    if (where.channel, where.place) not in revision.owners:
        return ticket.id in by_place
    return revision.is_anothers(ticket.client, where.channel, where.place)


def _by_place(
    conn: Connection,
    revision: Revision,
    messages: Sequence[InboundMessage],
    came: Sequence[Arrival],
    tickets: Mapping[int, Ticket],
) -> Collection[int]:
    """Of these tickets, those that are a client's because of the place where they began, not because of who wrote.

    Looked for only where somebody writes in a place that several share and that is nobody's.
    """
    shared = (
        arrival
        for one, arrival in zip(messages, came, strict=True)
        if one.conversation.place != one.sender.address
        and (one.conversation.channel, one.conversation.place) not in revision.owners
    )
    if not any(arrival.talk.current is not None for arrival in shared):
        return ()
    verified = [one for one in tickets.values() if one.is_verified]
    clients = {row.id: row.client for row in rows_by_keys(conn, _OWN, sorted({one.contact for one in verified}))}
    return [one.id for one in verified if clients.get(one.contact) != one.client]


def _may_open(revision: Revision, message: InboundMessage, ticket: Ticket | None) -> bool:
    """Whether a message may need a number of its own; on PostgreSQL one that is taken for nothing leaves a gap."""
    word = word_from_text(message.text, channel=message.conversation.channel)
    if word is not None and (word.name != "urgent" or not word.rest):
        return word.name == "new" and bool(word.rest)
    return ticket is None or not takes(revision, ticket, at=instant(message.at))
