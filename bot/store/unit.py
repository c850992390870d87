"""One transaction's worth of decisions, written as sets: a handful of statements however many decisions there are.

The caller owns the transaction. A ticket is written only over the version its decision was made from; StaleError says
that somebody was faster, and then nothing of the batch counts.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table

from adapters.message import Attachment, Conversation
from bot.store import schema
from bot.store.bulk import delete_many, insert_many, update_many, upsert_many
from bot.store.errors import StaleError
from bot.store.ids import take
from bot.store.look import rows_by_keys
from bot.store.plain import change
from bot.tickets.facts import Decision, Facts, Ping, Say, ShowCard
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from sla.clock import clock_to_json
from sla.duration import Instant

#: Alerts before words to clients, words before cards: a card is drawn when it is sent, so it loses nothing by waiting.
PRIORITY: Final = {"alert": 0, "reply": 1, "auto": 1, "ping": 2, "card": 3}

#: What stands in a card's row when even its first showing mentions nobody.
QUIET: Final = "quiet"

#: Where a person of ours is reached; BOARD's own address where no channel of theirs is up.
Whereto = Callable[[PersonId], Conversation]

_WAITING_CARDS = "SELECT slot FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed')"
#: Made once: `dumps` with separators of its own makes an encoder each time.
_COMPACT: Final = json.JSONEncoder(separators=(",", ":")).encode

_LOAD = """
INSERT INTO load (person, tickets) {rows}
ON CONFLICT (person) DO UPDATE SET tickets = load.tickets + excluded.tickets
"""
_LOAD_IN_SQLITE: Final = _LOAD.format(rows="VALUES (?, ?)")
_LOAD_IN_POSTGRES: Final = _LOAD.format(rows="SELECT * FROM unnest($1::text[], $2::bigint[])")
#: A ticket that was open before, as after `/new`, takes only what names it from here on.
_PARTED = "UPDATE ticket SET is_current = 0 WHERE conversation_id IN {keys} AND is_current = 1 RETURNING id"


@dataclass(slots=True)
class _Rows:
    """What one batch writes, gathered by table before anything is sent."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    talks: dict[int, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[tuple[int, Attachment]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    clocks: dict[tuple[int, str, int], dict[str, Any]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    load: Counter[str] = field(default_factory=Counter)
    parted: list[int] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)


def write(
    conn: Connection, decisions: Sequence[tuple[Facts, Decision]], *, recorded_at: Instant, whereto: Whereto
) -> None:
    """Write all of it. Facts and decisions come in pairs; a ticket or a conversation may stand in one pair only."""
    rows = _Rows()
    for facts, decision in decisions:
        _gather(rows, facts, decision, recorded_at, whereto)
    rows_by_keys(conn, _PARTED, rows.parted)
    insert_many(conn, schema.ticket, rows.opened)
    if update_many(conn, schema.ticket, rows.changed, versioned=True) != len(rows.changed):
        raise StaleError("a ticket changed while it was decided about")
    update_many(conn, schema.conversation, list(rows.talks.values()))
    update_many(conn, schema.contact, rows.contacts)
    message_ids = take(conn, schema.message, len(rows.messages))
    for row, fresh in zip(rows.messages, message_ids, strict=True):
        row["id"] = fresh
    insert_many(conn, schema.message, rows.messages)
    for row, place in zip((row for row in rows.outbox if row["message_id"] is not None), rows.said, strict=True):
        row["message_id"] = rows.messages[place]["id"]
        row["key"] = f"say:{row['message_id']}"
    _write_attachments(conn, rows)
    _numbered(conn, schema.note, rows.notes)
    _numbered(conn, schema.event, rows.events)
    upsert_many(conn, schema.clock, list(rows.clocks.values()))
    _numbered(conn, schema.outbox, _without_waiting_cards(conn, rows.outbox), skip_existing=True)
    upsert_many(conn, schema.alarm, list(rows.alarms.values()))
    delete_many(conn, schema.alarm, sorted(rows.cleared))
    add_load(conn, rows.load)


def write_ping(conn: Connection, ping: Ping, *, at: Instant, whereto: Whereto) -> None:
    """A message to one of our people that belongs to no ticket; its key makes it go out once."""
    row = {"key": ping.key, "slot": None, "payload": ping_to_json(ping), "guard": ""}
    priority = "alert" if ping.is_alert else "ping"
    where = whereto(ping.person)
    _numbered(conn, schema.outbox, [_outbox("ping", priority, row, where, None, ping.person, at)], skip_existing=True)


def add_load(conn: Connection, load: Counter[str]) -> None:
    """Add to how many open tickets each person has; in one order, so that two replicas never wait in a circle."""
    changes = [(person, count) for person, count in sorted(load.items()) if count]
    if not changes:
        return
    if conn.dialect.name == "sqlite":
        change(conn, _LOAD_IN_SQLITE, changes)
    else:
        change(conn, _LOAD_IN_POSTGRES, tuple(map(list, zip(*changes, strict=True))))


def ticket_row(facts: Facts, ticket: Ticket) -> dict[str, Any]:
    """A ticket as its row; `is_current` while it is open and its conversation's, which the unique index watches."""
    return {
        "id": ticket.id,
        "version": ticket.version,
        "status": ticket.status.value,
        "conversation_id": ticket.conversation,
        "contact_id": ticket.contact,
        "client": ticket.client,
        "plan": ticket.plan,
        "policy": ticket.policy,
        "revision": ticket.revision,
        "urgency": ticket.urgency,
        "kind": ticket.kind,
        "channel": str(ticket.channel),
        "subject": ticket.subject,
        "assignee": ticket.assignee,
        "rule": ticket.rule,
        "line": ticket.line,
        "is_verified": int(ticket.is_verified),
        "is_unreadable": int(ticket.is_unreadable),
        "is_current": int(ticket.status.is_open and (_is_new(facts, ticket) or facts.talk.current == ticket.id)),
        "has_reply": int(ticket.has_reply),
        "opened_at": ticket.opened_at,
        "client_spoke_at": ticket.client_spoke_at,
        "staff_spoke_at": ticket.staff_spoke_at,
        "resolved_at": ticket.resolved_at,
        "reopened_at": ticket.reopened_at,
        "unset_reply_at": ticket.unset_reply_at,
        "next_due": ticket.next_due,
    }


def _is_new(facts: Facts, ticket: Ticket) -> bool:
    return facts.ticket is None or facts.ticket.id != ticket.id


def _gather(rows: _Rows, facts: Facts, decision: Decision, recorded_at: Instant, whereto: Whereto) -> None:
    ticket = decision.ticket
    if ticket is not None:
        before = facts.ticket if facts.ticket is not None and facts.ticket.id == ticket.id else None
        (rows.changed if before else rows.opened).append(ticket_row(facts, ticket))
        for one, step in ((before, -1), (ticket, 1)):
            if one is not None and one.status.is_open and one.assignee is not None:
                rows.load[one.assignee] += step
    _gather_talk(rows, facts, decision, recorded_at, whereto)
    if ticket is None:
        return
    rows.notes += [
        {"ticket_id": ticket.id, "author": n.author, "text": n.text, "at": recorded_at} for n in decision.notes
    ]
    rows.events += [
        {
            "ticket_id": ticket.id,
            "what": event.what,
            "by": event.by,
            "why": event.why,
            "particulars": json.dumps(dict(event.particulars)) if event.particulars else "{}",
            "at": event.at,
            "recorded_at": recorded_at,
        }
        for event in decision.events
    ]
    for clock in decision.clocks:
        rows.clocks[ticket.id, clock.metric, clock.started_at] = {
            "ticket_id": ticket.id,
            "metric": clock.metric.value,
            "started_at": clock.started_at,
            "state": clock.state.value,
            "due_at": clock.due_at,
            "breached_at": clock.breached_at,
            "satisfied_at": clock.satisfied_at,
            "value": _COMPACT(clock_to_json(clock)),
        }
    for wake in decision.wakes:
        if wake.due_at is None:
            rows.cleared.add(wake.owner)
            rows.alarms.pop(wake.owner, None)
        else:
            ticket_id = None if wake.owner.startswith(("opening:", "shift:")) else ticket.id
            rows.alarms[wake.owner] = {"owner": wake.owner, "due_at": wake.due_at, "ticket_id": ticket_id}
            rows.cleared.discard(wake.owner)


def _gather_talk(rows: _Rows, facts: Facts, decision: Decision, recorded_at: Instant, whereto: Whereto) -> None:
    """Lines of the transcript take the conversation's next places; effects become rows of the outbox.

    Only a ticket that opens becomes the conversation's current one: a late word on an old ticket moves nothing.
    """
    ticket_id = decision.ticket.id if decision.ticket else None
    rev = facts.talk.rev
    if (heard := decision.heard) is not None:
        rev += 1
        for one in heard.attachments:
            rows.attachments.append((len(rows.messages), one))
        rows.messages.append(
            {
                "key": heard.key,
                "ticket_id": ticket_id,
                "conversation_id": facts.talk.id,
                "rev": rev,
                "direction": "in",
                "kind": "message",
                "author": facts.speaker.name,
                "text": heard.text,
                "at": heard.at,
                "recorded_at": recorded_at,
                "state": "received",
                "external_id": heard.external_id,
            }
        )
    for effect in decision.effects:
        match effect:
            case Say():
                rev += 1
                _say(rows, facts, effect, ticket_id, rev, recorded_at)
            case ShowCard(person, is_quiet):
                slot = f"card:{ticket_id}:{person}"
                version = decision.ticket.version if decision.ticket else 0
                payload = QUIET if is_quiet else ""
                row: dict[str, Any] = {"key": f"{slot}:{version}", "slot": slot, "payload": payload, "guard": ""}
                rows.outbox.append(_outbox("card", "card", row, whereto(person), ticket_id, person, recorded_at))
            case Ping():
                row = {"key": effect.key, "slot": None, "payload": ping_to_json(effect), "guard": _guard(effect)}
                priority = "alert" if effect.is_alert else "ping"
                where = whereto(effect.person)
                rows.outbox.append(_outbox("ping", priority, row, where, ticket_id, effect.person, recorded_at))
    is_opened = decision.ticket is not None and _is_new(facts, decision.ticket)
    if rev != facts.talk.rev or is_opened:
        current = None if decision.is_parting else ticket_id if is_opened else facts.talk.current
        rows.talks[facts.talk.id] = {"id": facts.talk.id, "rev": rev, "ticket_id": current}
    if is_opened and facts.talk.rev:
        rows.parted.append(facts.talk.id)
    if decision.language:
        rows.contacts.append({"id": facts.speaker.contact, "language": decision.language})


def _say(rows: _Rows, facts: Facts, say: Say, ticket_id: int | None, rev: int, recorded_at: Instant) -> None:
    place = len(rows.messages)
    rows.attachments += [(place, one) for one in say.attachments]
    rows.messages.append(
        {
            "key": say.key or None,
            "ticket_id": ticket_id,
            "conversation_id": facts.talk.id,
            "rev": rev,
            "direction": "out",
            "kind": say.kind.value,
            "author": say.author,
            "reply_kind": say.reply_kind,
            "text": say.text,
            "at": recorded_at if say.at is None else say.at,
            "recorded_at": recorded_at,
            "state": "sent" if say.is_said else "pending",
            "external_id": say.external_id or None,
        }
    )
    if not say.is_said:
        rows.said.append(place)
        row = {"key": "", "slot": None, "payload": "", "guard": "", "message_id": place}
        where = facts.talk.conversation
        rows.outbox.append(_outbox(say.kind.value, say.kind.value, row, where, ticket_id, say.author, recorded_at))


def _outbox(
    what: str,
    priority: str,
    row: dict[str, Any],
    where: Conversation,
    ticket_id: int | None,
    person: str | None,
    at: Instant,
) -> dict[str, Any]:
    return {
        "message_id": None,
        **row,
        "channel": str(where.channel),
        "lane": where.key,
        "what": what,
        "ticket_id": ticket_id,
        "person": person,
        "priority": PRIORITY[priority],
        "state": "pending",
        "attempts": 0,
        "not_before": at,
        "created_at": at,
        "error": "",
    }


def ping_to_json(ping: Ping) -> str:
    """What of a ping is kept in its row; `ping_from_json` in outgoing.py reads it back."""
    kept = {"title": ping.title, "lines": ping.lines, "quote": ping.quote, "actions": ping.actions}
    return json.dumps({**kept, "is_alert": ping.is_alert}, ensure_ascii=False)


def _guard(ping: Ping) -> str:
    held = {name: value for name, value in asdict(ping.guard).items() if value is not None}
    return json.dumps(held) if held else ""


def _without_waiting_cards(conn: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out cards that are on their way already: they are drawn when they leave, as things stand then."""
    slots = [row["slot"] for row in rows if row["slot"]]
    # Held until we are done, so that no replica draws one of them before it can see what we write.
    query = _WAITING_CARDS if conn.dialect.name == "sqlite" else f"{_WAITING_CARDS} FOR UPDATE"
    waiting = {row.slot for row in rows_by_keys(conn, query, slots)}
    return [row for row in rows if row["slot"] not in waiting]


def _numbered(conn: Connection, table: Table, rows: list[dict[str, Any]], *, skip_existing: bool = False) -> None:
    for row, fresh in zip(rows, take(conn, table, len(rows)), strict=True):
        row["id"] = fresh
    insert_many(conn, table, rows, skip_existing=skip_existing)


def _write_attachments(conn: Connection, rows: _Rows) -> None:
    _numbered(
        conn,
        schema.attachment,
        [
            {
                "message_id": rows.messages[place]["id"],
                "name": one.name,
                "type": one.type,
                "size": one.size,
                "digest": one.digest,
                "note": one.note,
            }
            for place, one in rows.attachments
        ],
    )
