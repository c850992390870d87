"""By when the client was told that they have an answer: where that is later now, they hear the new moment once.

What is earlier is not said: they will see. A client who was told no moment, or has their answer, hears nothing. While
we wait for a third party no moment stands; as it goes on, the one that was said either holds or is put right. A
question of ours takes back what was said: they know that we wait for them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.facts import Event, Facts, MessageKind, Say
from bot.tickets.receipts import is_silent
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status, Ticket, number
from sla.clock import Clock, PauseReason, State, is_owing
from sla.duration import Instant
from sla.policy import Metric

#: What a client is told the moment of.
PROMISED: Final = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE})
#: It may yet go on as if nothing had been.
_MAY_GO_ON: Final = frozenset({Status.SPAM, Status.MERGED})


def told_of(facts: Facts, clocks: Sequence[Clock]) -> Instant | None:
    """By when a client is told now that they have an answer: no moment that is over is told as one to come."""
    due = _answer_due(clocks)
    return due if due is not None and due > facts.now else None


def later_due(facts: Facts, ticket: Ticket, clocks: Sequence[Clock], speak: Texts) -> Instant | None:
    """The moment that the client must hear of, because they were told an earlier one."""
    told, due = ticket.told_due_at, told_of(facts, clocks)
    if told is None or due is None or due <= told:
        return None
    is_over = not ticket.status.is_open or ticket.not_covered is not None
    # Some seconds are no other moment to whoever reads it.
    is_same = speak.moment(due, now=facts.now) == speak.moment(told, now=facts.now)
    return None if is_over or is_same or is_silent(facts) else due


def put_right(
    facts: Facts, ticket: Ticket, clocks: Sequence[Clock], speak: Texts
) -> tuple[Ticket, tuple[Event, ...], tuple[Say, ...]]:
    """The ticket with what its client knows of the moment, and what they hear where it is later than they were told."""
    if ticket.told_due_at is not None and not _stands(facts, ticket, clocks):
        return replace(ticket, told_due_at=None), (), ()
    due = later_due(facts, ticket, clocks, speak)
    if due is None:
        return ticket, (), ()
    said = speak("due_later", number=number(ticket.id), due=speak.moment(due, now=facts.now))
    event = Event("due_told", facts.now, "desk", "", {"due_at": due})
    return replace(ticket, told_due_at=due), (event,), (Say(said, MessageKind.AUTO),)


def _answer_due(clocks: Sequence[Clock]) -> Instant | None:
    """By when the client has an answer as things stand; None where none is owed, or nobody counts just now."""
    running = (one.due_at for one in clocks if one.metric in PROMISED and one.state is State.RUNNING)
    return min((at for at in running if at is not None), default=None)


def _stands(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> bool:
    """Whether the promise that the client was told the moment of is owed still, and by us."""
    owed = [one for one in clocks if one.metric in PROMISED and one.state in {State.RUNNING, State.PAUSED}]
    if any(one.pause_reason is PauseReason.DETAILS_MISSING for one in owed):
        return False
    known = facts.ticket
    if known is None or known.told_due_at != ticket.told_due_at:
        return True  # it was said just now
    if not _MAY_GO_ON.isdisjoint((known.status, ticket.status)):
        return True
    before = {one.metric: one.started_at for one in facts.clocks if one.metric in PROMISED and is_owing(one)}
    return any(one.metric in before and one.started_at <= before[one.metric] for one in owed)
