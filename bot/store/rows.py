"""What decisions write, as rows by table, gathered for a whole batch before anything is sent.

All rows of a table name the same columns; a column that always holds its default is named by none.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic_core import to_json

from adapters.message import Attachment
from bot.store.delivery.told import (
    Row,
    calendar_rows,
    card_row,
    home_row,
    outbox_row,
    ping_rows,
    relay_row,
    say_to_json,
)
from bot.store.delivery.ways import Whereto
from bot.tickets.care.agreeing import agreed_to_text
from bot.tickets.facts import Decision, Facts, Heard, Ping, Relay, Say, ShowCard, TellCalendar
from bot.tickets.ladder.climbing import climbing_to_text
from bot.tickets.ticket import Ticket
from sla.clock import Clock, clock_to_json
from sla.duration import Instant


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
    moved: list[tuple[int, str, int]] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    alarms: dict[str, Row] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    load: Counter[str] = field(default_factory=Counter)
    parted: list[int] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    _standing: set[str] = field(default_factory=set)

    def gather(self, facts: Facts, decision: Decision) -> None:
        """Take what one decision changes."""
        ticket = decision.ticket
        if ticket is None:
            self._gather_talk(facts, decision, None, is_opened=False)
            return
        before = facts.ticket if facts.ticket is not None and facts.ticket.id == ticket.id else None
        is_current = ticket.status.is_open and (before is None or _is_current(facts, before, ticket))
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
        self.moved += [(ticket.id, metric, started_at) for metric, started_at in decision.moved]

    def _gather_wakes(self, ticket: Ticket, decision: Decision) -> None:
        for wake in decision.wakes:
            if wake.due_at is None:
                self.cleared.add(wake.owner)
                self.alarms.pop(wake.owner, None)
            else:
                ticket_id = None if wake.owner.startswith(("opening:", "shift:", "shift_end:")) else ticket.id
                self.alarms[wake.owner] = {"owner": wake.owner, "due_at": wake.due_at, "ticket_id": ticket_id}
                self.cleared.discard(wake.owner)

    def _gather_talk(self, facts: Facts, decision: Decision, ticket: Ticket | None, *, is_opened: bool) -> None:
        """Lines of the transcript take the conversation's next places; effects become rows of the outbox.

        Only a ticket that opens becomes the conversation's current one: a late word on an old ticket moves nothing.
        Of two tickets of one conversation in a batch the second goes on from where the first ended.
        """
        talk, ticket_id = facts.talk, ticket.id if ticket else None
        before = self.talks.get(talk.id) or {"rev": talk.rev, "ticket_id": talk.current}
        rev = before["rev"]
        if (heard := decision.heard) is not None:
            rev += 1
            self.attachments += [_attachment_row(len(self.messages), one) for one in heard.attachments]
            self.messages.append(self._line_heard(facts, heard, ticket_id, rev))
        told: list[ShowCard | Ping | Relay | TellCalendar] = []
        for effect in decision.effects:
            match effect:
                case Say():
                    rev += 1
                    self._say(facts, effect, ticket_id, rev)
                case _:
                    told.append(effect)
        self._tell(told, ticket, is_opened=is_opened)
        is_moved = ticket is not None and facts.ticket is not None and _moves_to(facts, facts.ticket, ticket)
        if rev != before["rev"] or is_opened:
            current = None if decision.is_parting else ticket_id if is_opened or is_moved else before["ticket_id"]
            self.talks[talk.id] = {"id": talk.id, "rev": rev, "ticket_id": current}
        if (is_opened and talk.rev) or is_moved:
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
            payload = say_to_json(say, facts.speaker.language)
            where = facts.talk.conversation
            row = outbox_row("", kind, where, ticket_id, say.author, self.recorded_at, payload=payload)
            row["message_id"] = place
            self.outbox.append(row)

    def _tell(
        self, told: Iterable[ShowCard | Ping | Relay | TellCalendar], ticket: Ticket | None, *, is_opened: bool
    ) -> None:
        """What our own people see of it. Whose card changes, their page does too."""
        pings = [one for one in told if isinstance(one, Ping)]
        rows = ping_rows(pings, self.whereto, ticket.id if ticket else None, self.recorded_at)
        self.outbox += rows
        calendars = [one for one in told if isinstance(one, Ping | TellCalendar)]
        self.outbox += calendar_rows(calendars, self.whereto, ticket.id if ticket else None, self.recorded_at)
        if ticket is None:
            return
        # Kept with the row: what was said under a message stays true of it, whoever has the ticket later.
        for row in rows:
            if row["person"] == ticket.assignee:
                row["payload"] = json.dumps({**json.loads(row["payload"]), "goes_out": True}, ensure_ascii=False)
        for place, one in enumerate(told):
            if isinstance(one, ShowCard):
                row = card_row(one, ticket, self.whereto, self.recorded_at)
                self._stands(row, is_new=is_opened)
                page = home_row(one.person, f"{ticket.id}:{ticket.version}", self.whereto, self.recorded_at)
                if page is not None:
                    self._stands(page, is_new=False)
            elif isinstance(one, Relay):
                relay = relay_row(one, ticket, place, self.whereto, self.recorded_at)
                self.outbox += [relay] if relay is not None else []

    def _stands(self, row: Row, *, is_new: bool) -> None:
        """A row of what is drawn when it leaves: one in its slot that waits already says it all."""
        if row["slot"] in self._standing:
            return
        self._standing.add(row["slot"])
        self.outbox.append(row)
        if not is_new:
            self.slots.append(row["slot"])


def _is_current(facts: Facts, ticket: Ticket, after: Ticket) -> bool:
    """Whether its own conversation's words go to it; what is said elsewhere changes nothing of that.

    Where it goes on in another one, it is that one's unless that has a ticket already.
    """
    if after.conversation != ticket.conversation:
        return _moves_to(facts, ticket, after)
    return facts.talk.current == ticket.id if facts.talk.id == ticket.conversation else ticket.is_current


def _moves_to(facts: Facts, before: Ticket, after: Ticket) -> bool:
    """Whether a ticket goes on in a conversation that has no other one, and so is what is talked about there."""
    return after.conversation != before.conversation and facts.talk.current in {None, before.id}


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
        "told_back_at": ticket.told_back_at,
        "told_due_at": ticket.told_due_at,
        "unset_reply_at": ticket.unset_reply_at,
        "next_due": ticket.next_due,
        "ladder": climbing_to_text(ticket.ladder) if ticket.ladder is not None else None,
        "merged_into": ticket.merged_into,
        "not_covered": ticket.not_covered,
        "passed_over": " ".join(ticket.passed_over) or None,
        "judged": ticket.judged or None,
        "snoozed_until": ticket.snoozed_until,
        "is_ahead": int(ticket.is_ahead),
        "same_as": ticket.same_as,
        "agreed": agreed_to_text(ticket.agreed),
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
