"""Calls as rows: what is booked, whose time it takes, how many of a kind a client has had.

The time of a call is held in pieces, one row each, so of two who want the same moment one has it, whichever process
they are served by.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, text

from bot.store.driver.bulk import insert_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_conversations
from bot.store.tables import call_schema
from bot.store.tables.schema import OPEN, is_one_of
from bot.tickets.calls.call import Call, CallState
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.calls import CELL, Busy, CallTerms, cells
from routing.people import ClientId, PersonId
from sla.duration import Instant, later

_LIVE: Final = is_one_of("state", call_schema.LIVE)
_BY_KEY: Final = "SELECT * FROM call WHERE key IN {keys} ORDER BY begins_at, key"
#: The merged tickets with calls, each beside every ticket that it went on as, until where the work is.
_GOES_ON: Final = """
WITH RECURSIVE goes_on (ticket_id, about) AS (
SELECT DISTINCT ticket.id, ticket.merged_into FROM call JOIN ticket ON ticket.id = call.ticket_id
WHERE ticket.merged_into IS NOT NULL
UNION SELECT goes_on.ticket_id, ticket.merged_into FROM goes_on JOIN ticket ON ticket.id = goes_on.about
WHERE ticket.merged_into IS NOT NULL)
"""
_MERGED: Final = f"""
{_GOES_ON} SELECT call.* FROM goes_on JOIN call ON call.ticket_id = goes_on.ticket_id WHERE goes_on.about IN {{keys}}
"""  # noqa: S608 - ours
_NEXT: Final = f"""
SELECT call.*, ticket.id AS about FROM call JOIN ticket ON ticket.id = call.ticket_id
WHERE call.ticket_id IN {{keys}} AND ticket.merged_into IS NULL AND {is_one_of("call.state", call_schema.LIVE)}
"""  # noqa: S608 - ours
_NEXT_MERGED: Final = f"""
{_GOES_ON} SELECT call.*, goes_on.about FROM goes_on JOIN call ON call.ticket_id = goes_on.ticket_id
JOIN ticket ON ticket.id = goes_on.about
WHERE goes_on.about IN {{keys}} AND ticket.merged_into IS NULL AND {is_one_of("call.state", call_schema.LIVE)}
"""  # noqa: S608 - ours
_OWN: Final = "SELECT * FROM call WHERE ticket_id IN {keys} ORDER BY begins_at, key"
_TALK: Final = f"""
SELECT ticket.id, conversation.id AS talk FROM conversation JOIN ticket ON ticket.id = conversation.ticket_id
WHERE conversation.key IN {{keys}} AND {is_one_of("ticket.status", OPEN)}
"""  # noqa: S608 - ours
_BY_UID: Final = text("SELECT * FROM call WHERE uid = :uid")
_BETWEEN: Final = text("SELECT * FROM call WHERE begins_at < :until AND ends_at > :since ORDER BY begins_at, key")
_UIDS: Final = text("SELECT uid FROM call WHERE begins_at < :until AND ends_at > :since")
_COUNT: Final = text("SELECT count(*) FROM call WHERE ticket_id = :ticket")
_FREE: Final = text("DELETE FROM call_cell WHERE call_cell.call = :key")
_HELD: Final = text("SELECT person, at FROM call_cell WHERE call_cell.call = :key")
_TAKEN: Final = text(
    "SELECT at FROM call_cell WHERE person = :person AND at >= :since AND at < :until AND call_cell.call <> :but "
    "ORDER BY at"
)
_THEIRS: Final = text(
    "SELECT begins_at, ends_at FROM call WHERE contact_id = :contact AND begins_at < :until "  # noqa: S608 - ours
    f"AND ends_at > :since AND key <> :but AND {_LIVE} ORDER BY begins_at"
)
_CONTACTS: Final = f"SELECT * FROM call WHERE contact_id IN {{keys}} AND {_LIVE} ORDER BY begins_at, key"  # noqa: S608 - ours
#: A call counts while it is to be held, once it was held, and when it was called off too late.
_USED: Final = text(
    "SELECT count(*) FROM call WHERE client = :client AND kind = :kind AND begins_at >= :since "  # noqa: S608 - ours
    f"AND begins_at < :until AND key <> :but AND ({_LIVE} OR state = 'done' OR state = 'no_show' OR is_late = 1)"
)


def numbered(conn: Connection, keys: Sequence[str]) -> list[Call]:
    """Calls by their keys, the soonest first."""
    return [_call(row) for row in rows_by_keys(conn, _BY_KEY, keys)]


def of_ticket(conn: Connection, ticket: TicketId) -> list[Call]:
    """Every call that is about a ticket or about one that was merged into it; the soonest first."""
    found = {row.key: _call(row) for query in (_OWN, _MERGED) for row in rows_by_keys(conn, query, [ticket])}
    return sorted(found.values(), key=lambda one: (one.begins_at, one.key))


def live_of_ticket(conn: Connection, ticket: TicketId) -> Call | None:
    """The call that is still to be held, if there is one."""
    return next((one for one in of_ticket(conn, ticket) if one.state.is_live), None)


#: What `next_of_tickets` asks of its tickets, for whoever asks it with other things.
NEXT_OF_TICKETS: Final = (_NEXT, _NEXT_MERGED)


def next_of_tickets(conn: Connection, tickets: Sequence[TicketId], *, now: Instant) -> dict[TicketId, Call]:
    """The next call of each ticket that has one ahead, those of what was merged into it among them."""
    found: dict[TicketId, Call] = {}
    rows = [row for query in NEXT_OF_TICKETS for row in rows_by_keys(conn, query, tickets)]
    for row in sorted(rows, key=lambda row: (row.begins_at, row.key)):
        call = _call(row)
        if call.is_ahead(now):
            found.setdefault(TicketId(row.about), call)
    return found


def live_of_talk(conn: Connection, key: str, contact: ContactId, *, now: Instant) -> Call | None:
    """The call that is still to be held about what is being talked about in the conversation of that key.

    One that is neither the contact's nor was booked there is not theirs to know of.
    """
    for row in rows_by_keys(conn, _TALK, [key]):
        theirs = (one for one in of_ticket(conn, TicketId(row.id)) if contact == one.contact or one.talk == row.talk)
        return next((one for one in theirs if one.is_ahead(now)), None)
    return None


def by_uid(conn: Connection, uid: str) -> Call | None:
    """The call that calendars know under this name."""
    row = conn.execute(_BY_UID, {"uid": uid}).first()
    return None if row is None else _call(row)


def between(conn: Connection, *, since: Instant, until: Instant, person: PersonId | None = None) -> list[Call]:
    """Calls that lie in a stretch of time, whatever became of them, the soonest first."""
    found = (_call(row) for row in conn.execute(_BETWEEN, {"since": since, "until": until}))
    return [one for one in found if person in {None, one.person}]


def busy_of(conn: Connection, person: PersonId, *, since: Instant, until: Instant, but: str = "") -> tuple[Busy, ...]:
    """What of a person's time calls take, the soonest first; `but` is the call that may give way to itself."""
    found: list[Busy] = []
    values = {"person": person, "since": since, "until": until, "but": but}
    for (at,) in conn.execute(_TAKEN, values):
        begins = found.pop().since if found and found[-1].until == at else at
        found.append(Busy(Instant(begins), later(Instant(at), CELL)))
    return tuple(found)


def busy_of_contact(
    conn: Connection, contact: ContactId, *, since: Instant, until: Instant, but: str = ""
) -> tuple[Busy, ...]:
    """When a contact has calls, with whomever and about whatever, the soonest first."""
    values = {"contact": contact, "since": since, "until": until, "but": but}
    return tuple(Busy(Instant(row.begins_at), Instant(row.ends_at)) for row in conn.execute(_THEIRS, values))


def ahead_of_contact(conn: Connection, contact: ContactId, *, now: Instant) -> list[Call]:
    """The calls of a contact that are still to be held, about whatever and booked wherever, the soonest first."""
    return [call for row in rows_by_keys(conn, _CONTACTS, [contact]) if (call := _call(row)).is_ahead(now)]


def is_in_another(conn: Connection, contact: ContactId, *, since: Instant, until: Instant, but: str = "") -> bool:
    """Whether a contact has a call then; nobody else books for them until we are done."""
    lock_conversations(conn, [f"calls of:{contact}"])
    return bool(busy_of_contact(conn, contact, since=since, until=until, but=but))


def uids(conn: Connection, *, since: Instant, until: Instant) -> frozenset[str]:
    """By which names calendars may know the calls of a stretch of time, whatever became of them."""
    return frozenset(conn.execute(_UIDS, {"since": since, "until": until}).scalars())


def used(conn: Connection, client: ClientId, kind: str, *, since: Instant, until: Instant, but: str = "") -> int:
    """How many calls of a kind a client has in a stretch of time; nobody else books for them until we are done."""
    lock_conversations(conn, [f"calls:{client}"])
    values = {"client": client, "kind": kind, "since": since, "until": until, "but": but}
    return int(conn.execute(_USED, values).scalar_one())


def fresh_names(conn: Connection, ticket: TicketId) -> tuple[str, str]:
    """The key of a ticket's next call, whose ticket is ours, and the name that calendars will know it by."""
    count = conn.execute(_COUNT, {"ticket": ticket}).scalar_one()
    return f"{ticket}.{count + 1}", f"{uuid.uuid4()}@maitred"


def put(conn: Connection, call: Call) -> None:
    """Keep a call as it is now."""
    flat = asdict(call)
    row = {
        "key": flat.pop("key"),
        "ticket_id": flat.pop("ticket"),
        "conversation_id": flat.pop("talk"),
        "contact_id": flat.pop("contact"),
        **flat,
        "state": call.state.value,
        "is_late": int(call.is_late),
        "is_invited": int(call.is_invited),
        "told": " ".join(sorted(call.told)),
    }
    upsert_many(conn, call_schema.call, [row])


def hold(conn: Connection, call: Call, terms: CallTerms) -> bool:
    """Take the time of a call, giving up what it had before; False, and it keeps that, where somebody has it."""
    before = [{"person": one.person, "at": one.at, "call": call.key} for one in conn.execute(_HELD, {"key": call.key})]
    release(conn, call.key)
    wanted = [{"person": call.person, "at": at, "call": call.key} for at in cells(terms, call.begins_at)]
    insert_many(conn, call_schema.call_cell, wanted, skip_existing=True)
    if len(conn.execute(_HELD, {"key": call.key}).all()) == len(wanted):
        return True
    release(conn, call.key)
    insert_many(conn, call_schema.call_cell, before)
    return False


def release(conn: Connection, key: str) -> None:
    """Give up the time of a call."""
    conn.execute(_FREE, {"key": key})


def _call(row: Any) -> Call:  # noqa: ANN401 - a row of either driver
    return Call(
        key=row.key,
        uid=row.uid,
        ticket=TicketId(row.ticket_id),
        talk=ConversationId(row.conversation_id),
        contact=ContactId(row.contact_id),
        client=ClientId(row.client),
        person=PersonId(row.person),
        kind=row.kind,
        state=CallState(row.state),
        begins_at=Instant(row.begins_at),
        ends_at=Instant(row.ends_at),
        zone=row.zone,
        language=row.language,
        by=row.by,
        agreed_at=Instant(row.agreed_at),
        sequence=row.sequence,
        placed=row.placed,
        url=row.url,
        waits_for=row.waits_for,
        accept_by=Instant(row.accept_by) if row.accept_by is not None else None,
        waived_by=row.waived_by,
        is_late=bool(row.is_late),
        is_invited=bool(row.is_invited),
        told=frozenset(row.told.split()),
        news=row.news,
    )
