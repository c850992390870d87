"""What decisions write, as rows by table, gathered for a whole batch before anything is sent.

All rows of a table name the same columns; a column that always holds its default is named by none.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic_core import to_json

from adapters.message import Attachment, Conversation
from bot.tickets.facts import Decision, Facts, Heard, Ping, Say, ShowCard
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from sla.clock import Clock, clock_to_json
from sla.duration import Instant

Row = dict[str, Any]

#: Alerts before words to clients, words before cards: a card is drawn when it is sent, so it loses nothing by waiting.
PRIORITY: Final = {"alert": 0, "reply": 1, "auto": 1, "ping": 2, "card": 3}

#: What stands in a card's row when even its first showing mentions nobody.
QUIET: Final = "quiet"

#: Where a person of ours is reached; BOARD's own address where no channel of theirs is up.
Whereto = Callable[[PersonId], Conversation]


@dataclass(slots=True)
class Rows:
    """Rows by table. Until messages have ids, a `message_id` is a message's place among `messages`.

    `touched` are the columns in which any changed ticket differs from before: each costs the indexes it stands in.
    `slots` are those of cards that may be on their way already, `parted` conversations that had a current ticket.
    """

    recorded_at: Instant
    whereto: Whereto
    opened: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    touched: set[str] = field(default_factory=lambda: {"id", "version", "is_current"})
    talks: dict[int, Row] = field(default_factory=dict)
    messages: list[Row] = field(default_factory=list)
    attachments: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    clocks: dict[tuple[int, str, int], Row] = field(default_factory=dict)
    outbox: list[Row] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    alarms: dict[str, Row] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    load: Counter[str] = field(default_factory=Counter)
    parted: list[int] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)

    def gather(self, facts: Facts, decision: Decision) -> None:
        """Take what one decision changes."""
        ticket = decision.ticket
        if ticket is None:
            self._gather_talk(facts, decision, None, is_opened=False)
            return
        before = facts.ticket if facts.ticket is not None and facts.ticket.id == ticket.id else None
        is_current = ticket.status.is_open and (before is None or facts.talk.current == ticket.id)
        row = _ticket_row(ticket, is_current=is_current)
        if before is None:
            self.opened.append(row)
        else:
            was = _ticket_row(before, is_current=is_current)
            self.changed.append(row)
            self.touched.update(name for name, value in row.items() if value != was[name])
            if before.assignee is not None and before.status.is_open:
                self.load[before.assignee] -= 1
        if ticket.assignee is not None and ticket.status.is_open:
            self.load[ticket.assignee] += 1
        self._gather_talk(facts, decision, ticket, is_opened=before is None)
        self._gather_record(ticket, decision)
        self._gather_wakes(ticket, decision)

    def _gather_record(self, ticket: Ticket, decision: Decision) -> None:
        for note in decision.notes:
            self.notes.append(
                {"ticket_id": ticket.id, "author": note.author, "text": note.text, "at": self.recorded_at}
            )
        for event in decision.events:
            self.events.append(
                {
                    "ticket_id": ticket.id,
                    "what": event.what,
                    "by": event.by,
                    "why": event.why,
                    "particulars": json.dumps(dict(event.particulars)) if event.particulars else "{}",
                    "at": event.at,
                    "recorded_at": self.recorded_at,
                }
            )
        for clock in decision.clocks:
            self.clocks[ticket.id, clock.metric, clock.started_at] = _clock_row(ticket, clock)

    def _gather_wakes(self, ticket: Ticket, decision: Decision) -> None:
        for wake in decision.wakes:
            if wake.due_at is None:
                self.cleared.add(wake.owner)
                self.alarms.pop(wake.owner, None)
            else:
                ticket_id = None if wake.owner.startswith(("opening:", "shift:")) else ticket.id
                self.alarms[wake.owner] = {"owner": wake.owner, "due_at": wake.due_at, "ticket_id": ticket_id}
                self.cleared.discard(wake.owner)

    def _gather_talk(self, facts: Facts, decision: Decision, ticket: Ticket | None, *, is_opened: bool) -> None:
        """Lines of the transcript take the conversation's next places; effects become rows of the outbox.

        Only a ticket that opens becomes the conversation's current one: a late word on an old ticket moves nothing.
        """
        talk, ticket_id = facts.talk, ticket.id if ticket else None
        rev = talk.rev
        if (heard := decision.heard) is not None:
            rev += 1
            self.attachments += [_attachment_row(len(self.messages), one) for one in heard.attachments]
            self.messages.append(self._line_heard(facts, heard, ticket_id, rev))
        for effect in decision.effects:
            match effect:
                case Say():
                    rev += 1
                    self._say(facts, effect, ticket_id, rev)
                case ShowCard():
                    self._show_card(effect, ticket, is_opened=is_opened)
                case Ping():
                    self.outbox.append(ping_row(effect, self.whereto(effect.person), ticket_id, self.recorded_at))
        if rev != talk.rev or is_opened:
            current = None if decision.is_parting else ticket_id if is_opened else talk.current
            self.talks[talk.id] = {"id": talk.id, "rev": rev, "ticket_id": current}
        if is_opened and talk.rev:
            self.parted.append(talk.id)
        if decision.language:
            self.contacts.append({"id": facts.speaker.contact, "language": decision.language})

    def _line_heard(self, facts: Facts, heard: Heard, ticket_id: int | None, rev: int) -> Row:
        return {
            "key": heard.key,
            "ticket_id": ticket_id,
            "conversation_id": facts.talk.id,
            "rev": rev,
            "direction": "in",
            "kind": "message",
            "author": facts.speaker.name,
            "reply_kind": None,
            "text": heard.text,
            "at": heard.at,
            "recorded_at": self.recorded_at,
            "state": "received",
            "external_id": heard.external_id,
        }

    def _say(self, facts: Facts, say: Say, ticket_id: int | None, rev: int) -> None:
        place, kind = len(self.messages), say.kind.value
        self.attachments += [_attachment_row(place, one) for one in say.attachments]
        self.messages.append(
            {
                "key": say.key or None,
                "ticket_id": ticket_id,
                "conversation_id": facts.talk.id,
                "rev": rev,
                "direction": "out",
                "kind": kind,
                "author": say.author,
                "reply_kind": say.reply_kind,
                "text": say.text,
                "at": self.recorded_at if say.at is None else say.at,
                "recorded_at": self.recorded_at,
                "state": "sent" if say.is_said else "pending",
                "external_id": say.external_id or None,
            }
        )
        if not say.is_said:
            row = _outbox_row("", kind, kind, facts.talk.conversation, ticket_id, say.author, self.recorded_at)
            row["message_id"] = place
            self.outbox.append(row)

    def _show_card(self, card: ShowCard, ticket: Ticket | None, *, is_opened: bool) -> None:
        person, ticket_id, version = card.person, ticket.id if ticket else None, ticket.version if ticket else 0
        slot = f"card:{ticket_id}:{person}"
        where = self.whereto(person)
        row = _outbox_row(f"{slot}:{version}", "card", "card", where, ticket_id, person, self.recorded_at)
        row["slot"], row["payload"] = slot, QUIET if card.is_quiet else ""
        self.outbox.append(row)
        if not is_opened:
            self.slots.append(slot)


def ping_row(ping: Ping, where: Conversation, ticket_id: int | None, at: Instant) -> Row:
    """A message to one of our people as a row of the outbox; its key makes it go out once."""
    priority = "alert" if ping.is_alert else "ping"
    row = _outbox_row(ping.key, "ping", priority, where, ticket_id, ping.person, at)
    guard = {name: value for name, value in asdict(ping.guard).items() if value is not None}
    row["payload"], row["guard"] = ping_to_json(ping), json.dumps(guard) if guard else ""
    return row


def ping_to_json(ping: Ping) -> str:
    """What of a ping is kept in its row; `sending.ping_from_row` reads it back."""
    kept = {"title": ping.title, "lines": ping.lines, "quote": ping.quote, "actions": ping.actions}
    return json.dumps({**kept, "is_alert": ping.is_alert}, ensure_ascii=False)


def _ticket_row(ticket: Ticket, *, is_current: bool) -> Row:
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
        "is_current": int(is_current),
        "has_reply": int(ticket.has_reply),
        "opened_at": ticket.opened_at,
        "client_spoke_at": ticket.client_spoke_at,
        "staff_spoke_at": ticket.staff_spoke_at,
        "resolved_at": ticket.resolved_at,
        "reopened_at": ticket.reopened_at,
        "unset_reply_at": ticket.unset_reply_at,
        "next_due": ticket.next_due,
    }


def _clock_row(ticket: Ticket, clock: Clock) -> Row:
    return {
        "ticket_id": ticket.id,
        "metric": clock.metric.value,
        "started_at": clock.started_at,
        "state": clock.state.value,
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "satisfied_at": clock.satisfied_at,
        "value": to_json(clock_to_json(clock)).decode(),  # three times faster than the standard library
    }


def _attachment_row(place: int, one: Attachment) -> Row:
    return {
        "message_id": place,
        "name": one.name,
        "type": one.type,
        "size": one.size,
        "digest": one.digest,
        "note": one.note,
    }


def _outbox_row(
    key: str, what: str, priority: str, where: Conversation, ticket_id: int | None, person: str | None, at: Instant
) -> Row:
    return {
        "key": key,
        "channel": str(where.channel),
        "lane": where.key,
        "what": what,
        "ticket_id": ticket_id,
        "message_id": None,
        "person": person,
        "slot": None,
        "payload": "",
        "guard": "",
        "priority": PRIORITY[priority],
        "state": "pending",
        "not_before": at,
        "created_at": at,
        "error": "",
    }
